package shelltest

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
)

// outputMark is printed by the shell between reading a line and running it, where the shell can
// (bash 4.4 and later).
const outputMark = "\x1eout\x1e"

// promptMark begins and ends what promptRE matches.
const promptMark = '\x1d'

// promptRE matches the prompt. Its first group is the prompt's identity (process and count, so that
// a repainted prompt is no new one and a nested shell's is), its second the exit status that the
// prompt was given.
var promptRE = regexp.MustCompile("\x1dready ([0-9]+:[0-9]+) ([0-9]+)\x1d")

// arguments keep the machine's own start-up files out where the shell has a flag for that.
var arguments = map[string][]string{
	"bash": {"-i"},
	"zsh":  {"-d", "-i"},
	"fish": {"-i"},
}

var startupFile = map[string]string{
	"bash": ".bashrc",
	"zsh":  ".zshrc",
	"fish": ".config/fish/config.fish",
}

// startup gives each shell the prompt of promptRE and outputMark, and takes away what would blur
// its output. zsh and fish expand a prompt again when they redraw it, so there the count has to be
// taken elsewhere.
var startup = map[string]string{
	"bash": `unset PROMPT_COMMAND
shelltest_count=0
PS1=$'\x1dready $$:$((++shelltest_count)) $?\x1d'
PS0=$'\x1eout\x1e'
`,
	"zsh": `setopt prompt_subst
unsetopt prompt_sp prompt_cr
shelltest_count=0
precmd() { emulate -L zsh; ((++shelltest_count)) }
PROMPT=$'\x1dready $$:$shelltest_count %?\x1d'
preexec() { builtin print -n $'\x1eout\x1e' }
`,
	"fish": `set -g shelltest_count 0
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function shelltest_next --on-event fish_prompt
	set -g shelltest_count (math $shelltest_count + 1)
end
function shelltest_output --on-event fish_preexec; builtin printf '\x1eout\x1e'; end
function fish_prompt
	set -l last $status
	builtin printf '\x1dready %s:%s %s\x1d' $fish_pid $shelltest_count $last
end
function fish_title; end
`,
}

// runtimeDir is the private XDG_RUNTIME_DIR, below the home: without one fish, and what a test
// runs, would share /tmp.
const runtimeDir = ".run"

// coverage is where a program that was built with -cover leaves what it covered: without one it
// complains on the terminal that the test looks at.
func coverage(home string) string {
	return cmp.Or(os.Getenv("GOCOVERDIR"), filepath.Join(home, ".coverage"))
}

func environment(shell, home string) []string {
	return []string{
		"HOME=" + home,
		"ZDOTDIR=" + home,
		"XDG_CONFIG_HOME=" + home + "/.config",
		"XDG_DATA_HOME=" + home + "/.local/share",
		"XDG_CACHE_HOME=" + home + "/.cache",
		"XDG_RUNTIME_DIR=" + filepath.Join(home, runtimeDir),
		"SHELL=" + shell,
		"PATH=" + os.Getenv("PATH"),
		"TERM=dumb",
		"LANG=C.UTF-8",
		"GOCOVERDIR=" + coverage(home),
		"GORACE=atexit_sleep_ms=0", // or with the race detector a program would stall each prompt
	}
}
