// Package devserver knows the development servers that listen where their own configuration says and not on $PORT, and
// what makes them: init writes it into a Procfile, and status tells whoever forgot it. It starts no goroutine.
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
	Serves  []string // its subcommands that serve
	Bare    bool     // it serves without a subcommand too
	Option  string   // what makes it listen on $PORT
}

var servers = []Server{
	{Name: "Vite", Program: "vite", Serves: []string{"dev", "serve", "preview"}, Bare: true, Option: "--port $PORT --strictPort"},
	{Name: "Next.js", Program: "next", Serves: []string{"dev", "start"}, Bare: true, Option: "--port $PORT"},
	{Name: "Astro", Program: "astro", Serves: []string{"dev", "preview"}, Option: "--port $PORT"},
	{Name: "Angular", Program: "ng", Serves: []string{"serve", "s"}, Option: "--port $PORT"},
	{Name: "Vue CLI", Program: "vue-cli-service", Serves: []string{"serve"}, Option: "--port $PORT"},
	{Name: "webpack-dev-server", Program: "webpack-dev-server", Bare: true, Option: "--port $PORT"},
	{Name: "webpack-dev-server", Program: "webpack", Serves: []string{"serve", "server", "s"}, Option: "--port $PORT"},
	{Name: "Rails", Program: "rails", Serves: []string{"server", "s"}, Option: "-p $PORT"},
	{Name: "Rack", Program: "rackup", Bare: true, Option: "-p $PORT"},
	{Name: "Jekyll", Program: "jekyll", Serves: []string{"serve", "server", "s"}, Option: "--port $PORT"},
	{Name: "Django", Program: "manage.py", Serves: []string{"runserver"}, Option: "127.0.0.1:$PORT"},
	{Name: "Flask", Program: "flask", Serves: []string{"run"}, Option: "--port $PORT"},
	{Name: "Hugo", Program: "hugo", Serves: []string{"server", "serve"}, Option: "--port $PORT"},
}

// Of returns the server that a program is when it is called with these words. More words may follow that are not its
// own: what ends a command is for a shell to say.
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
