package shellhook

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/locald/locald/internal/shelltest"
)

func TestRegistration(t *testing.T) {
	again := func(kind string) string {
		if kind == "fish" {
			return `cat "$D/hook" | source`
		}
		return `eval "$(cat "$D/hook")"`
	}
	handlers := map[string]string{
		"bash": `printf '%s\n' "${PROMPT_COMMAND[@]}" | grep -c _locald_hook`,
		"zsh":  `print -l $precmd_functions | grep -c _locald_hook`,
		"fish": "functions --handlers | grep -c _locald_hook",
	}
	play(t, []scenario{
		{name: "evaluated again", setup: setup{dir: "proj"}, steps: func(w *world) {
			w.delivered("first prompt", "proj")
			w.do(again(w.kind))
			w.do(again(w.kind) + "; " + again(w.kind))
			w.prints(handlers[w.kind], "1\n")
			w.do("cd $D/other", "other")
		}},
		{name: "evaluated at the prompt first", steps: func(w *world) {
			w.Run("exec " + w.kind)
			w.do("cd $D/proj", "proj")
		}},
		{name: "lost and evaluated again", shells: only("bash"), steps: func(w *world) {
			w.do("PROMPT_COMMAND=x=1; " + again("bash"))
			w.prints(handlers["bash"], "1\n")
			w.do("cd $D/proj", "proj")
		}},
		{name: "re-evaluated under ksh_arrays", shells: only("zsh"), steps: func(w *world) {
			w.do("setopt ksh_arrays; " + again("zsh"))
			w.do("unsetopt ksh_arrays")
			w.prints(handlers["zsh"], "1\n")
		}},
		{name: "other precmd functions stay", shells: only("zsh"), setup: setup{before: "mine() { seen=$?; }; precmd_functions=(mine)"}, steps: func(w *world) {
			w.do("cd $D/proj; (exit 3)", "proj")
			w.prints("echo $seen $precmd_functions", "3 mine _locald_hook\n")
		}},
		{name: "the binary is gone", steps: func(w *world) {
			w.do("rm -r $D/bin")
			w.prints("cd $D/proj", "")
			w.prints("cd /", "")
		}},
		{name: "LOCALD_HOOK", steps: func(w *world) {
			w.do("export LOCALD_HOOK=off")
			w.do("cd $D/proj")
			w.do("export LOCALD_HOOK=on")
			w.do("cd sub", "proj")
			w.do("export LOCALD_HOOK=off")
			w.do("cd /")
			w.do("export LOCALD_HOOK=")
			w.do("cd /usr", outside)
		}},
		{name: "not delivered, but soon", steps: func(w *world) {
			w.do("export " + envExit + "=75")
			w.do("cd $D/proj", "proj")
			w.do("", "proj")
			w.do("export "+envExit+"=", "proj")
			w.do("")
			w.do("cd sub")
		}},
		{name: "not delivered", steps: func(w *world) {
			w.do("export " + envExit + "=1")
			w.do("cd $D/proj", "proj")
			w.do("")
			w.do("cd sub", "proj")
			w.do("cd $D/plain", outside)
			w.do("export " + envExit + "=")
			w.do("cd /", outside)
			w.do("cd /usr")
		}},
	})
}

func TestPromptCommand(t *testing.T) {
	play(t, scenariosOf(map[string]promptCommand{
		"unset":             {before: "unset PROMPT_COMMAND"},
		"empty":             {before: "PROMPT_COMMAND="},
		"string":            {before: `PROMPT_COMMAND='mine=$((mine + 1))'`, counts: true},
		"ends in semicolon": {before: `PROMPT_COMMAND='mine=$((mine + 1));  '`, counts: true},
		"ends in a comment": {before: `PROMPT_COMMAND='mine=$((mine + 1)) # mine'`, counts: true},
		"array":             {before: `PROMPT_COMMAND=('mine=$((mine + 1))' 'true;  ')`, counts: true},
		"ours first":        {before: `PROMPT_COMMAND=(_locald_hook 'mine=$((mine + 1))')`, counts: true},
		"exported":          {before: `export PROMPT_COMMAND='mine=$((mine + 1));'`, counts: true},
		"exported empty":    {before: `export PROMPT_COMMAND=`},
		"string added":      {after: `PROMPT_COMMAND="$PROMPT_COMMAND; mine=\$((mine + 1))"`, counts: true},
		"array added":       {after: `PROMPT_COMMAND+=('mine=$((mine + 1))')`, counts: true},
		"posix":             {before: `set -o posix; PROMPT_COMMAND='mine=$((mine + 1))'`, counts: true},
		"old bash, string":  {before: `PROMPT_COMMAND='mine=$((mine + 1));  '`, counts: true, old: true},
		"old bash, unset":   {before: `unset PROMPT_COMMAND`, old: true},
		"old bash, added":   {before: `unset PROMPT_COMMAND`, after: `PROMPT_COMMAND="$PROMPT_COMMAND; mine=\$((mine + 1))"`, counts: true, old: true},
	}))
}

// promptCommand is what a person's start-up file does to PROMPT_COMMAND around the hook. counts
// says that theirs adds one to mine at each prompt. old takes the branch of a bash before 5.1, as
// far as a newer one can.
type promptCommand struct {
	before, after string
	counts, old   bool
}

func scenariosOf(cases map[string]promptCommand) []scenario {
	var all []scenario
	for name, c := range cases {
		all = append(all, scenario{name: name, shells: only("bash"), setup: setup{before: c.before, after: c.after}, steps: func(w *world) {
			if c.old {
				w.asOldBash(c)
			}
			w.do("mine=0")
			if got := w.do("cd $D/proj; sh -c 'exit 5'", "proj"); got != "" || w.Status() != 5 {
				w.t.Errorf("printed %q, status %d", got, w.Status())
			}
			w.do("cd $D/plain", outside)
			if c.counts {
				w.prints("echo $mine", "3\n")
			}
			w.prints("bash --norc -i 2>&1 </dev/null | grep -v '^bash-\\|exit'", "")
		}})
	}
	return all
}

// asOldBash starts a shell over with a hook whose test of the version says 3.2.
func (w *world) asOldBash(c promptCommand) {
	w.t.Helper()
	hook, err := os.ReadFile(w.dir + "/hook")
	if err != nil {
		w.t.Fatal(err)
	}
	old := strings.Replace(string(hook), ">= 501", ">= 99999", 1)
	if old == string(hook) {
		w.t.Fatal("the test of bash's version is not where this test expects it")
	}
	write(w.t, w.dir+"/hook", old)
	w.Run("exec bash")
	w.prints("declare -p PROMPT_COMMAND | grep -c 'declare -a'", "0\n")
}

// A read-only PROMPT_COMMAND costs the hook, not the rest of the start-up file.
func TestReadOnlyPromptCommand(t *testing.T) {
	for _, mode := range []string{"", "; set -e", "; set -o posix"} {
		w := newBareWorld(t, "bash", "readonly PROMPT_COMMAND=true"+mode+"\n"+evaluate("bash")+"\necho rest of the file")
		printed := w.Greeting()
		if strings.Count(printed, "read-only") != 1 || !strings.HasPrefix(printed, "locald: cannot install the prompt hook: ") ||
			!strings.HasSuffix(printed, "\nrest of the file\n") {
			t.Errorf("readonly%s: printed %q", mode, printed)
		}
		w.prints("cd $D/proj", "")
	}
}

// Nothing is registered where no person sits at a prompt of their own.
func TestNotRegistered(t *testing.T) {
	for _, kind := range everyShell {
		t.Run(kind, func(t *testing.T) {
			path := shelltest.Need(t, kind)
			dir := newTree(t)
			newClient(t, kind, dir)
			home := t.TempDir()
			for _, c := range []struct {
				name  string
				env   []string
				flags []string
			}{
				{"non-interactive", nil, []string{"-c"}},
				{"an editor resolving the environment", []string{"VSCODE_RESOLVING_ENVIRONMENT=1"}, []string{"-l", "-i", "-c"}},
			} {
				cmd := exec.Command(path, append(c.flags, evaluate(kind)+"; typeset -f _locald_hook; functions _locald_hook; true")...)
				cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "ZDOTDIR=" + home, "XDG_DATA_HOME=" + home, "D=" + dir}, c.env...)
				out, err := cmd.Output()
				if err != nil || strings.Contains(string(out), "_locald_hook") {
					t.Errorf("%s: printed %q, %v", c.name, out, err)
				}
			}
		})
	}
}

// A home that belongs to somebody else is what `sudo -s` leaves behind.
func TestForeignHome(t *testing.T) {
	for _, kind := range everyShell {
		t.Run(kind, func(t *testing.T) {
			w := newBareWorld(t, kind, "")
			foreign := "/" // root's, so not ours unless we are root, who can give a directory away
			if os.Geteuid() == 0 {
				foreign = t.TempDir()
				if err := os.Chown(foreign, 12345, -1); err != nil {
					t.Fatal(err)
				}
			}
			w.do("export HOME=" + foreign + "; " + evaluate(kind))
			w.do("cd $D/proj")
			w.do("export HOME="+w.Home()+"; "+evaluate(kind), "proj")
		})
	}
}
