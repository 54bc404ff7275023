package enginetest

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/daemon/state"
	"github.com/locald/locald/internal/daemon/trust"
	"github.com/locald/locald/internal/project"
)

// World is an engine with all that it works with.
type World struct {
	Engine *engine.Engine
	Deps   engine.Deps
	Host   *Host
	Home   string

	t     testing.TB
	disk  disk
	reads counter // of projects' files, by root
	asked counter // what is decided, by root
	hangs map[string]chan struct{}
}

// New is a world without projects, in a synctest bubble. At the end of the test all that runs in it
// is stopped. Each of configure may change what the engine works with.
func New(t testing.TB, configure ...func(*engine.Deps)) *World {
	t.Helper()
	home, err := project.Canonical(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &World{t: t, Host: newHost(), Home: home, hangs: make(map[string]chan struct{})}
	for _, dir := range []string{"data/trust", "data/logs"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.Deps = engine.Deps{
		Home: home, LogsDir: w.data("logs"), UID: os.Geteuid(), Log: slog.New(slog.DiscardHandler),
		Host: w.Host, Records: &w.disk, ReadFiles: w.readFiles,
		Trust: &decisions{trust.NewStore(w.data("trust")), &w.asked},
	}
	w.begin(configure...)
	t.Cleanup(w.end)
	return w
}

func (w *World) begin(configure ...func(*engine.Deps)) {
	w.Deps.Ports = ports.NewBook(ports.DefaultRange, func(int) error { return nil })
	for _, change := range configure {
		change(&w.Deps)
	}
	w.Engine = engine.New(w.Deps)
}

// Reborn is the engine of the next daemon: the one before has stopped all services and kept what
// was wanted. It has recalled the records and restored nothing.
func (w *World) Reborn() {
	w.t.Helper()
	w.Engine.Shutdown(true)
	w.begin()
	w.Engine.Recall(w.Records(), nil)
}

func (w *World) end() {
	w.reads.mu.Lock()
	for _, hang := range w.hangs {
		close(hang)
	}
	clear(w.hangs)
	w.reads.mu.Unlock()
	w.Engine.Shutdown(false)
	w.Host.endShells()
	for _, p := range w.Engine.All() {
		p.Runs.AwaitNotes()
	}
	time.Sleep(time.Minute) // the bubble's: whoever pauses finds that there is nothing left
}

func (w *World) data(name string) string { return filepath.Join(w.Home, "data", name) }

// Project makes a directory, named by its path below the home, with a Procfile, and returns its
// root.
func (w *World) Project(path, procfile string) string {
	w.t.Helper()
	root := filepath.Join(w.Home, path)
	if err := os.MkdirAll(root, 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.Write(root, "Procfile", procfile)
	return root
}

// Write replaces a file of a project.
func (w *World) Write(root, file, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Remove removes a file of a project.
func (w *World) Remove(root, file string) {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(root, file)); err != nil {
		w.t.Fatal(err)
	}
}

// Digest is that of what the files of a project say now.
func (w *World) Digest(root string) string {
	w.t.Helper()
	files, err := project.Read(root, w.Deps.UID)
	if err != nil {
		w.t.Fatal(err)
	}
	return files.Digest()
}

// Approve allows what the files of a project say now, without any engine.
func (w *World) Approve(root string) {
	w.t.Helper()
	approval := trust.Approval{Digest: w.Digest(root)}
	if err := w.Deps.Trust.Allow(project.Hash(root), root, approval); err != nil {
		w.t.Fatal(err)
	}
}

// Hang has the file system of a project answer no more, until Answer.
func (w *World) Hang(root string) {
	w.reads.mu.Lock()
	defer w.reads.mu.Unlock()
	w.hangs[root] = make(chan struct{})
}

// Answer ends Hang.
func (w *World) Answer(root string) {
	w.reads.mu.Lock()
	defer w.reads.mu.Unlock()
	if hang, ok := w.hangs[root]; ok {
		close(hang)
		delete(w.hangs, root)
	}
}

func (w *World) readFiles(root string, uid int) (*project.Files, error) {
	w.reads.add(root)
	w.reads.mu.Lock()
	hang := w.hangs[root]
	w.reads.mu.Unlock()
	if hang != nil {
		<-hang
	}
	return project.Read(root, uid)
}

// Reads returns how often the files of a project were read, and what is decided about it, since the
// last time that it was called.
func (w *World) Reads(root string) (files, decisions int) {
	return w.reads.take(root), w.asked.take(root)
}

// Records are what is on disk, by slug.
func (w *World) Records() map[string]state.Record {
	w.t.Helper()
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	out := make(map[string]state.Record)
	for slug, data := range w.disk.records {
		var r state.Record
		if err := json.Unmarshal(data, &r); err != nil {
			w.t.Fatal(err)
		}
		out[slug] = r
	}
	return out
}

// Full has every record fail to be saved or deleted with err, or not any more (nil).
func (w *World) Full(err error) {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	w.disk.full = err
}

// disk has the records as JSON, and none of a disk's slowness.
type disk struct {
	mu      sync.Mutex
	records map[string][]byte
	full    error
}

// Save implements engine.Records.
func (d *disk) Save(slug string, r state.Record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return d.full
	}
	if d.records == nil {
		d.records = make(map[string][]byte)
	}
	d.records[slug] = data
	return nil
}

// Delete implements engine.Records.
func (d *disk) Delete(slug string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return d.full
	}
	delete(d.records, slug)
	return nil
}

// counter counts by root.
type counter struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *counter) add(root string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = make(map[string]int)
	}
	c.seen[root]++
}

func (c *counter) take(root string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.seen[root]
	delete(c.seen, root)
	return n
}

// decisions counts how often it is asked.
type decisions struct {
	*trust.Store
	asked *counter
}

func (d *decisions) Decide(
	key, root, digest string,
) (trust.Decision, *trust.Approval, error) {
	d.asked.add(root)
	return d.Store.Decide(key, root, digest)
}

// Picture is all that a request which only looks must leave as it is.
type Picture struct {
	Records    map[string]state.Record
	Leases     map[string]map[string]int // by root
	Ports      map[string]map[string]int // by root, as the project's runs have them
	Names      map[string]string         // by root
	Formations map[string]project.Formation
	Services   map[string]any
}

// Picture is what is true now. Nothing may be under way.
func (w *World) Picture() Picture {
	w.t.Helper()
	out := Picture{
		Records: w.Records(), Leases: make(map[string]map[string]int),
		Ports: make(map[string]map[string]int), Names: make(map[string]string),
		Formations: make(map[string]project.Formation), Services: make(map[string]any),
	}
	for _, p := range w.Engine.All() {
		out.Leases[p.Root] = w.Deps.Ports.Known(p.Root)
		out.Ports[p.Root] = maps.Clone(p.Runs.Ports())
		out.Names[p.Root] = p.Name()
		out.Formations[p.Root] = p.Formation()
		out.Services[p.Root] = p.Snapshot()
	}
	return out
}
