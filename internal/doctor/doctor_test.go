package doctor

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/version"
	"github.com/locald/locald/internal/wire"
)

const uid = 1000

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// fake is a machine on which nothing is wrong, until a test spoils it.
type fake struct {
	files   fstest.MapFS
	env     map[string]string
	private map[string]error
	refused error // of its paths
	caller  Caller
	soft    uint64
	hard    uint64
	free    uint64
	here    string
	reply   wire.DaemonReply
	silent  error
	living  int // the PID of a daemon that lives, 0 for none
}

func (f *fake) Files() fs.FS              { return f.files }
func (f *fake) Getenv(name string) string { return f.env[name] }
func (f *fake) User() int                 { return uid }
func (f *fake) Now() time.Time            { return now }
func (f *fake) Private(dir string) error  { return f.private[dir] }
func (f *fake) Trusted(path string) error { return f.private[path] }
func (f *fake) Caller() Caller            { return f.caller }
func (f *fake) Here() (string, bool)      { return f.here, f.here != "" }

func (f *fake) Descriptors() (soft, hard uint64, err error) { return f.soft, f.hard, nil }
func (f *fake) Free(string) (uint64, error)                 { return f.free, nil }
func (f *fake) Daemon() (wire.DaemonReply, error)           { return f.reply, f.silent }
func (f *fake) Living() (int, bool)                         { return f.living, f.living != 0 }

func file(text string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(text), Mode: 0o644, Sys: &syscall.Stat_t{Uid: uid}}
}

func program() *fstest.MapFile { return &fstest.MapFile{Mode: 0o755} }

func dir(mode fs.FileMode) *fstest.MapFile {
	return &fstest.MapFile{Mode: fs.ModeDir | mode, Sys: &syscall.Stat_t{Uid: uid}}
}

const data = "home/ann/.local/share/locald"

func wellMachine() *fake {
	return &fake{
		files: fstest.MapFS{
			"bin/sh": program(), "usr/bin/locald": program(),
			"home/ann": dir(0o755), "home/ann/.bashrc": file("alias x=y\neval \"$(locald hook bash)\"\n"),
			data: dir(0o700), data + "/projects": dir(0o700), data + "/logs": dir(0o700), data + "/trust": dir(0o700),
			data + "/projects/shop-1.json": file(`{"root":"/home/ann/shop"}`),
			"home/ann/shop/Procfile":       file("web: x\n"),
			"run/user/1000":                dir(0o700),
		},
		env:    map[string]string{"HOME": "/home/ann", "PATH": "/usr/bin:/bin", "SHELL": "/bin/bash", "XDG_RUNTIME_DIR": "/run/user/1000"},
		caller: Caller{Identity: procid.Identity{PID: 7, Start: 70}, Name: "bash", JobControl: true},
		soft:   1024, hard: 4096, free: 10 << 30, here: "/home/ann/shop", living: 4711,
		reply: wire.DaemonReply{PID: 4711, Version: version.String(), Shells: []wire.Shell{{PID: 7, Start: 70, Root: "/home/ann/shop"}}},
	}
}

var wellPaths = paths.Paths{Home: "/home/ann", Data: "/" + data, RuntimeDir: "/run/user/1000"}

// TestWell wants nothing to be wrong with a machine that is well: a remedy for nothing is worse
// than none.
func TestWell(t *testing.T) {
	findings := Examine(wellMachine(), wellPaths)
	if len(findings) != len(checks) {
		t.Errorf("%d findings of %d checks", len(findings), len(checks))
	}
	for _, f := range findings {
		if f.State != OK || f.Remedy != "" || f.Evidence == "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestChecks(t *testing.T) {
	for name, c := range map[string]struct {
		spoil    func(f *fake)
		id       string
		state    string
		evidence string // a part of it
		remedy   string // a part of it
	}{
		"sudo": {
			func(f *fake) { f.files["home/ann"] = &fstest.MapFile{Mode: fs.ModeDir, Sys: &syscall.Stat_t{Uid: 0}} },
			"home", Problem, "belongs to user 0, and you are user 1000", "sudo -i",
		},
		"the current directory on the PATH": {
			func(f *fake) { f.env["PATH"] = "/bin:.:/usr/bin" }, "path", Problem,
			`PATH has "." before /usr/bin: in a directory with a program called locald`, "out of PATH",
		},
		"an empty element of PATH": {
			func(f *fake) { f.env["PATH"] = ":/usr/bin" }, "path", Problem, `PATH has ""`, "out of PATH",
		},
		"after it, it is harmless": {
			func(f *fake) { f.env["PATH"] = "/usr/bin:." }, "path", OK, "/usr/bin/locald", "",
		},
		"no home":            {func(f *fake) { f.env["HOME"] = "" }, "home", Warning, "not set", "HOME"},
		"a home that is not": {func(f *fake) { f.env["HOME"] = "/nowhere" }, "home", Problem, "/nowhere", "directory"},
		"no sh":              {func(f *fake) { delete(f.files, "bin/sh") }, "sh", Problem, "/bin/sh", "dash"},
		"sh of no use":       {func(f *fake) { f.files["bin/sh"] = file("") }, "sh", Problem, "cannot be executed", "dash"},
		"two on PATH": {
			func(f *fake) {
				f.files["home/ann/.local/bin/locald"] = program()
				f.env["PATH"] += ":/home/ann/.local/bin"
			},
			"path", Warning, "/usr/bin/locald, ~/.local/bin/locald", "PATH",
		},
		"one, named twice": {func(f *fake) { f.env["PATH"] += ":/usr/bin:relative" }, "path", OK, "/usr/bin/locald", ""},
		"none on PATH":     {func(f *fake) { f.env["PATH"] = "/bin" }, "path", Warning, "not on the PATH", "PATH"},
		"no daemon": {
			func(f *fake) { f.silent = client.ErrAbsent; f.living = 0 }, "daemon", OK, "not running", "",
		},
		"a daemon without its socket": {
			func(f *fake) { f.silent = client.ErrAbsent }, "daemon", Problem,
			"PID 4711 is alive, and nothing listens on its socket", "locald daemon stop",
		},
		"a daemon that is silent": {func(f *fake) { f.silent = client.ErrSilent }, "daemon", Problem, "PID 4711 does not answer", "kill -CONT 4711"},
		"silent, and no PID that can be trusted": {
			func(f *fake) { f.silent = client.ErrSilent; f.living = 0 },
			"daemon", Problem, "does not answer", "~/.local/share/locald/daemon.log",
		},
		"another protocol": {
			func(f *fake) {
				f.silent = &wire.Error{Code: wire.CodeVersionMismatch, Msg: "cannot talk", Hint: "run: locald daemon restart"}
			},
			"daemon", Problem, "cannot talk", "locald daemon restart",
		},
		"another version":  {func(f *fake) { f.reply.Version = "v0" }, "version", Warning, "the daemon is v0", "locald daemon restart"},
		"no version":       {func(f *fake) { f.silent = client.ErrAbsent }, "version", Unknown, version.String(), ""},
		"stalled":          {func(f *fake) { f.files[data+"/stalled"] = stamp(time.Hour) }, "stalled", Warning, "2026-11-24 11:00:00", "daemon.log"},
		"stalled long ago": {func(f *fake) { f.files[data+"/stalled"] = stamp(48 * time.Hour) }, "stalled", OK, "", ""},
		"data of another": {
			func(f *fake) {
				f.private["/"+data+"/logs"] = errors.New("cannot use it: it belongs to user 7; remove it")
			},
			"data-directory", Problem, "belongs to user 7", "remove it",
		},
		"data for all to read": {
			func(f *fake) { f.files[data+"/logs"] = dir(0o755) }, "data-directory", Warning, "~/.local/share/locald/logs can be read", "chmod 700",
		},
		"no data yet": {
			func(f *fake) {
				maps.DeleteFunc(f.files, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, data) })
			},
			"data-directory", OK, "is made when it is needed", "",
		},
		"runtime of another": {
			func(f *fake) { f.private["/run/user/1000"] = errors.New("cannot use it: a link") }, "runtime-directory", Problem, "a link", "0700",
		},
		"no runtime directory": {
			func(f *fake) { f.refused = errors.New("cannot use /run/user/7: gone; log in again") }, "runtime-directory", Warning,
			"XDG_RUNTIME_DIR is not used: cannot use /run/user/7: gone. The socket is in /run/user/1000", "log in",
		},
		"a trusted directory that others can write to": {
			func(f *fake) {
				f.files["config.toml"] = file("[trust]\nprefixes = [\"~/mine\"]\n")
				f.private["/home/ann/mine"] = errors.New("it can be written by user 1001")
			},
			"configuration", Warning, "trust.prefixes: ~/mine is ignored: it can be written by user 1001", "run: ",
		},
		"a configuration that others can write to": {
			func(f *fake) {
				f.files["config.toml"] = file("[trust]\nprefixes = [\"~/mine\"]\n")
				f.private["config.toml"] = errors.New("it can be written by user 1001")
			},
			"configuration", Warning, "trust.prefixes of config.toml is ignored: it can be written by user 1001", "run: ",
		},
		"few descriptors": {
			func(f *fake) { f.hard = 128 }, "descriptors", Problem, "hard limit 128: enough for 12 services", "ulimit -Hn",
		},
		"few for so many services": {
			func(f *fake) { f.hard = 1024; f.reply.Services = 150 }, "descriptors", Problem, "enough for 192 services", "ulimit -Hn",
		},
		"no limit":       {func(f *fake) { f.hard = 1 << 63 }, "descriptors", OK, "hard limit none", ""},
		"no room":        {func(f *fake) { f.free = 3 << 20 }, "disk", Problem, "3 MiB are free", "room"},
		"little room":    {func(f *fake) { f.free = 300 << 20 }, "disk", Warning, "300 MiB are free", "locald forget --gone"},
		"a project gone": {func(f *fake) { delete(f.files, "home/ann/shop/Procfile") }, "records", Warning, "1 of 1 projects on record are gone: ~/shop", "locald forget --gone"},
		"a bad record":   {func(f *fake) { f.files[data+"/projects/shop-1.json.bad"] = file("{") }, "records", Warning, "shop-1.json.bad", "remove"},
		"a record of a path that is no text": {
			func(f *fake) { f.files[data+"/projects/x-2.json"] = file(`{"root":{"base64":"L3/k"}}`) }, "records", OK, "2 on record", "",
		},
	} {
		t.Run(name, func(t *testing.T) { spoilt(t, c.spoil, c.id, c.state, c.evidence, c.remedy) })
	}
}

func stamp(age time.Duration) *fstest.MapFile { return &fstest.MapFile{ModTime: now.Add(-age)} }

// spoilt examines a machine with one thing wrong and wants that to be found.
func spoilt(t *testing.T, spoil func(*fake), id, state, evidence, remedy string) {
	t.Helper()
	f := wellMachine()
	f.private = map[string]error{}
	spoil(f)
	p := wellPaths
	p.Refused = f.refused
	for _, found := range Examine(f, p) {
		if found.ID != id {
			continue
		}
		if found.State != state || !strings.Contains(found.Evidence, evidence) || !strings.Contains(found.Remedy, remedy) || (remedy == "") != (found.Remedy == "") {
			t.Errorf("%+v\nwant %s, evidence %q, remedy %q", found, state, evidence, remedy)
		}
		return
	}
	t.Errorf("there is no check %s", id)
}

func TestHook(t *testing.T) {
	unheard := func(f *fake) { f.reply.Shells = nil }
	for name, c := range map[string]struct {
		spoil            func(f *fake)
		id, state        string
		evidence, remedy string
	}{
		"no line": {
			func(f *fake) { unheard(f); f.files["home/ann/.bashrc"] = file("# eval \"$(locald hook bash)\"\n") },
			HookInstalled, Problem, "~/.bashrc has no line", `echo 'eval "$(locald hook bash)"' >> ~/.bashrc`,
		},
		"no line, but loaded": {func(f *fake) { delete(f.files, "home/ann/.bashrc") }, HookInstalled, OK, "does not read", ""},
		"in another file": {
			func(f *fake) {
				delete(f.files, "home/ann/.bashrc")
				f.files["home/ann/.bash_profile"] = file("eval \"$('/opt/x y/locald' hook bash)\"")
			},
			HookInstalled, OK, "~/.bash_profile", "",
		},
		"of another shell": {
			func(f *fake) { f.files["home/ann/.bashrc"] = file("eval \"$(locald hook zsh)\"") },
			HookInstalled, Problem, "has the hook of zsh", `eval "$(locald hook bash)"`,
		},
		"zsh": {
			func(f *fake) {
				f.env["SHELL"], f.env["ZDOTDIR"] = "/bin/zsh", "/home/ann/z"
				f.caller.JobControl = false // asked by a script
				f.files["home/ann/z/.zshrc"] = file("eval \"$(locald hook zsh)\"")
			},
			HookInstalled, OK, "~/z/.zshrc has the line for zsh", "",
		},
		"fish": {
			func(f *fake) {
				f.caller.Name = "fish" // started from the login shell
				f.files["home/ann/.config/fish/conf.d/l.fish"] = file("locald hook fish | source")
			},
			HookInstalled, OK, "conf.d/l.fish", "",
		},
		"a shell without a hook": {
			func(f *fake) { f.env["SHELL"] = "/bin/tcsh"; f.caller.Name = "tcsh" },
			HookInstalled, Warning, `SHELL is "/bin/tcsh"`, "locald up",
		},
		"SHELL unset": {func(f *fake) { f.env["SHELL"] = "" }, HookInstalled, OK, "bash", ""},

		"heard": {func(*fake) {}, HookLoaded, OK, "heard of bash (PID 7)", ""},
		"heard, now elsewhere": {
			func(f *fake) { f.reply.Shells[0].Root = "" }, HookLoaded, Warning, "somewhere other than ~/shop", "same line",
		},
		"left a project": {func(f *fake) { f.here = ""; f.reply.Shells[0].Root = "" }, HookLoaded, OK, "heard", ""},
		"PROMPT_COMMAND replaced": {
			unheard, HookLoaded, Problem, "bash (PID 7) is in ~/shop, and the daemon has not heard of it", "PROMPT_COMMAND",
		},
		"a PID used again": {func(f *fake) { f.caller.Start = 71 }, HookLoaded, Problem, "not heard", "exec bash"},
		"not loaded and no line": {
			func(f *fake) { unheard(f); delete(f.files, "home/ann/.bashrc") }, HookLoaded, Problem, "not heard", `load it now: eval "$(locald hook bash)"`,
		},
		"a login shell": {func(f *fake) { f.caller.Name = "-bash"; unheard(f) }, HookLoaded, Problem, "bash (PID 7)", "exec bash"},
		"in no project": {func(f *fake) { unheard(f); f.here = "" }, HookLoaded, Unknown, "no project here", ""},
		"in a script":   {func(f *fake) { unheard(f); f.caller.JobControl = false }, HookLoaded, Unknown, "not typed at the prompt", ""},
		"by make":       {func(f *fake) { unheard(f); f.caller.Name = "make" }, HookLoaded, Unknown, "not typed at the prompt", ""},
		"turned off":    {func(f *fake) { f.env["LOCALD_HOOK"] = "off" }, HookLoaded, Warning, "LOCALD_HOOK=off", "unset"},
		"no daemon":     {func(f *fake) { unheard(f); f.silent = client.ErrAbsent }, HookLoaded, Unknown, "no daemon is running", ""},
		"silent daemon": {func(f *fake) { unheard(f); f.silent = client.ErrSilent }, HookLoaded, Unknown, "no daemon to ask", ""},
	} {
		t.Run(name, func(t *testing.T) { spoilt(t, c.spoil, c.id, c.state, c.evidence, c.remedy) })
	}
}

// TestSocketFits counts bytes.
func TestSocketFits(t *testing.T) {
	long := wellPaths
	long.RuntimeDir = "/" + strings.Repeat("r", paths.SocketLimit()-len("//locald.sock"))
	for _, c := range []struct {
		runtime string
		want    string
	}{{wellPaths.RuntimeDir, OK}, {long.RuntimeDir, Problem}} {
		p := wellPaths
		p.RuntimeDir = c.runtime
		if got := socketFits(&machine{System: wellMachine(), paths: p}); got.State != c.want {
			t.Errorf("%d bytes: %+v, want %s", len(p.Socket()), got, c.want)
		}
	}
}

// TestReal asks this machine for everything once.
func TestReal(t *testing.T) {
	home, err := os.MkdirTemp("/tmp", "l")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	p := paths.Paths{Home: home, Data: home + "/data", RuntimeDir: home}
	s := Real(p)
	if caller := s.Caller(); caller.PID != os.Getppid() || caller.Name == "" {
		t.Errorf("the caller is %+v", caller)
	}
	if free, err := s.Free(home); err != nil || free == 0 {
		t.Errorf("free: %d, %v", free, err)
	}
	if soft, hard, err := s.Descriptors(); err != nil || soft == 0 || hard < soft {
		t.Errorf("descriptors: %d, %d, %v", soft, hard, err)
	}
	if _, err := s.Daemon(); !errors.Is(err, client.ErrAbsent) {
		t.Errorf("the daemon that is not there: %v", err)
	}
	for _, f := range Examine(s, p) {
		if f.ID == "sh" && f.State != OK || f.ID == "home" && f.State == Unknown {
			t.Errorf("%+v", f)
		}
	}
}
