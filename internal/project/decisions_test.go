package project

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// decided returns what a project's files decide, without the names of files and lines.
func decided(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	root := write(t, files)
	if _, ok := files["Procfile"]; !ok {
		writeFile(t, root+"/Procfile", "web: serve\n")
	}
	return read(t, root).decisions().reasons
}

// TestDecidesWhereverItIsSaid has the ways in which an entry of .env can come to decide.
func TestDecidesWhereverItIsSaid(t *testing.T) {
	const (
		searches = "decides where programs or their parts are looked up"
		inside   = "names something in the project"
		outside  = "names a path of which only the shell knows a part"
	)
	toml := func(env string) string { return "[services.web]\nenv = { " + env + " }\n" }
	tests := []struct {
		name  string
		files map[string]string
		want  map[string]string
	}{
		{"plain", map[string]string{".env": "A=1\nB=$A\n"}, map[string]string{}},
		{"a name", map[string]string{".env": "PATH=/opt/x\nA=1\n"}, map[string]string{"PATH": searches}},
		{
			"a reference of a name",
			map[string]string{".env": "PATH=$A:$PATH\nA=$B\nB=1\nC=1\n"},
			map[string]string{"PATH": searches, "A": "is used by PATH", "B": "is used by A"},
		},
		{
			"a reference in a default",
			map[string]string{".env": "A=1\nPATH=${X:-${A}}\n"},
			map[string]string{"PATH": searches, "A": "is used by PATH", "X": "is used by PATH"},
		},
		{
			"a name in locald.toml",
			map[string]string{
				".env": "TOOLS=1\nA=1\n", "locald.toml": toml(`PATH = "$TOOLS:/bin"`),
			},
			map[string]string{"PATH": searches, "TOOLS": "is used by PATH"},
		},
		{
			"by way of another of locald.toml",
			map[string]string{
				".env": "TOOLS=1\n", "locald.toml": toml(`T = "$TOOLS", PATH = "$T:/bin"`),
			},
			map[string]string{"PATH": searches, "T": "is used by PATH", "TOOLS": "is used by T"},
		},
		{
			"a value of locald.toml",
			map[string]string{
				".env": "TOOLS=evil\nA=1\n", "locald.toml": toml(`X = "./$TOOLS"`),
			},
			map[string]string{"X": inside, "TOOLS": "is used by X"},
		},
		{
			"a value that .env makes",
			map[string]string{
				".env": "TOOLS=..\n", "locald.toml": toml(`X = "${TOOLS}/evil"`),
			},
			map[string]string{"X": inside, "TOOLS": inside},
		},
		{
			"a command",
			map[string]string{
				"Procfile": "web: $RUN serve\nworker: sh -c 'eval \"\\$X\"; printenv Y'\n",
				".env":     "RUN=a\nX=b\nY=c\nZ=d\n",
			},
			map[string]string{
				"RUN": "is in the command of web",
				"X":   "is in the command of worker", "Y": "is in the command of worker",
			},
		},
		{
			"a reference of a command's",
			map[string]string{
				"Procfile": "web: $RUN serve\n", ".env": "RUN=$A\nA=b\n",
			},
			map[string]string{"RUN": "is in the command of web", "A": "is used by RUN"},
		},
		{
			"a command's by way of locald.toml",
			map[string]string{
				"Procfile": "web: $RUN serve\n", ".env": "A=b\n", "locald.toml": toml(`RUN = "$A"`),
			},
			map[string]string{"RUN": "is in the command of web", "A": "is used by RUN"},
		},
		{
			"the PORT of a command",
			map[string]string{
				"Procfile": "web: serve $PORT\n", ".env": "PORT=3000\n",
			},
			map[string]string{},
		},
		{
			"parts of a value",
			map[string]string{".env": "A=.\nB=$A/x\n"},
			map[string]string{"A": inside, "B": inside},
		},
		{
			"parts that are nothing by themselves",
			map[string]string{".env": "A=/\nB=$A${A}tmp\nC=${A}tm${X-}p/y\n"},
			map[string]string{
				"B": "names a place that others can write to",
				"C": outside,
				"A": "is used by B", "X": "is used by C",
			},
		},
		{
			"the working directory",
			map[string]string{".env": "A=$PWD/x\n"},
			map[string]string{"A": inside, "PWD": "is used by A"},
		},
		{
			"a directory of the shell's",
			map[string]string{".env": "A=$SOMEWHERE/x\nB=${ELSE:-/etc}/x\n"},
			map[string]string{
				"A": outside, "SOMEWHERE": "is used by A", "B": outside, "ELSE": "is used by B",
			},
		},
		{
			"addresses that locald makes",
			map[string]string{".env": "A=$LOCALD_WEB_URL/x\nB=http://localhost:${WEB_PORT}/x\n"},
			map[string]string{},
		},
		{
			"a password with a dollar",
			map[string]string{".env": "PASSWORD=a$b/c\nA=$b\n"},
			map[string]string{},
		},
		{
			"quotes and escapes",
			map[string]string{".env": "A='./x'\nB=\"\\./x\"\nC='$A/x'\n"},
			map[string]string{"A": inside, "B": inside, "C": inside},
		},
		{
			"one line of several",
			map[string]string{".env": "A=./x\nA=1\n", ".env.local": "A=2\n"},
			map[string]string{"A": inside},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decided(t, test.files)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestExpansionsDecide has values that are a path in some shell, whatever they look like in another.
func TestExpansionsDecide(t *testing.T) {
	for _, env := range []string{
		"X=${EVIL_PORT:-./evil}", "X=${LOCALD_EVIL_URL:-./evil}", "X=${PORT:-./evil}",
		"X=${WEB_PORT:-./evil}", "PORT=1\nX=${PORT:-./evil}", "X=.${EVIL_PORT:-/}evil",
		"X=.$SHELL", "X=e$SHELL", "X=e${SHELL}", "X=x${PWD}", "X=x$OLDPWD", "X=$A$B", "X=$A/x",
		"X=${EVIL_PORT:---require} foo", "X=-${EVIL_PORT:-x}", "X=-$TERM", "X=${PORT:-/tmp/evil}",
		"A=$SHELL\nX=.$A", "A=${NO:-./}\nX=${A}evil", "A=${NO:-}\nX=${A:-./evil}",
		"X=${PORT:-http://a.b}${NO:-/}evil", "X=http://a.b/${NO:- }${TERM:-http://c.d/}evil/x",
		"A=${TERM:-http://c.d/}\nB=${NO:- }\nX=http://a.b/$B${A}evil/x", "X=a:$SHELL", "X=x=$SHELL",
		"X=http$A://b.c/d",
	} {
		if decided(t, map[string]string{".env": env + "\n"})["X"] == "" {
			t.Errorf("%q is free", env)
		}
	}
	for _, env := range []string{
		"X=$SHELL", "X=$A $B", "X=http://localhost:$PORT/x", "X=http://localhost:${PORT:-3000}/x",
		"X=${X:-postgres://a:b@localhost/c}", "X=http://a.b/$C/${D:-d}", "X=$LOCALD_WEB_URL/x",
		"X=${A:-plain}", "X=web-$WEB_PORT", "A=plain\nX=${A:-./evil}", "X=a,$B,${C:-d}",
		"X=redis://${HOST:-localhost}:${PORT:-6379}/0",
	} {
		if why := decided(t, map[string]string{".env": env + "\n"})["X"]; why != "" {
			t.Errorf("%q %s", env, why)
		}
	}
}

// TestEnvAsCode has a .env that something else than locald reads, to which it is a script.
func TestEnvAsCode(t *testing.T) {
	for _, test := range []struct {
		name, command, before, after string
		asks                         bool
	}{
		{"sourced", "web: . ./.env; serve", "A=1\n", "A=1; sh evil\n", true},
		{"sourced by its path", "web: . $PWD/.env && serve", "A=1\n", "A=2\n", true},
		{"an option of a program", "web: node --env-file=.env app", "A=1\n", "A=2\n", true},
		{"quoted", "web: sh -c 'source \".env\"'", "A=1\n", "# 2\nA=1\n", true},
		{"of another name", "web: . ./.env.local; serve", "A=1\n", "A=2\n", false},
		{"part of a name", "web: . ./x.env", "A=1\n", "A=2\n", false},
		{"a line that is no entry", "web: make", "A=1\n", "A=1\nsh evil x\n", true},
		{"another such line", "web: make", "sh good\n", "sh evil\n", true},
		{"no such line any more", "web: make", "sh good\nA=1\n", "A=1\n", true},
		{"an assignment of make", "web: make", "A=1\n", "A:=1\n", true},
		{"a function of make in braces", "web: make", "A=1\n", "A=${shell sh evil x}\n", true},
		{"a substitution", "web: make", "A=1\n", "A=$(sh evil x)\n", true},
		{"a substitution in quotes", "web: make", "A=1\n", "A=\"$(sh evil x)\"\n", true},
		{"a backquote", "web: make", "A=1\n", "A=`sh evil`\n", true},
		{"in a password", "web: make", "A=1\n", "DB_PASSWORD=$(sh evil)\n", true},
		{"in a comment", "web: make", "A=1\n", "A=1 # $(x)\n# `x`\n", false},
		{"a price", "web: make", "A=1\n", "A=$5\nB=a$\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := write(t, map[string]string{"Procfile": test.command + "\n", ".env": test.before})
			approved := read(t, root)
			writeFile(t, root+"/.env", test.after)
			changed := read(t, root)
			if asks := approved.Digest() != changed.Digest(); asks != test.asks {
				t.Errorf("asks: %v, want %v", asks, test.asks)
			}
			if asks := len(approved.Differing(changed)) > 0; asks != test.asks {
				t.Errorf("Differing says %q", approved.Differing(changed))
			}
		})
	}
	root := write(t, map[string]string{
		"Procfile": "web: . ./.env\n", ".env": "PATH=/x\n\nsh evil\n", ".env.local": "x:=1\n",
	})
	want := []string{
		".env counts as a whole: it is in the command of web",
		"PATH (.env:1) decides where programs or their parts are looked up",
		"a line (.env:3) is not a setting, and may be code to what else reads it",
		"a line (.env.local:1) is not a setting, and may be code to what else reads it",
	}
	if diff := cmp.Diff(want, read(t, root).DangerousEntries()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDigestFollowsWhatLocaldTomlUses changes .env alone, below an unchanged locald.toml.
func TestDigestFollowsWhatLocaldTomlUses(t *testing.T) {
	root := write(t, map[string]string{
		"Procfile": "web: $RUN\n", ".env": "TOOLS=/opt/a\nRUN=a\nA=1\n",
		"locald.toml": "[services.web]\nenv = { PATH = \"$TOOLS:/bin\" }\n",
	})
	approved := read(t, root).Digest()
	for text, changes := range map[string]bool{
		"TOOLS=/opt/a\nRUN=a\nA=2\n": false,
		"TOOLS=/opt/b\nRUN=a\nA=1\n": true,
		"TOOLS=/opt/a\nRUN=b\nA=1\n": true,
		"RUN=a\nA=1\n":               true,
	} {
		writeFile(t, root+"/.env", text)
		if got := read(t, root).Digest() != approved; got != changes {
			t.Errorf("%q: digest changed: %v, want %v", text, got, changes)
		}
	}
}

// TestApprovalsStayValid holds digests of contents from before there were families and rules.
func TestApprovalsStayValid(t *testing.T) {
	has := func(name, text string) source { return source{name, true, []byte(text)} }
	manifest := []source{{name: "Procfile.dev"}, has("Procfile", "web: a\n"), {name: "locald.toml"}}
	env := "A=1\nPATH=$TOOLS/bin:$PATH\nTOOLS=/opt\nDATABASE_URL=postgres://a:b@c/d\n"
	f := &Files{root: "/a", manifest: manifest, env: []dotenv{
		cutDotenv(has(".env", env)), cutDotenv(source{name: ".env.local"}),
	}}
	if got, want := f.Digest(), "sha256:157fbf6c985a3bde1e647595207249bd5146183342f1b89934941a389e076822"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// TestNothingIsJudgedForever has files that are made to be expensive: then all their bytes count,
// so that no entry decides unseen, and the digest is had in time that grows as the file does.
func TestNothingIsJudgedForever(t *testing.T) {
	doubling := "A0=" + strings.Repeat("x", 1000) + "\n"
	for i := range 100 {
		doubling += fmt.Sprintf("A%d=$A%d$A%d\n", i+1, i, i)
	}
	for name, text := range map[string]string{
		"entries":  strings.Repeat("A=1\n", maxJudged+1),
		"doubling": doubling,
		"deep":     "A=" + strings.Repeat("${B:-", 20) + strings.Repeat("}", 20) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			root := write(t, map[string]string{"Procfile": "web: a\n", ".env": text + "Z=1\n"})
			before := read(t, root)
			want := []string{".env counts as a whole: " +
				"it has too many entries or references to tell which of them decide"}
			if diff := cmp.Diff(want, before.DangerousEntries()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			writeFile(t, root+"/.env", text+"Z=2\n")
			if before.Digest() == read(t, root).Digest() {
				t.Error("an entry changed and the digest did not")
			}
		})
	}
}

// TestDigestCost has the dearest of the largest files. What grows faster than the file would take minutes,
// so this holds on any machine and with the race detector, too.
func TestDigestCost(t *testing.T) {
	line := func(text string, n int) string { return strings.Repeat(text, n/len(text)) }
	shapes := map[string]func(n int) string{
		"entries":    func(n int) string { return line("A=$A\n", n) },
		"one value":  func(n int) string { return "A=\"" + line(`\nx:y http://z `, n-9) + "\"\n" },
		"places":     func(n int) string { return "A_TZ=" + line("Asia/x:", n-9) + "\n" },
		"references": func(n int) string { return "A=" + line("${B:-$C}", n-9) + "\n" },
		"long lines": func(n int) string { return line("A="+strings.Repeat("x/", 500)+"\n", n) },
		"one name":   func(n int) string { return line("A", n-9) + "=1\n" },
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			if took := digestTime(shape(maxFileSize)); took > time.Second {
				t.Errorf("it takes %v", took)
			}
		})
	}
}

// digestTime is the least processor time of several tries: other processes do not count.
func digestTime(text string) time.Duration {
	least := time.Hour
	for range 3 {
		f := &Files{env: []dotenv{cutDotenv(source{".env", true, []byte(text)})}}
		start := processorTime()
		f.Digest()
		least = min(least, processorTime()-start)
	}
	return least
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano())
}
