package shellhook

import (
	"fmt"
	"strings"
	"testing"
)

// What a person does at a prompt must look the same with the hook as without.
func TestUndisturbed(t *testing.T) {
	play(t, []scenario{
		{name: "exit status", steps: func(w *world) {
			for _, line := range []string{"sh -c 'exit 7'", "cd $D/proj; sh -c 'exit 9'", "cd /; false"} {
				w.Run(line)
				want := map[string]int{"7'": 7, "9'": 9, "se": 1}[line[len(line)-2:]]
				if w.Status() != want {
					w.t.Errorf("the prompt after %q shows status %d, want %d", line, w.Status(), want)
				}
				if got := w.Run(map[bool]string{true: "echo $status", false: "echo $?"}[w.kind == "fish"]); got != fmt.Sprintf("%d\n", want) {
					w.t.Errorf("status after %q: %q, want %d", line, got, want)
				}
			}
		}},
		{name: "status for what others append", shells: only("bash"), setup: setup{
			after: `PROMPT_COMMAND="$PROMPT_COMMAND; seen=\$?"`,
		}, steps: func(w *world) {
			w.do("cd $D/proj; (exit 42)", "proj")
			w.prints("echo $seen", "42\n")
		}},
		{name: "pipe status", steps: func(w *world) {
			w.do("cd $D/proj; false | true | false", "proj")
			w.prints(map[string]string{
				"bash": "echo ${PIPESTATUS[@]}", "zsh": "echo $pipestatus", "fish": "echo $pipestatus",
			}[w.kind], "1 0 1\n")
		}},
		{name: "last argument", shells: only("bash"), steps: func(w *world) {
			w.do("cd $D/proj; : one two", "proj")
			w.prints("echo $_", "two\n")
		}},
		{name: "background job", steps: func(w *world) {
			w.Run("sleep 300 &")
			last := map[bool]string{true: "$last_pid", false: "$!"}[w.kind == "fish"]
			before := w.Run("echo " + last)
			w.do("cd $D/proj", "proj")
			w.prints("echo "+last, before)
			if jobs := w.Run("jobs"); strings.Count(jobs, "sleep") != 1 || strings.Contains(jobs, "client") {
				w.t.Errorf("jobs: %q", jobs)
			}
			w.Run("kill %1")
		}},
		{name: "traps", shells: only("bash", "zsh"), setup: setup{
			before: "trap 'echo INT' INT; trap 'echo BYE' EXIT",
		}, steps: func(w *world) {
			list := map[string]string{"bash": "trap -p", "zsh": "trap"}[w.kind]
			before := w.Run(list)
			w.do("cd $D/proj", "proj")
			if after := w.Run(list); after != before || !strings.Contains(after, "echo INT") {
				w.t.Errorf("traps were %q, are %q", before, after)
			}
		}},
		{name: "an ERR trap fires once", shells: only("bash"), setup: setup{after: "trap 'echo oops' ERR"}, steps: func(w *world) {
			w.prints("false", "oops\n")
			if got := w.do("cd $D/proj; false", "proj"); got != "oops\n" {
				w.t.Errorf("printed %q", got)
			}
		}},
		{name: "a ZERR trap fires once", shells: only("zsh"), setup: setup{after: "trap 'echo oops' ZERR"}, steps: func(w *world) {
			w.prints("false", "oops\n")
			if got := w.do("cd $D/proj; false", "proj"); got != "oops\n" {
				w.t.Errorf("printed %q", got)
			}
		}},
		{name: "no state reaches a child", steps: func(w *world) {
			if w.kind != "fish" {
				w.Run("set -a")
			}
			w.do("cd $D/proj", "proj")
			w.prints("env | grep -c ^_locald", "0\n")
		}},
		{name: "no state reaches a child although all is exported from the start", shells: only("bash", "zsh"), setup: setup{before: "set -a"}, steps: func(w *world) {
			w.do("cd $D/proj", "proj")
			w.prints("env | grep -c ^_locald", "0\n")
		}},
	})
}

// TestOptions plays one walk in shells whose options break careless code.
func TestOptions(t *testing.T) {
	var scenarios []scenario
	for kind, options := range map[string][]string{
		"bash": {
			"set -e", "set -u", "set -eu", "set -f", "set -C", "set -o posix", "shopt -s nocasematch", "IFS=/prc1", "set -a",
			"set -euo pipefail; shopt -s nullglob failglob extglob", "shopt -s inherit_errexit; set -e", "unset HOME; set -u",
		},
		"zsh": {
			"setopt ksh_arrays", "setopt sh_word_split", "setopt warn_create_global", "setopt posix_identifiers", "setopt glob_subst",
			"setopt no_unset", "setopt err_exit", "setopt err_return", "setopt null_glob", "setopt no_clobber", "setopt all_export", "setopt csh_null_glob",
			"setopt sh_glob ksh_glob extended_glob", "setopt warn_nested_var", "setopt no_multi_os rc_quotes", "setopt posix_aliases posix_builtins",
			"setopt no_match no_bang_hist no_equals", "emulate sh; setopt prompt_subst", "emulate ksh; setopt prompt_subst", "IFS=/prc1",
			"unset HOME; setopt no_unset",
		},
		"fish": {"set -e HOME", "set -g IFS ''", "set -g IFS /", "set -gx dir /; set -gx parts x; set -gx physical y"},
	} {
		for _, o := range options {
			for place, s := range map[string]setup{"before": {before: o}, "after": {after: o}} {
				if strings.Contains(o, "HOME") && place == "before" {
					continue // no home, no hook
				}
				scenarios = append(scenarios, scenario{name: place + " " + strings.ReplaceAll(o, "/", "%"), shells: only(kind), setup: s, steps: walk})
			}
		}
	}
	play(t, scenarios)
}

// walk enters and leaves projects, and wants silence.
func walk(w *world) {
	w.t.Helper()
	for _, step := range []struct {
		line string
		root []string
	}{
		{"cd $D/proj/sub", []string{"proj"}},
		{"", nil},
		{"cd $D/plain", []string{outside}},
		{"cd $D/other", []string{"other"}},
	} {
		if got := w.do(strings.ReplaceAll(step.line, "$D", `"$D"`), step.root...); got != "" {
			w.t.Errorf("%s: printed %q", step.line, got)
		}
	}
}

// A person may have given any of the hook's words another meaning.
func TestNamesTaken(t *testing.T) {
	words := "cd local printf echo test typeset export declare unset unfunction return at contains realpath functions"
	alias := "for w in " + words + " '['; do alias \"$w=echo ALIAS\"; done"
	function := `for w in ` + words + ` '['; do eval "function $w { builtin echo FUNCTION; }"; done`
	// The steps and the driver need a cd that works.
	mend := "; unalias cd 2>/dev/null; unset -f cd 2>/dev/null; builtin unset -f cd"
	play(t, []scenario{
		{name: "aliases", shells: only("bash", "zsh"), setup: setup{before: alias + mend}, steps: walk},
		{name: "global aliases", shells: only("zsh"), setup: setup{before: "alias -g at=BROKEN dev=BROKEN"}, steps: walk},
		{name: "functions", shells: only("bash", "zsh"), setup: setup{before: function + mend}, steps: walk},
		{name: "functions", shells: only("fish"), setup: setup{
			before: "for w in realpath pwd; eval \"function $w; builtin echo FUNCTION; end\"; end; alias cat 'command cat'",
		}, steps: walk},
		{name: "read-only variables", shells: only("bash", "zsh"), setup: setup{
			before: "readonly dir=1 home=2 found=3 root=4 links=5 run=6 attrs=7",
		}, steps: walk},
	})
}

// Two directories whose names differ in case only are two.
func TestNocasematch(t *testing.T) {
	play(t, []scenario{{name: "nocasematch", shells: only("bash"), setup: setup{before: "shopt -s nocasematch"}, steps: func(w *world) {
		if w.Run("[ -d $D/PROJ ] && echo insensitive") != "" {
			w.t.Skip("this file system does not tell PROJ from proj")
		}
		w.do("mkdir $D/PROJ; echo >$D/PROJ/Procfile; cd $D/proj", "proj")
		w.do("cd $D/PROJ", "PROJ")
	}}})
}
