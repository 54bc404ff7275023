package shellhook

import (
	"slices"
	"testing"
)

var everyShell = []string{"bash", "zsh", "fish"}

// scenario is something that happens to a shell with the hook. shells is every shell when empty.
type scenario struct {
	name   string
	shells []string
	setup  setup
	steps  func(w *world)
}

func play(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, sc := range scenarios {
		shells := sc.shells
		if len(shells) == 0 {
			shells = everyShell
		}
		for _, kind := range shells {
			t.Run(sc.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				sc.steps(newWorld(t, kind, sc.setup))
			})
		}
	}
}

func only(shells ...string) []string { return shells }

func TestMoves(t *testing.T) {
	play(t, []scenario{
		{name: "enter twenty times in one directory", setup: setup{dir: "proj"}, steps: func(w *world) {
			w.delivered("first prompt", "proj")
			for range 20 {
				w.do("")
			}
		}},
		{name: "first prompt outside a project", steps: func(w *world) {
			w.delivered("first prompt")
			w.do("cd $D/plain/x/y")
			w.do("cd /")
		}},
		{name: "enter, move inside, leave", steps: func(w *world) {
			w.do("cd $D/proj", "proj")
			w.do("cd sub")
			w.do("cd ..")
			w.do("cd sub/deep")
			w.do("cd /", outside)
			w.do("cd $D/plain")
			w.do("cd $D/proj/sub/deep", "proj")
		}},
		{name: "from project to project", steps: func(w *world) {
			w.do("cd $D/other/in", "other")
			w.do("cd $D/proj/sub", "proj")
			w.do("cd ../nested", "proj/nested")
			w.do("cd ..", "proj")
		}},
		{name: "only the last directory of a line counts", steps: func(w *world) {
			w.do("cd $D/other && cd $D/proj", "proj")
			w.do("cd / ; cd $D/proj/sub")
		}},
		{name: "a subshell moves nobody", steps: func(w *world) {
			if w.kind != "fish" { // fish has no subshells, and its substitutions move the shell itself
				w.do("(cd $D/proj)")
				w.do("x=$(cd $D/proj; pwd)")
			}
			w.do("bash -c 'cd $D/proj; pwd' >/dev/null")
			w.do("cd $D/proj | cat", map[string][]string{"fish": {"proj"}, "zsh": nil}[w.kind]...)
		}},
		{name: "pushd, popd, cd -", steps: func(w *world) {
			w.do("cd $D/plain")
			w.do("pushd $D/proj >/dev/null", "proj")
			w.do("popd >/dev/null", outside)
			w.do("cd - >/dev/null", "proj")
			w.do("cd - >/dev/null", outside)
		}},
		{name: "CDPATH", shells: only("bash", "zsh"), steps: func(w *world) {
			w.do("CDPATH=$D/proj:$D")
			w.do("cd sub >/dev/null", "proj")
			w.do("cd other >/dev/null", "other")
		}},
		{name: "autocd", steps: func(w *world) {
			w.do(map[string]string{"bash": "shopt -s autocd", "zsh": "setopt auto_cd", "fish": "true"}[w.kind])
			w.do("./proj/sub/", "proj")
		}},
		{name: "cd -q", shells: only("zsh"), steps: func(w *world) {
			w.do("cd -q $D/proj", "proj")
		}},
		{name: "completion moves nobody", shells: only("zsh"), setup: setup{before: "autoload -Uz compinit; compinit -u -D"}, steps: func(w *world) {
			w.do("cd $D/proj/sub", "proj")
			w.Type("cd ../ne\t")
			w.Expect("nested")
			w.delivered("completion")
			w.Type("\r")
			w.AwaitPrompt()
			w.delivered("ENTER", "proj/nested")
		}},
		{name: "directory history keys", shells: only("fish"), steps: func(w *world) {
			w.do("cd $D/proj", "proj")
			w.do("cd $D/plain", outside)
			w.Type("\x1b[1;3D") // alt-left: back to proj, on the same prompt
			w.Type("echo there (basename $PWD)\r")
			if got := w.AwaitPrompt(); !slices.Contains([]string{"there proj\n"}, got) {
				w.t.Errorf("alt-left: printed %q", got)
			}
			w.delivered("ENTER", "proj")
		}},
		{name: "a widget that moves without a prompt", shells: only("zsh"), setup: setup{
			after: "go() { builtin cd $D/proj; }; zle -N go; bindkey '^G' go",
		}, steps: func(w *world) {
			w.Type("echo in\x07tact\r")
			if got := w.AwaitPrompt(); got != "intact\n" {
				w.t.Errorf("printed %q", got)
			}
			w.delivered("ENTER", "proj")
		}},
		{name: "a nested shell has a lease of its own", steps: func(w *world) {
			w.do("cd $D/proj", "proj")
			w.Run(w.kind)
			inner := w.calls()
			if len(inner) != 1 || inner[0].Parent == w.PID() || string(inner[0].Args[2]) != w.dir+"/proj" {
				w.t.Fatalf("nested shell: %q by %d", inner[0].Args, inner[0].Parent)
			}
			w.Run("cd /")
			w.deliveredBy(inner[0].Parent, "cd / in the nested shell", outside)
			w.Run("exit")
			w.delivered("back in the outer shell")
		}},
		{name: "exec keeps the PID", steps: func(w *world) {
			w.do("cd $D/proj", "proj")
			w.do("exec "+w.kind, "proj")
			w.do("cd /", outside)
		}},
	})
}
