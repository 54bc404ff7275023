// Package archtest holds the rules of the architecture that the compiler does not know: who may import whom, what the
// binary must not contain, and what every file has to be like. It has tests only.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const module = "github.com/locald/locald/"

// pkg is what `go list -json` tells of a package.
type pkg struct {
	ImportPath, Dir, Doc  string
	Name                  string
	Standard              bool
	GoFiles, TestGoFiles  []string
	XTestGoFiles, Imports []string
	IgnoredGoFiles        []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// list runs go list for one system, which sees the files of that system only.
func list(t *testing.T, goos string, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json"}, args...)...)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

var systems = []string{"linux", "darwin"}

// rule restricts what the packages that match from import. Patterns are package paths within the module, or whole
// paths of others; one that ends in /... matches everything below too.
type rule struct {
	from      []string
	forbidden []string
	only      []string // where set, nothing else of the module or of third parties
	reason    string
}

var rules = []rule{
	{
		from:   []string{"internal/daemon/supervisor"},
		only:   []string{"internal/procid", "golang.org/x/sys/unix"},
		reason: "the state machine decides; what it needs done it declares as an interface, so that it can be tested without doing it",
	},
	{
		from: []string{"internal/daemon/proc"},
		only: []string{
			"internal/procid", "internal/procinfo", "golang.org/x/sys/unix", "github.com/creack/pty",
		},
		reason: "processes know nothing of services, logs, ports or records: the daemon wires them",
	},
	{
		from:   []string{"internal/procinfo"},
		only:   []string{"internal/procid", "golang.org/x/sys/unix"},
		reason: "it only reads the system: who awaits an end need not be able to start anything",
	},
	{
		from:   []string{"internal/daemon/logs"},
		only:   []string{"internal/crashpoint"},
		reason: "logs are bytes from a descriptor to a file and back: they know no process and no project",
	},
	{
		from:   []string{"internal/daemon/ports"},
		only:   []string{"golang.org/x/sys/unix"},
		reason: "leases are arithmetic and one bind: who owns a port is looked up by the daemon",
	},
	{
		from:   []string{"internal/daemon/state"},
		only:   []string{"internal/atomicfile", "internal/bytestr", "internal/procid"},
		reason: "a record is plain data: whoever reads it later must not need the code that wrote it",
	},
	{
		from:   []string{"internal/daemon/trust"},
		only:   []string{"internal/atomicfile", "internal/bytestr", "internal/paths"},
		reason: "what is allowed is decided on a digest: this package must not be able to read, still less run, a project",
	},
	{
		from:   []string{"internal/project"},
		only:   []string{"github.com/joho/godotenv", "internal/decisive", "internal/devserver", "internal/landmark", "internal/plain", "internal/servicename", "internal/spelling", "internal/tomlfile", "internal/writers"},
		reason: "what is on disk is turned into data by a pure function of its bytes",
	},
	{
		from:      []string{"internal/daemon/engine"},
		forbidden: []string{"internal/wire", "internal/ipc", "internal/client", "internal/daemon", "internal/daemon/api"},
		reason:    "it carries out what is decided and answers nobody: whoever asks, over whatever wire, is package api's affair",
	},
	{
		from:      []string{"internal/daemon/api"},
		forbidden: []string{"internal/client", "internal/daemon", "golang.org/x/sys/unix"},
		reason:    "it answers requests over the engine, and must not know by which process or over which socket it is asked",
	},
	{
		from:      []string{"internal/daemon"},
		forbidden: []string{"internal/cli", "internal/view", "internal/term", "internal/shellhook", "golang.org/x/sys/unix"},
		reason:    "it wires and serves; what is shown to a person is the client's",
	},
	{
		from:   []string{"internal/wire"},
		only:   []string{"internal/bytestr"},
		reason: "both ends import it: a message that needs code of one end ties the other to it (bytestr is how bytes stand in JSON)",
	},
	{
		from:   []string{"internal/ipc"},
		only:   []string{"internal/wire", "golang.org/x/sys/unix"},
		reason: "it carries frames and checks who is there; which operations there are it does not know",
	},
	{
		from:      []string{"internal/client"},
		forbidden: []string{"internal/daemon", "internal/daemon/api", "internal/daemon/engine", "internal/project", "internal/term", "github.com/spf13/cobra"},
		reason:    "every face of locald links it, the one at the prompt too",
	},
	{
		from:   []string{"internal/at"},
		only:   []string{"internal/bytestr", "internal/client", "internal/detach", "internal/paths", "internal/procid", "internal/wire"},
		reason: "a prompt waits for it: it links nothing that it does not use",
	},
	{
		from:   []string{"internal/view"},
		only:   []string{"internal/plain", "internal/term", "internal/wire"},
		reason: "words for what the daemon answered: pure functions, the same for every face",
	},
	{
		from:   []string{"internal/pidfile"},
		only:   []string{"internal/atomicfile", "internal/procid"},
		reason: "the daemon writes it and every client reads it",
	},
	{
		from:   []string{"internal/shellhook", "internal/version"},
		only:   []string{},
		reason: "they run before every prompt's budget starts to count, and need nothing",
	},
	{
		from:   []string{"internal/doctor"},
		only:   []string{"internal/bytestr", "internal/client", "internal/wire", "internal/landmark", "internal/paths", "internal/pidfile", "internal/plain", "internal/procid", "internal/userconfig", "internal/project", "internal/version"},
		reason: "it works where the daemon does not, so it asks the daemon as any client does and reads what is on disk",
	},
	{
		from:   []string{"internal/scaffold"},
		only:   []string{"github.com/BurntSushi/toml", "internal/devserver", "internal/plain", "internal/servicename"},
		reason: "it proposes lines from the bytes of files: whether they are right is for a person and the daemon to say",
	},
	{
		from:   []string{"internal/tomlfile"},
		only:   []string{"github.com/BurntSushi/toml", "internal/spelling"},
		reason: "it turns text into keys with line numbers: what they mean is known by whoever asks",
	},
	{
		from:   []string{"internal/atomicfile"},
		only:   []string{"internal/crashpoint"},
		reason: "a leaf, save for the instant at which a crash would hurt most",
	},
	{
		from:   []string{"internal/userconfig"},
		only:   []string{"internal/tomlfile"},
		reason: "pure: the daemon and the doctor read the file, each in its own way",
	},
	{
		from:   []string{"internal/bytestr", "internal/crashpoint", "internal/decisive", "internal/detach", "internal/devserver", "internal/landmark", "internal/plain", "internal/sgr", "internal/spelling"},
		only:   []string{},
		reason: "leaves: everybody may import them, so they import nobody",
	},
	{
		from:   []string{"internal/loginservice"},
		only:   []string{"internal/atomicfile", "internal/plain"},
		reason: "it makes texts and commands for the user's init, whatever the daemon is",
	},
	{
		from:   []string{"internal/servicename"},
		only:   []string{"internal/plain"},
		reason: "whoever makes a name and whoever reads one import it",
	},
	{
		from:   []string{"internal/filewatch", "internal/procid", "internal/writers"},
		only:   []string{"golang.org/x/sys/unix"},
		reason: "leaves too, but what they ask of the system is a call of its own on each",
	},
	{
		from:   []string{"internal/paths"},
		only:   []string{"internal/writers", "golang.org/x/sys/unix"},
		reason: "where things live is known before anything else works",
	},
	{
		from:      []string{"internal/term"},
		forbidden: []string{"internal/daemon/...", "internal/ipc", "internal/wire", "internal/project"},
		reason:    "it draws what it is given",
	},
	{
		from:      []string{"internal/cli"},
		forbidden: []string{"internal/project", "internal/daemon/...", "golang.org/x/sys/unix"},
		reason:    "the client carries intent and prints answers: the daemon reads the files and decides (see TestClientIsThin for daemon.go)",
	},
	{
		from:   []string{"cmd/locald"},
		only:   []string{"internal/cli"},
		reason: "a package main cannot be imported, so nothing may be in it that anybody could want",
	},
}

// daemonVerb is the one file of the client that becomes the daemon.
const daemonVerb = "daemon.go"

func TestImports(t *testing.T) {
	for _, goos := range systems {
		packages := list(t, goos, "./../../...")
		for _, r := range rules {
			matched := false
			for _, p := range packages {
				if !slices.Contains(r.from, p.name()) {
					continue
				}
				matched = true
				for _, imported := range p.Imports {
					if p.name() == "internal/cli" && imported == module+"internal/daemon" {
						continue // TestClientIsThin
					}
					if !r.allows(imported) {
						t.Errorf("%s: %s imports %s, which it must not: %s", goos, p.name(), imported, r.reason)
					}
				}
			}
			if !matched {
				t.Errorf("no package is called %v: the rule guards nothing", r.from)
			}
		}
	}
}

func (r rule) allows(imported string) bool {
	inside, ours := strings.CutPrefix(imported, module)
	if slices.ContainsFunc(r.forbidden, func(pattern string) bool { return matches(pattern, inside) }) {
		return false
	}
	thirdParty := strings.Contains(strings.Split(imported, "/")[0], ".")
	return r.only == nil || !ours && !thirdParty || slices.Contains(r.only, inside)
}

func matches(pattern, name string) bool {
	prefix, deep := strings.CutSuffix(pattern, "/...")
	return name == prefix || deep && strings.HasPrefix(name, prefix+"/")
}

// TestClientIsThin looks at files, as go list tells imports of whole packages only.
func TestClientIsThin(t *testing.T) {
	files, err := filepath.Glob("../../internal/cli/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of the client: %v", err)
	}
	for _, file := range files {
		text := read(t, file)
		if strings.Contains(text, `"`+module+`internal/daemon"`) != (filepath.Base(file) == daemonVerb) {
			t.Errorf("%s: of the client %s alone imports the daemon, to become it", file, daemonVerb)
		}
	}
}

// systemCallers are the packages that may use golang.org/x/sys: it has other contents on each system, and every use is
// something to port.
var systemCallers = []string{
	"internal/daemon/ports", "internal/daemon/proc", "internal/daemon/supervisor", "internal/ipc", "internal/paths",
	"internal/filewatch", "internal/procid", "internal/procinfo", "internal/shelltest", "internal/term",
	"internal/writers",
	"internal/testworld/misbehave", // its options of sockets are what the product must cope with
}

func TestSystemCalls(t *testing.T) {
	for _, goos := range systems {
		for _, p := range list(t, goos, "./../../...") {
			for _, imported := range p.Imports {
				if strings.HasPrefix(imported, "golang.org/x/sys") && !slices.Contains(systemCallers, p.name()) {
					t.Errorf("%s: %s uses %s: of these only: %v", goos, p.name(), imported, systemCallers)
				}
			}
		}
	}
}

// heavy packages cost size, start-up time, or an open door.
var heavy = map[string]string{
	"net/http":      "locald listens on no TCP port and fetches nothing: it would be a third of the binary",
	"crypto/tls":    "the same",
	"encoding/xml":  "nothing here is XML",
	"encoding/gob":  "records are JSON, which people can read",
	"html/template": "nothing here is HTML",
	"go/parser":     "no Go is parsed at run time",
	"testing":       "tests stay out of the binary",
	"plugin":        "it would need cgo",
	"expvar":        "it would start an HTTP server",
	"database/sql":  "records are files",
	"image":         "nothing here is drawn",
}

func TestBinaryContents(t *testing.T) {
	for _, goos := range systems {
		for _, p := range list(t, goos, "-deps", "../../cmd/locald") {
			if reason, ok := heavy[p.ImportPath]; ok {
				t.Errorf("%s: the binary contains %s: %s", goos, p.ImportPath, reason)
			}
		}
	}
}

// forTests are the packages that the product does not import: they start other programs, and send
// signals that the product must not send.
var forTests = []string{"internal/shelltest", "internal/testworld", "internal/testworld/misbehave"}

func TestProductNeedsNoTests(t *testing.T) {
	for _, goos := range systems {
		for _, p := range list(t, goos, "./../../...") {
			if strings.HasPrefix(p.name(), "scripts/") || slices.Contains(forTests, p.name()) {
				continue
			}
			for _, imported := range p.Imports {
				if slices.Contains(forTests, strings.TrimPrefix(imported, module)) {
					t.Errorf("%s: %s imports %s, which is for tests", goos, p.name(), imported)
				}
			}
		}
	}
}

// TestPackageDocs wants one package comment: two are concatenated by go doc, and none leaves a stranger alone.
func TestPackageDocs(t *testing.T) {
	for _, p := range list(t, "linux", "./../../...") {
		files := slices.Concat(p.GoFiles, p.IgnoredGoFiles)
		if len(p.GoFiles) == 0 {
			files = slices.Concat(p.TestGoFiles, p.XTestGoFiles)
		}
		var documented []string
		for _, file := range files {
			if hasPackageDoc(read(t, filepath.Join(p.Dir, file))) {
				documented = append(documented, file)
			}
		}
		if len(documented) != 1 {
			t.Errorf("%s: want one package comment, have one in each of %v", p.name(), documented)
		}
	}
}

// hasPackageDoc reports whether a comment touches the package clause from above.
func hasPackageDoc(source string) bool {
	before, _, _ := strings.Cut("\n"+source, "\npackage ")
	last := before[strings.LastIndex(before, "\n")+1:]
	return strings.HasPrefix(last, "//") && !strings.HasPrefix(last, "//go:") || strings.HasSuffix(last, "*/")
}

// The largest that a type or a package may be before it is two things.
const (
	maxMethods   = 30
	maxFiles     = 20
	maxRootFiles = 10 // of internal/daemon: the process alone
)

var receiver = regexp.MustCompile(`(?m)^func \((?:\w+ )?\*?(\w+)`)

func TestSizes(t *testing.T) {
	for _, goos := range systems {
		for _, p := range list(t, goos, "./../../internal/...", "./../../cmd/...") {
			limit := maxFiles
			if p.name() == "internal/daemon" {
				limit = maxRootFiles
			}
			if n := len(p.GoFiles); n > limit {
				t.Errorf("%s: %s has %d files, more than %d", goos, p.name(), n, limit)
			}
			methods := make(map[string]int)
			for _, file := range p.GoFiles {
				for _, m := range receiver.FindAllStringSubmatch(read(t, filepath.Join(p.Dir, file)), -1) {
					methods[m[1]]++
				}
			}
			for name, n := range methods {
				if n > maxMethods {
					t.Errorf("%s: %s.%s has %d methods, more than %d: which two things is it?", goos, p.name(), name, n, maxMethods)
				}
			}
		}
	}
}

const maxLines = 500

// vague names say that nobody knew where a thing belongs; the next one then goes there too.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "shared", "lib"}

func TestFiles(t *testing.T) {
	err := filepath.WalkDir("../..", func(file string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".git" {
			return filepath.SkipDir
		}
		name, _, _ := strings.Cut(d.Name(), ".")
		if slices.Contains(vague, strings.TrimSuffix(name, "_test")) {
			t.Errorf("%s: the name does not say what is in it", file)
		}
		if path.Ext(file) == ".go" {
			if n := strings.Count(read(t, file), "\n"); n > maxLines {
				t.Errorf("%s has %d lines, more than %d: it has more than one subject", file, n, maxLines)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// maxColumns is what fits beside another file on a screen; a tab counts as four.
const maxColumns = 100

// unbreakable is a line that is as it must be.
var unbreakable = regexp.MustCompile(`^<!DOCTYPE`)

func TestColumns(t *testing.T) {
	for _, p := range list(t, "linux", "./../../internal/...", "./../../cmd/...") {
		for _, file := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			for i, line := range strings.Split(read(t, filepath.Join(p.Dir, file)), "\n") {
				n := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    "))
				if n > maxColumns && !unbreakable.MatchString(line) {
					t.Errorf("%s/%s:%d has %d columns, more than %d", p.name(), file, i+1, n, maxColumns)
				}
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
