// Package devserver knows the development servers that listen where their own configuration says
// and not on $PORT, and what makes them: init writes it into a Procfile, and status tells whoever
// forgot it. It starts no goroutine.
package devserver

import (
	"path"
	"slices"
	"strings"
)

// Server is one of them.
type Server struct {
	Name    string   // as people call it
	Program string   // without its directory
	Option  string   // what makes it listen on $PORT
	Serves  []string // its subcommands that serve
	Bare    bool     // it serves without a subcommand too
}

// port is what most of them take.
const port = "--port $PORT"

var servers = []Server{
	{"Vite", "vite", "--port $PORT --strictPort", []string{"dev", "serve", "preview"}, true},
	{"Next.js", "next", port, []string{"dev", "start"}, true},
	{"Astro", "astro", port, []string{"dev", "preview"}, false},
	{"Angular", "ng", port, []string{"serve", "s"}, false},
	{"Vue CLI", "vue-cli-service", port, []string{"serve"}, false},
	{"webpack-dev-server", "webpack-dev-server", port, nil, true},
	{"webpack-dev-server", "webpack", port, []string{"serve", "server", "s"}, false},
	{"Rails", "rails", "-p $PORT", []string{"server", "s"}, false},
	{"Rack", "rackup", "-p $PORT", nil, true},
	{"Jekyll", "jekyll", port, []string{"serve", "server", "s"}, false},
	{"Django", "manage.py", "127.0.0.1:$PORT", []string{"runserver"}, false},
	{"Flask", "flask", port, []string{"run"}, false},
	{"Hugo", "hugo", port, []string{"server", "serve"}, false},
}

// Of returns the server that a program is when it is called with these words. More words may follow
// that are not its own: what ends a command is for a shell to say.
func Of(program string, words []string) (Server, bool) {
	for _, s := range servers {
		if s.Program == path.Base(program) && s.serves(words) {
			return s, true
		}
	}
	return Server{}, false
}

func (s Server) serves(words []string) bool {
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(s.Serves, w) }) {
		return true
	}
	return s.Bare && (len(words) == 0 || !isSubcommand(words[0]))
}

// isSubcommand reports whether a word is neither an option nor a path nor a shell's own.
func isSubcommand(word string) bool {
	return strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == ""
}

// With returns a command line of a program, with what makes it listen on $PORT.
func With(command, program string) string {
	i := slices.IndexFunc(servers, func(s Server) bool { return s.Program == program })
	if i < 0 {
		return command
	}
	return command + " " + servers[i].Option
}
