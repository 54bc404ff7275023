package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/wire"
)

// shellKind is what is known of a shell that has a hook.
type shellKind struct {
	name, line string
	// usual is the file that the line goes into; files are all that it may be
	// in, as patterns of path.Match.
	usual string
	files []string
	// lost says what takes a hook away that was loaded.
	lost string
}

func (m *machine) kinds() []shellKind {
	home, zdot, config := m.Getenv("HOME"), m.Getenv("ZDOTDIR"), m.Getenv("XDG_CONFIG_HOME")
	if zdot == "" {
		zdot = home
	}
	if config == "" {
		config = home + "/.config"
	}
	return []shellKind{
		{
			name: "bash", line: `eval "$(locald hook bash)"`, usual: home + "/.bashrc",
			files: []string{
				home + "/.bashrc", home + "/.bash_profile", home + "/.bash_login",
				home + "/.profile", home + "/.bashrc.d/*",
			},
			lost: "something replaces PROMPT_COMMAND after the line",
		},
		{
			name: "zsh", line: `eval "$(locald hook zsh)"`, usual: zdot + "/.zshrc",
			files: []string{zdot + "/.zshrc", zdot + "/.zprofile", home + "/.zshenv"},
			lost:  "something replaces precmd_functions after the line",
		},
		{
			name: "fish", line: "locald hook fish | source", usual: config + "/fish/config.fish",
			files: []string{config + "/fish/config.fish", config + "/fish/conf.d/*.fish"},
			lost:  "something erases the function _locald_hook after the line",
		},
	}
}

// kind returns what is known of a shell, by its program's name or path. A login
// shell's name begins with a dash.
func (m *machine) kind(program string) (shellKind, bool) {
	name := strings.TrimPrefix(path.Base(program), "-")
	kinds := m.kinds()
	i := slices.IndexFunc(kinds, func(k shellKind) bool { return k.name == name })
	if i < 0 {
		return shellKind{}, false
	}
	return kinds[i], true
}

func hookInstalled(m *machine) Finding {
	program := m.Getenv("SHELL")
	kind, known := m.kind(program)
	// SHELL is that of the login, whichever shell asks.
	if asks, is := m.kind(m.caller.Name); is && (m.caller.JobControl || !known) {
		kind, known = asks, true
	}
	if !known {
		return warning(fmt.Sprintf("SHELL is %q: there are hooks for bash, zsh and fish", program),
			"use one of them, or start services yourself: locald up")
	}
	file, of := m.hookLine(kind)
	switch {
	case file == "" && m.registered():
		return ok("this shell has it, from a file that doctor does not read")
	case file == "":
		return problem(fmt.Sprintf("%s has no line for it: entering a project does nothing",
			m.tilde(kind.usual)),
			fmt.Sprintf("echo '%s' >> %s", kind.line, m.typed(kind.usual)))
	case of != "" && of != kind.name:
		return problem(fmt.Sprintf("%s, which %s reads, has the hook of %s",
			m.tilde(file), kind.name, of),
			"change the line to: "+kind.line)
	}
	return ok(fmt.Sprintf("%s has the line for %s", m.tilde(file), kind.name))
}

// hookCall is a call of locald hook, in whatever quotes, with the shell it is for.
var hookCall = regexp.MustCompile(`locald["']?[ \t]+hook[ \t]+["']?([a-z]*)`)

// hookLine returns the file that loads the hook and the shell whose hook it is.
func (m *machine) hookLine(kind shellKind) (file, of string) {
	for _, pattern := range kind.files {
		// A home that is not a valid pattern has no such file.
		found, _ := fs.Glob(m.Files(), inside(pattern))
		for _, name := range found {
			text, err := fs.ReadFile(m.Files(), name)
			if err != nil {
				continue
			}
			for line := range strings.Lines(string(text)) {
				call := hookCall.FindStringSubmatch(line)
				if call != nil && !strings.HasPrefix(strings.TrimSpace(line), "#") {
					return "/" + name, call[1]
				}
			}
		}
	}
	return "", ""
}

// registered reports whether the daemon has heard of the calling shell.
func (m *machine) registered() bool {
	_, heard := m.shell()
	return heard
}

// shell is the calling shell as the daemon knows it.
func (m *machine) shell() (wire.Shell, bool) {
	caller := m.caller
	i := slices.IndexFunc(m.daemon.Shells, func(s wire.Shell) bool {
		return s.PID == caller.PID && s.Start == caller.Start
	})
	if i < 0 {
		return wire.Shell{}, false
	}
	return m.daemon.Shells[i], true
}

// hookLoaded takes the daemon as a witness, for nobody can look into a shell:
// one that is at a prompt in a project has said so, if its hook is there.
func hookLoaded(m *machine) Finding {
	caller := m.caller
	kind, known := m.kind(caller.Name)
	shell := fmt.Sprintf("%s (PID %d)", strings.TrimPrefix(caller.Name, "-"), caller.PID)
	root, inProject := m.Here()
	heard, is := m.shell()
	switch {
	case m.Getenv("LOCALD_HOOK") == "off":
		return warning("LOCALD_HOOK=off turns it off in this shell", "unset LOCALD_HOOK")
	case errors.Is(m.silent, client.ErrAbsent) && inProject && known && caller.JobControl:
		return unknown("no daemon is running, so none has heard of this shell; " +
			"start it, leave and enter again, and ask again")
	case m.silent != nil:
		return unknown("no daemon to ask whether it has heard of this shell")
	case is && inProject && string(heard.Root) != root:
		return warning(
			fmt.Sprintf("%s was last heard of somewhere other than %s", shell, m.tilde(root)),
			"if you came here on the same line, ask again; otherwise: "+kind.advice(m))
	case is:
		return ok(fmt.Sprintf("the daemon has heard of %s", shell))
	case !known || !caller.JobControl:
		return unknown("this was not typed at the prompt of a shell that has a hook")
	case !inProject:
		return unknown("there is no project here, so the hook has nothing to report; " +
			"ask again in one")
	}
	return problem(fmt.Sprintf("%s is in %s, and the daemon has not heard of it",
		shell, m.tilde(root)),
		kind.advice(m))
}

// advice is what brings a hook back.
func (k shellKind) advice(m *machine) string {
	file, _ := m.hookLine(k)
	if file == "" {
		return "load it now: " + k.line
	}
	return fmt.Sprintf("leave and enter again (the Procfile may be new): cd / && cd -; "+
		"or this shell is older than the line: exec %s; "+
		"or %s: make it the last one of %s", k.name, k.lost, m.tilde(file))
}
