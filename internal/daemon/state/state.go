// Package state keeps the record of each project: what is wanted, which ports it has, which runs
// are alive. The record is what a daemon knows after its predecessor died, so it is written before
// a service is let go.
//
// Goroutines and locks: none. Load comes first and alone; after it, records of different projects
// may be saved at a time, and each project sees to it that its own is not.
package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/procid"
)

// Schema is the version of Record. A record with a higher one is refused: a newer locald wrote it
// and may mean something else.
const Schema = 1

// Record is one project on disk. It holds no value of an environment but those of the names that
// Keep admits. The names in JSON are for ever, whatever the fields are called here.
type Record struct {
	Schema  int            `json:"schema"`
	Root    bytestr.String `json:"root"` // canonical
	Name    string         `json:"name"` // as shown
	Wanted  []string       `json:"wanted,omitempty"`
	Entered []string       `json:"entered,omitempty"` // those of Wanted that nobody started by hand
	// EmptySince is when the last shell left; absent while one is there.
	EmptySince time.Time `json:"deserted,omitzero"`
	HeldDown   []string  `json:"held,omitempty"`
	// Formation is how many instances of a line of the Procfile somebody asked for, where that is
	// another number than the files say.
	Formation map[string]int  `json:"formation,omitempty"`
	Consent   string          `json:"consent,omitempty"` // digest that a person started by hand
	Ports     map[string]int  `json:"ports,omitempty"`
	LastRun   map[string]int  `json:"last_run,omitempty"`
	Listens   map[string]bool `json:"listens,omitempty"` // its last run listened on its port
	Runs      map[string]Run  `json:"runs,omitempty"`    // alive when this was written
	// Elsewhere are runs that belong to a daemon in another container or on another machine.
	Elsewhere []Elsewhere      `json:"elsewhere,omitempty"`
	Shells    []Shell          `json:"shells,omitempty"`
	Env       []bytestr.String `json:"env,omitempty"`
}

// Run is one live run of a service.
type Run struct {
	Number   int              `json:"number"`
	Leader   procid.Identity  `json:"leader"` // its PID is also its session
	Marker   string           `json:"marker"`
	Terminal string           `json:"terminal,omitempty"`
	Pipes    []string         `json:"pipes,omitempty"`
	Listener *procid.Identity `json:"listener,omitempty"`
	Machine  string           `json:"machine,omitempty"` // as in procid.Place
	Host     string           `json:"host,omitempty"`
	Daemon   procid.Identity  `json:"daemon,omitzero"` // which started it
}

// Shell is one live shell in the project.
type Shell = procid.Identity

// Trouble is a record that could not be used. The sentence says what became of it.
type Trouble struct{ Slug, Sentence string }

// Store is the directory of records. Load is called before anything else, and once.
type Store struct {
	dir   string
	newer map[string]string // slug of a record that is not ours to replace → why; set by Load
}

// NewStore uses dir, which must exist.
func NewStore(dir string) *Store { return &Store{dir: dir, newer: make(map[string]string)} }

// Save replaces a project's record. slug names the file.
func (s *Store) Save(slug string, r Record) error {
	if why, is := s.newer[slug]; is {
		return fmt.Errorf("cannot record %s: %s", r.Name, why)
	}
	r.Schema = Schema
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot record %s: %w", r.Name, err)
	}
	return atomicfile.Write(s.path(slug), append(data, '\n'))
}

// Delete forgets a project.
func (s *Store) Delete(slug string) error {
	if err := atomicfile.Remove(s.path(slug)); err != nil {
		return fmt.Errorf("cannot forget the record: %w", err)
	}
	return nil
}

func (s *Store) path(slug string) string { return filepath.Join(s.dir, slug+".json") }

// Load reads every record. One that cannot be read is set aside under a name ending in ".bad" and
// reported; one of a newer locald is left where it is and reported. Neither costs the others.
func (s *Store) Load() (map[string]Record, []Trouble, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the records: %w", err)
	}
	records := make(map[string]Record)
	var troubles []Trouble
	for _, e := range entries {
		if atomicfile.Unfinished(e.Name()) {
			os.Remove(filepath.Join(s.dir, e.Name())) // no second daemon writes here
			continue
		}
		slug, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		r, trouble := s.load(slug)
		if trouble != nil {
			troubles = append(troubles, Trouble{slug, trouble.Error()})
			continue
		}
		records[slug] = r
	}
	return records, troubles, nil
}

func (s *Store) load(slug string) (Record, error) {
	path := s.path(slug)
	data, err := os.ReadFile(path)
	if err != nil {
		return Record{}, fmt.Errorf("cannot read the record %s: %w", path, err)
	}
	var r Record
	err = json.Unmarshal(data, &r)
	if r.Schema > Schema { // also where the rest has a shape that this locald does not know
		err := fmt.Errorf("the record %s was written by a newer locald (schema %d, this one knows "+
			"%d): it is left alone; update locald", path, r.Schema, Schema)
		s.newer[slug] = err.Error()
		return Record{}, err
	}
	if why := unusable(r, err); why != nil {
		return Record{}, s.setAside(path, why)
	}
	return r, nil
}

// unusable says why a record cannot be relied on.
func unusable(r Record, parse error) error {
	switch {
	case parse != nil:
		return errors.New("it is not the JSON of a record")
	case r.Schema < 1:
		return errors.New("it has no schema number")
	case !filepath.IsAbs(string(r.Root)):
		return errors.New("its root is not an absolute path")
	}
	return nil
}

// setAside keeps the bytes for whoever wants to look, under a name that no later Load reads: the
// project goes on without a past, which is better than not at all.
func (s *Store) setAside(path string, why error) error {
	aside := path + ".bad"
	if err := os.Rename(path, aside); err != nil {
		return fmt.Errorf("cannot read the record %s: %w; and cannot move it away: %w",
			path, why, err)
	}
	return fmt.Errorf("cannot read the record %s: %w; it was moved to %s",
		path, why, filepath.Base(aside))
}
