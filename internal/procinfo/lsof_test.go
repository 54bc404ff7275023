package procinfo

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// lsofListen is what lsof -nP -w -iTCP -sTCP:LISTEN -Fpn prints: the descriptor is always among the
// fields.
//
//go:embed testdata/macos_lsof_listen
var lsofListen string

// lsofOpen is what lsof -nP -w -p PID -Fn prints of a program in a directory whose name ends in a
// blank. The last line is cut off.
//
//go:embed testdata/macos_lsof_open
var lsofOpen string

func TestParseListeners(t *testing.T) {
	const allKinds = "map[512:[7000 7000 5000] 83312:[3000 3000 49153] 83420:[8080]]"
	for name, c := range map[string]struct {
		out, want string
	}{
		"all kinds":               {lsofListen, allKinds},
		"nothing":                 {"", "map[]"},
		"a name cut off":          {"p7\nf3\nn127.0.0.1:80", "map[7:[80]]"},
		"cut off at the port":     {"p7\nf3\nn127.0.0.1:", "map[]"},
		"cut off at the field":    {"p7\nf3\nn", "map[]"},
		"any port":                {"p7\nf3\nn*:*\n", "map[]"},
		"a connection":            {"p7\nf3\nn127.0.0.1:3000->127.0.0.1:61223\n", "map[]"},
		"a connection of IPv6":    {"p7\nf3\nn[::1]:3000->[::1]:61223\n", "map[]"},
		"nobody's":                {"f3\nn*:80\n", "map[]"},
		"a process of letters":    {"p7\nf3\nn*:80\npx\nf3\nn*:81\n", "map[7:[80]]"},
		"ports that are none":     {"p7\nn*:0\nn*:65536\nn*:-1\nn*:http\nn80\nn:\n", "map[]"},
		"unknown":                 {"p7\n\ncnode\nu501\nn*:80\nTST=LISTEN\n\n", "map[7:[80]]"},
		"a process twice":         {"p7\nn*:80\np8\nn*:81\np7\nn*:82", "map[7:[80 82] 8:[81]]"},
		"a negative process":      {"p-7\nn*:80\n", "map[]"},
		"CRLF":                    {"p7\r\nn*:80\r\n", "map[]"},
		"bytes that are not text": {"p7\nn\xff\xfe:80\n", "map[7:[80]]"},
		"a scope of IPv6":         {"p7\nn[fe80::1%lo0]:443\n", "map[7:[443]]"},
		"a process out of range":  {"p99999999999999999999\nn*:80\n", "map[]"},
	} {
		if got := parseListeners(c.out); fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestParseNames(t *testing.T) {
	want := []string{
		"/Users/ann/src/my shop ", "/opt/homebrew/Cellar/node/24.1.0/bin/node", "/dev/ttys004",
		"count=0, state=0xa", "->0x6a1dd5e6b0d4c2a5", `/tmp/two\nlines`,
		"127.0.0.1:3000->127.0.0.1:61223", "/dev/tt",
	}
	if got := parseNames(lsofOpen); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := parseNames(""); len(got) != 0 {
		t.Errorf("of nothing: %q", got)
	}
}

// Status 1 is both "found nothing" and "failed": an error must not be taken for an empty world.
func TestLsofFound(t *testing.T) {
	run := errors.New("exit status 1")
	for name, c := range map[string]struct {
		status     int
		complaints string
		err        error
		want       string
	}{
		"found":                {0, "", nil, ""},
		"nothing fits":         {1, "", run, ""},
		"a blank line":         {1, "\n", run, ""},
		"a complaint":          {1, "lsof: no pwd entry\nlsof: more\n", run, "lsof: no pwd entry"},
		"killed":               {-1, "", errors.New("signal: killed"), "signal: killed"},
		"too slow":             {-1, "", errors.New("took too long"), "took too long"},
		"not there":            {-1, "", errors.New("no such file"), "no such file"},
		"another exit status":  {2, "", errors.New("exit status 2"), "exit status 2"},
		"well, with a warning": {0, "lsof: WARNING: can't stat() nfs file system\n", nil, ""},
	} {
		err := lsofFound(c.status, c.complaints, c.err)
		if (c.want == "") != (err == nil) || err != nil && !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzLsof(f *testing.F) {
	f.Add(lsofListen)
	f.Add("p7\nf3\nn127.0.0.1:3000->127.0.0.1:61223\nn*:*\nn[::1]:")
	f.Fuzz(func(t *testing.T, out string) {
		for pid, ports := range parseListeners(out) {
			if pid <= 0 || len(ports) == 0 || slices.Min(ports) < 1 || slices.Max(ports) > 65535 {
				t.Errorf("%q: process %d listens on %v", out, pid, ports)
			}
		}
		for _, name := range parseNames(out) {
			if name == "" || strings.Contains(name, "\n") {
				t.Errorf("%q: a name %q", out, name)
			}
		}
	})
}
