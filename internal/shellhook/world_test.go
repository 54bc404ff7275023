package shellhook

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-isatty"

	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/shelltest"
)

// The test binary is also the client that the hook runs. It appends what it was given to the file
// named here.
const (
	envRecord = "SHELLHOOK_RECORD"
	// envExit is the client's exit status, envHang a FIFO that it waits for before it exits.
	envExit = "SHELLHOOK_EXIT"
	envHang = "SHELLHOOK_HANG"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(envRecord); path != "" {
		os.Exit(client(path))
	}
	os.Exit(m.Run())
}

// call is one run of the client. Args are bytes, because a path need not be text.
type call struct {
	Args                  [][]byte
	Parent                int
	Env                   []string
	At                    time.Time
	NullInput, NullOutput bool
	TerminalError         bool
}

func client(record string) int {
	c := call{
		Parent: os.Getppid(), Env: os.Environ(), At: time.Now(),
		NullInput: isFile(os.Stdin, os.DevNull), NullOutput: isFile(os.Stdout, os.DevNull),
		TerminalError: isatty.IsTerminal(os.Stderr.Fd()),
	}
	for _, a := range os.Args[1:] {
		c.Args = append(c.Args, []byte(a))
	}
	line, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	f, err := os.OpenFile(record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		panic(err)
	}
	if fifo := os.Getenv(envHang); fifo != "" {
		fmt.Fprintln(os.Stderr, "client is waiting")
		_, _ = os.ReadFile(fifo)
	}
	status, _ := strconv.Atoi(os.Getenv(envExit)) // nothing is 0
	return status
}

func isFile(f *os.File, path string) bool {
	have, err := f.Stat()
	if err != nil {
		return false
	}
	want, err := os.Stat(path)
	return err == nil && os.SameFile(have, want)
}

// outside is the root that the hook delivers where there is no project.
const outside = ""

// world is one shell with the hook, in a tree of its own, and what the client recorded.
type world struct {
	*shelltest.Shell
	t      *testing.T
	kind   string
	dir    string // D in the shell: the tree
	record string
	seen   int
}

// newTree lays out proj, other (a project through Procfile.dev), nested inside proj, and plain,
// where no project is.
func newTree(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"proj/sub/deep", "proj/nested", "other/in", "plain/x/y", "bin"} {
		mkdir(t, filepath.Join(dir, d))
	}
	for _, f := range []string{"proj/Procfile", "proj/nested/Procfile", "other/Procfile.dev"} {
		write(t, filepath.Join(dir, f), "web: true\n")
	}
	return dir
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newClient makes the test binary reachable under a name that each shell has to quote, and writes
// the hook that runs it to dir/hook. It returns the client's path.
func newClient(t testing.TB, kind, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin", `it's $(touch EXECUTED) \"a\' client`)
	if err := os.Symlink(self, bin); err != nil {
		t.Fatal(err)
	}
	script, err := Script(kind, bin, landmark.SharedDirs())
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "hook"), script)
	return bin
}

// evaluate is how a person loads the hook.
func evaluate(kind string) string {
	if kind == "fish" {
		return `cat "$D/hook" | source`
	}
	return `eval "$(cat "$D/hook")"`
}

// newWorld starts kind with the hook loaded between the lines before and after of its start-up
// file.
func newWorld(t *testing.T, kind string, s setup) *world {
	t.Helper()
	return startWorld(t, kind, s, strings.Join([]string{s.before, evaluate(kind), s.after}, "\n"))
}

// newBareWorld starts kind with a start-up file that loads the hook only where rc does.
func newBareWorld(t *testing.T, kind, rc string) *world {
	t.Helper()
	return startWorld(t, kind, setup{}, rc)
}

func startWorld(t *testing.T, kind string, s setup, rc string) *world {
	t.Helper()
	w := &world{t: t, kind: kind, dir: newTree(t)}
	w.record = filepath.Join(w.dir, "record")
	newClient(t, kind, w.dir)
	w.Shell = shelltest.Start(t, kind, shelltest.Options{
		Env: []string{"D=" + w.dir, envRecord + "=" + w.record},
		RC:  rc,
		Dir: filepath.Join(w.dir, s.dir),
	})
	return w
}

// setup is what differs between the worlds of scenarios.
type setup struct {
	before, after string // lines of the start-up file around the hook
	dir           string // where the shell starts, below the tree
}

// calls returns what the client recorded since the last time.
func (w *world) calls() []call {
	w.t.Helper()
	data, err := os.ReadFile(w.record)
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	var all []call
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, c)
	}
	fresh := all[w.seen:]
	w.seen = len(all)
	return fresh
}

// do runs a line and checks that it made the hook deliver exactly roots, named below the tree.
func (w *world) do(line string, roots ...string) string {
	w.t.Helper()
	printed := w.Run(line)
	w.delivered(line, roots...)
	return printed
}

// delivered checks the calls since the last check: their roots and everything that is the same in
// each call.
func (w *world) delivered(what string, roots ...string) {
	w.t.Helper()
	w.deliveredBy(w.PID(), what, roots...)
}

func (w *world) deliveredBy(pid int, what string, roots ...string) {
	w.t.Helper()
	var got []string
	for _, c := range w.calls() {
		if len(c.Args) != 3 {
			w.t.Fatalf("%s: the client was given %q", what, c.Args)
		}
		if head := fmt.Sprintf("%s %s", c.Args[0], c.Args[1]); head != fmt.Sprintf("at %d", pid) || c.Parent != pid {
			w.t.Errorf("%s: %q was called by %d, want by the shell %d", what, head, c.Parent, pid)
		}
		if !c.NullInput || !c.NullOutput || !c.TerminalError {
			w.t.Errorf("%s: standard streams of the client are wrong: %+v", what, c)
		}
		got = append(got, string(c.Args[2]))
	}
	want := slices.Clone(roots)
	for i, r := range want {
		if r != outside && !filepath.IsAbs(r) {
			want[i] = filepath.Join(w.dir, r)
		}
	}
	if len(got)+len(want) > 0 && !slices.Equal(got, want) {
		w.t.Errorf("%s: delivered roots differ (-want +got):\n%s", what, cmp.Diff(want, got))
	}
}

// prints runs a line that must deliver nothing and print exactly want.
func (w *world) prints(line, want string) {
	w.t.Helper()
	if got := w.do(line); got != want {
		w.t.Errorf("%s: printed %q, want %q", line, got, want)
	}
}
