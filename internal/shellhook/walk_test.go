package shellhook

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hostileNames are directory names that a shell may read as something else than a name.
var hostileNames = []string{
	"with space", " leading", "trailing ", "it's", `dou"ble`, "$(touch EXECUTED)", "`touch EXECUTED`", "new\nline", "\nline", "end\n",
	"esc\x1b[31m", "-rf", "--", "!!", "*", "[a]", "~", "=ls", "#", "a;b", "back\\slash", "not\xffutf8", "ünï", "%s%n", "{a,b}", "$HOME", "=", "(", "!",
}

func TestNames(t *testing.T) {
	play(t, []scenario{{name: "hostile directory names", steps: func(w *world) {
		for i, name := range hostileNames {
			// The shell reaches the name through a glob, so that no quoting of the test's is on
			// trial.
			base := filepath.Join(w.dir, "names", strconv.Itoa(i))
			root := filepath.Join(base, name)
			mkdir(w.t, filepath.Join(root, "sub"))
			write(w.t, filepath.Join(root, "Procfile"), "")
			w.do("cd $D/names/"+filepath.Base(base)+"/*/sub", root)
			w.do("cd $D/plain", outside)
		}
		if matches, _ := filepath.Glob(filepath.Join(w.dir, "names", "*", "EXECUTED")); len(matches) > 0 {
			w.t.Errorf("a directory's name was executed: %v", matches)
		}
	}}})
}

// at is the directory that the only call since the last check named, as the kernel resolves it.
func (w *world) at(line string) string {
	w.t.Helper()
	w.Run(line)
	calls := w.calls()
	if len(calls) != 1 || len(calls[0].Args) != 3 {
		w.t.Fatalf("%s: %d calls, want one", line, len(calls))
	}
	root := string(calls[0].Args[2])
	if !filepath.IsAbs(root) {
		w.t.Fatalf("%s: delivered %q", line, root)
	}
	info, err := os.Stat(root)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"proj", "other", "proj/nested"} {
		if want, err := os.Stat(filepath.Join(w.dir, name)); err == nil && os.SameFile(info, want) {
			return name
		}
	}
	return root
}

func TestLinks(t *testing.T) {
	play(t, []scenario{
		{name: "to the root", steps: func(w *world) {
			w.Run("ln -s $D/proj $D/plain/link")
			w.do("cd $D/plain/link/sub", "plain/link")
			w.do("cd $D/plain", outside)
			w.do("cd $D/proj", "proj")
		}},
		{name: "into a project", steps: func(w *world) {
			w.Run("ln -s $D/proj/sub $D/plain/into")
			if got := w.at("cd $D/plain/into"); got != "proj" {
				w.t.Errorf("root is %q", got)
			}
			w.do("cd deep")
			w.do("cd ..")
			w.do("cd $D/plain", outside)
			if got := w.at("cd $D/plain/into/deep"); got != "proj" {
				w.t.Errorf("root is %q", got)
			}
		}},
		{name: "the logical path wins", steps: func(w *world) {
			w.Run("ln -s $D/proj/sub $D/other/in/into")
			w.do("cd $D/other/in/into/deep", "other")
		}},
		{name: "to where no project is", steps: func(w *world) {
			w.Run("ln -s $D/plain/x $D/link")
			w.do("cd $D/link/y")
			w.do("cd $D/link")
			w.do("ln -s / $D/top; cd $D/top; cd usr")
		}},
		{name: "not past the home", steps: func(w *world) {
			// The target lies below the home, which holds a Procfile of its own.
			w.Run("mkdir -p $HOME/below/it; echo >$HOME/Procfile; ln -s $HOME/below/it $D/link")
			w.do("cd $D/link")
		}},
	})
}

func TestCeilings(t *testing.T) {
	play(t, []scenario{
		{name: "home", steps: func(w *world) {
			write(w.t, filepath.Join(w.Home(), "Procfile"), "")
			write(w.t, filepath.Join(filepath.Dir(w.Home()), "Procfile"), "")
			w.do("mkdir -p ~/src/a; cd ~/src/a")
			w.do("cd ~")
			w.do("export HOME=$HOME/; cd ~/src")
			w.do("echo >$HOME/src/Procfile; cd a", filepath.Join(w.Home(), "src"))
		}},
		{name: "a home that is a link", steps: func(w *world) {
			w.Run("mkdir -p ~/real/src; echo >~/real/Procfile; ln -s real ~/link; export HOME=$HOME/link")
			w.do("cd ~/src")
			w.do("cd $HOME/../real/src")
		}},
		{name: "directories shared by many", steps: func(w *world) {
			// One of the names in the hook becomes the tree itself.
			hook, err := os.ReadFile(w.dir + "/hook")
			if err != nil {
				w.t.Fatal(err)
			}
			write(w.t, w.dir+"/hook", strings.ReplaceAll(string(hook), "/Users", w.dir))
			write(w.t, w.dir+"/Procfile", "")
			w.Run("exec " + w.kind)
			w.do("cd $D/plain/x")
			w.do("cd $D")
			w.do("cd $D/proj", "proj")
			w.do("ln -s plain $D/proj/out; ln -s $D/plain $D/plain/self; cd $D/plain/self/x", outside)
		}},
	})
}

// Only a regular file makes a project.
func TestNotAProcfile(t *testing.T) {
	play(t, []scenario{{name: "no regular file", steps: func(w *world) {
		mkdir(w.t, filepath.Join(w.dir, "plain/x/Procfile"))
		if err := unix.Mkfifo(filepath.Join(w.dir, "plain/Procfile"), 0o600); err != nil {
			w.t.Fatal(err)
		}
		w.do("cd $D/plain/x/y")
		w.do("ln -s nowhere $D/plain/x/y/Procfile; cd ..")
		w.do("cd y")
		w.do("ln -s $D/proj/Procfile $D/plain/x/y/Procfile.dev; cd $D")
		w.do("cd $D/plain/x/y", "plain/x/y")
	}}})
}

func TestDirectoryGone(t *testing.T) {
	play(t, []scenario{
		{name: "removed", steps: func(w *world) {
			w.do("cd $D/proj/sub", "proj")
			w.prints("rm -r $D/proj", "")
			w.prints("", "")
			if got := w.do("cd $D", outside); got != "" {
				w.t.Errorf("printed %q", got)
			}
		}},
		{name: "removed behind a link", steps: func(w *world) {
			w.do("ln -s $D/plain/x $D/link; cd $D/link/y; rm -r $D/plain")
			w.prints("", "")
			w.prints("cd $D", "")
		}},
		{name: "a new Procfile is noticed at the next change", steps: func(w *world) {
			w.do("cd $D/plain/x")
			w.do("echo >$D/plain/Procfile")
			w.do("cd y", "plain")
			w.do("rm $D/plain/Procfile")
			w.do("cd ..", outside)
		}},
	})
}
