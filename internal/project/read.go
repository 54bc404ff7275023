package project

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/writers"
)

// maxFileSize in bytes of a project's files. What is in them is parsed at every cd, and shown,
// compared and sent as a whole, and none of that may cost a request more than 50 ms.
const maxFileSize = 100 << 10

const tomlName = "locald.toml"

// envNames in the order in which they are read; the later one wins.
var envNames = []string{".env", ".env.local"}

// source is one file of a project, read once.
type source struct {
	name    string // relative to the root
	present bool
	text    []byte
}

// Files are the bytes of a project's files. What is hashed, compared and run are these bytes: no
// path is opened twice.
type Files struct {
	root string // canonical
	// What decides what runs: Procfile.dev, Procfile, locald.toml, as in the digest.
	manifest []source
	env      []dotenv // .env, .env.local

	once    sync.Once // for what the manifest says, or why it is refused
	parsed  *Spec
	refused error

	judging sync.Once // for what decides, which the digest and the review both ask
	judged  decisions

	listing  sync.Once
	approved []Approved
}

// Read opens root's files for user uid. It refuses what somebody else could have written, with an
// error that is ErrUnsafe; a directory without a Procfile is ErrNoProcfile.
func Read(root string, uid int) (*Files, error) {
	canonical, err := Canonical(root)
	if err != nil {
		return nil, err
	}
	r := reader{root: canonical, owner: ownerOf(uid)}
	if err := r.owner.checkTree(canonical); err != nil {
		return nil, err
	}
	f := &Files{root: canonical}
	// The first Procfile wins and the others are not even opened: they decide nothing.
	for _, name := range landmark.Procfiles() {
		f.manifest = append(f.manifest, r.read(name))
		if f.procfile().present {
			break
		}
	}
	if r.err == nil && !f.procfile().present {
		return nil, fmt.Errorf("cannot find a project in %s: %w: "+
			"create one with a line such as \"web: COMMAND\"",
			plain.Visible(canonical, ""), ErrNoProcfile)
	}
	f.manifest = append(f.manifest, r.read(tomlName))
	for _, name := range envNames {
		f.env = append(f.env, cutDotenv(r.read(name)))
	}
	if r.err != nil {
		return nil, r.err
	}
	return f, nil
}

// procfile returns the Procfile that was found, or an absent one.
func (f *Files) procfile() source {
	names := landmark.Procfiles()
	i := slices.IndexFunc(f.manifest, func(s source) bool {
		return s.present && slices.Contains(names, s.name)
	})
	if i < 0 {
		return source{}
	}
	return f.manifest[i]
}

// toml returns locald.toml, absent or not.
func (f *Files) toml() source {
	i := slices.IndexFunc(f.manifest, func(s source) bool { return s.name == tomlName })
	if i < 0 {
		return source{}
	}
	return f.manifest[i]
}

// reader reads a project's files one by one and keeps the first error.
type reader struct {
	root  string
	owner owner
	err   error
}

func (r *reader) read(name string) source {
	s := source{name: name}
	if r.err != nil {
		return s
	}
	text, err := r.owner.readFile(filepath.Join(r.root, name))
	if errors.Is(err, fs.ErrNotExist) {
		return s
	}
	s.present, s.text, r.err = err == nil, text, err
	return s
}

func (o owner) readFile(path string) ([]byte, error) {
	// Opening a device can act on it and opening a link follows it, so the kind is looked at
	// before.
	info, err := os.Lstat(path)
	if err != nil {
		return nil, problemAt("read", path, err)
	}
	if err := checkKind(path, info); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, problemAt("read", path, err)
	}
	defer file.Close()
	opened, err := file.Stat()
	if err != nil {
		return nil, problemAt("read", path, err)
	}
	if err := checkKind(path, opened); err != nil {
		return nil, err
	}
	if err := o.check(path, writers.In(file), opened); err != nil {
		return nil, err
	}
	text, err := readStable(file, opened, maxFileSize)
	if err != nil {
		return nil, problemAt("read", path, err)
	}
	return text, nil
}

func checkKind(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	word := plain.Word(path)
	mend := fmt.Sprintf("mv %s %s", word, plain.Word(path+".old"))
	if info.Mode()&fs.ModeSymlink != 0 {
		fresh := plain.Word(path + ".new")
		mend = fmt.Sprintf("cp %s %s && mv %s %s", word, fresh, fresh, word)
		if _, err := os.Stat(path); err != nil { // it leads nowhere
			mend = "rm " + word
		}
	}
	return &unsafeError{path, "is " + kind(info.Mode()) + ", not a file", mend}
}

// statReader is what readStable needs of an *os.File.
type statReader interface {
	io.Reader
	Stat() (fs.FileInfo, error)
}

// readStable reads a whole file and makes sure that nobody wrote to it meanwhile: half of an edit
// must neither be hashed nor run.
func readStable(file statReader, before fs.FileInfo, most int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(text) > most {
		return nil, fmt.Errorf("it is larger than %d KiB: keep commands and settings in it and "+
			"move the rest elsewhere, such as into scripts", most>>10)
	}
	after, err := file.Stat()
	if err != nil {
		return nil, err
	}
	same := os.SameFile(before,
		after) && before.ModTime().Equal(after.ModTime()) && before.Size() == after.Size()
	if !same || int64(len(text)) != after.Size() {
		return nil, errors.New("it was being written: try again")
	}
	return text, nil
}
