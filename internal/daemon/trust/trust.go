// Package trust keeps what the user has decided about projects: allow and deny, one file per
// project, outside the projects.
//
// Goroutines: none.
//
// Locks: Store.mu, taken alone. It is held from reading a decision to having written the next
// one, so that two of them cannot both start from the same record and the later one wipe out the
// earlier. Decide takes no lock: a file is replaced as a whole, so it reads the old decision or the
// new one, and the prompt of one project never waits for the disk that another is being allowed on.
// Between processes nothing is needed: only the daemon writes here, and there is one.
package trust

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/paths"
)

// Decision is what holds for a project's present content.
type Decision string

const (
	Unknown Decision = "unknown" // never decided
	Changed Decision = "changed" // other content was allowed
	Allowed Decision = "allowed"
	Denied  Decision = "denied"
)

// remembered is how many approved contents of a project stay valid, so that going back and forth
// between branches asks for nothing.
const remembered = 5

const schema = 1

// Approval is one content that was allowed.
type Approval struct {
	Digest string    `json:"digest"`
	Time   time.Time `json:"time"`
	// Services are name → command, to show later what changed.
	Services map[string]bytestr.String `json:"services"`
	// Dangers are the names in .env that decide which program runs.
	Dangers []string `json:"env_names,omitempty"`
	// Marks are a hash, never the value, of each decisive entry of .env and each key of
	// locald.toml, to show later which of them changed. An approval of an older version has none.
	// Only the latest keeps them: nothing is compared with another.
	Marks map[string]string `json:"marks,omitzero"`
}

type record struct {
	Schema   int            `json:"schema"`
	Root     bytestr.String `json:"root"`
	Denied   bool           `json:"denied,omitempty"`
	Approved []Approval     `json:"approved,omitempty"` // the latest last
}

// Store is the directory of decisions.
type Store struct {
	dir string
	mu  sync.Mutex // held while a decision is read, changed and written
}

// NewStore uses dir, which must exist.
func NewStore(dir string) *Store { return &Store{dir: dir} }

// Decide says what holds for content with the given digest. last is the approval that was given
// last, nil where there is none.
func (s *Store) Decide(key, root, digest string) (d Decision, last *Approval, err error) {
	r, err := s.load(key, root)
	if err != nil {
		return Unknown, nil, err
	}
	if n := len(r.Approved); n > 0 {
		last = &r.Approved[n-1]
	}
	switch {
	case r.Denied:
		return Denied, last, nil
	case slices.ContainsFunc(r.Approved, func(a Approval) bool { return a.Digest == digest }):
		return Allowed, last, nil
	case last != nil:
		return Changed, last, nil
	}
	return Unknown, nil, nil
}

// Allow approves one content and lifts a denial.
func (s *Store) Allow(key, root string, a Approval) error {
	return s.change(key, root, func(r *record) {
		r.Denied = false
		same := func(o Approval) bool { return o.Digest == a.Digest }
		r.Approved = slices.DeleteFunc(r.Approved, same)
		for i := range r.Approved {
			r.Approved[i].Marks = nil
		}
		r.Approved = append(r.Approved, a)
		if extra := len(r.Approved) - remembered; extra > 0 {
			r.Approved = r.Approved[extra:]
		}
	})
}

// Deny refuses the project whatever its content, until Allow. It forgets what was allowed before:
// who lifts the denial looks at one content and approves that one only.
func (s *Store) Deny(key, root string) error {
	return s.change(key, root, func(r *record) { r.Denied, r.Approved = true, nil })
}

// change replaces a decision by one that is made from it.
func (s *Store) change(key, root string, how func(*record)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.load(key, root)
	if err != nil {
		return err
	}
	how(&r)
	return s.save(key, r)
}

// Forget drops what was decided. It takes the lock too: an Allow that has read the file before
// would otherwise bring it back.
func (s *Store) Forget(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := atomicfile.Remove(s.path(key)); err != nil {
		return fmt.Errorf("cannot forget the decision: %w", err)
	}
	return nil
}

func (s *Store) path(key string) string { return filepath.Join(s.dir, key+".json") }

// load reads the decision about root. The directory is checked each time: who can write there
// could approve anything. A file that names another root, or makes no sense, decides nothing and is
// reported.
func (s *Store) load(key, root string) (record, error) {
	fresh := record{Schema: schema, Root: bytestr.String(root)}
	if err := paths.CheckPrivate(s.dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) { // removed: nothing is decided
			return fresh, nil
		}
		return fresh, err
	}
	data, err := os.ReadFile(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return fresh, fmt.Errorf("cannot read what is allowed: %w", err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil || r.Schema != schema || string(r.Root) != root {
		return fresh, fmt.Errorf("cannot read what is allowed: %s is damaged or was written by "+
			"another version; remove it and run: locald allow", s.path(key))
	}
	return r, nil
}

func (s *Store) save(key string, r record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot record the decision: %w", err)
	}
	return atomicfile.Write(s.path(key), append(data, '\n'))
}
