package project

import (
	"path"
	"slices"
	"strings"
)

// portFlags are programs that listen where their own configuration says, or
// on a port of their own, and the words that make them listen on $PORT. The
// first words are how a command is recognised: a program, and, where it does
// other things too, a word that follows it.
var portFlags = []struct {
	program string
	words   []string // one of them follows; none: any use of it
	flag    string
}{
	{"vite", nil, "--port $PORT --strictPort"},
	{"next", []string{"dev", "start"}, "-p $PORT"},
	{"astro", []string{"dev", "preview"}, "--port $PORT"},
	{"ng", []string{"serve", "s"}, "--port $PORT"},
	{"rails", []string{"server", "s"}, "-p $PORT"},
	{"manage.py", []string{"runserver"}, "$PORT"},
	{"flask", []string{"run"}, "--port $PORT"},
	{"webpack-dev-server", nil, "--port $PORT"},
	{"webpack", []string{"serve", "server", "s"}, "--port $PORT"},
	{"hugo", []string{"server", "serve"}, "--port $PORT"},
	{"jekyll", []string{"serve", "server", "s"}, "--port $PORT"},
}

// PortFlag returns what to add to a service's line to make it listen on its
// PORT, "" where nobody knows or it is there already.
func (s Service) PortFlag() string {
	if s.MentionsPort() {
		return ""
	}
	words := strings.Fields(s.Command)
	for i, word := range words {
		for _, f := range portFlags {
			if path.Base(word) != f.program {
				continue
			}
			if len(f.words) == 0 || slices.ContainsFunc(words[i+1:], func(w string) bool { return slices.Contains(f.words, w) }) {
				return f.flag
			}
		}
	}
	return ""
}
