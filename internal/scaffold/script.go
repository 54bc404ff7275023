package scaffold

import (
	"slices"
	"strings"

	"github.com/locald/locald/internal/devserver"
)

// script is what is known of a shell command line.
type script struct {
	server   devserver.Server // the last command is this one
	listens  bool             // there is such a server
	ownPort  string           // how it sets its port itself, "" where it does not
	usesPort bool             // it mentions $PORT
	several  string           // the program by which it starts several others
}

// readScript looks at a line as far as this can be done without being a shell.
func readScript(line string) script {
	var out script
	out.usesPort = strings.Contains(line, "$PORT") || strings.Contains(line, "${PORT")
	commands := split(line)
	for _, words := range commands {
		if i := slices.IndexFunc(several, func(s string) bool { return words[0] == s }); i >= 0 {
			out.several = several[i]
		}
	}
	if len(commands) == 0 {
		return out
	}
	last := commands[len(commands)-1]
	out.ownPort = ownPort(line, last)
	out.server, out.listens = devserver.Of(last[0], last[1:])
	return out
}

// several are programs that start others side by side.
var several = []string{
	"concurrently", "npm-run-all", "npm-run-all2", "run-p", "turbo", "nx", "lerna",
	"foreman", "overmind", "hivemind", "nf",
}

// split cuts a line into commands and words, without what only wraps a command.
func split(line string) [][]string {
	for _, separator := range []string{"&&", "||", ";", "|", "&"} {
		line = strings.ReplaceAll(line, separator, "\n")
	}
	var out [][]string
	for part := range strings.SplitSeq(line, "\n") {
		if words := unwrap(strings.Fields(part)); len(words) > 0 {
			out = append(out, words)
		}
	}
	return out
}

// wrappers run the command that follows them.
var wrappers = map[string]bool{
	"env": true, "cross-env": true, "cross-env-shell": true, "exec": true,
	"npx": true, "bunx": true,
	"pnpm": true, "yarn": true, "bundle": true, "dotenv": true, "dlx": true, "--": true,
}

func unwrap(words []string) []string {
	for len(words) > 0 && (wrappers[words[0]] || assigns(words[0])) {
		words = words[1:]
	}
	return words
}

// nameBytes are what the name of a variable is made of.
const nameBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

func assigns(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && strings.Trim(name, nameBytes) == ""
}

// ownPort returns the words by which a line gives a port that is not $PORT.
func ownPort(line string, last []string) string {
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "PORT=") {
			return word
		}
	}
	for i, word := range last {
		switch {
		case strings.HasPrefix(word, "--port="):
			return word
		case word == "--port" || word == "-p" || word == "-P":
			return strings.Join(last[i:min(i+2, len(last))], " ")
		}
	}
	return ""
}
