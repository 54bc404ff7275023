package project

import (
	"strings"

	"github.com/locald/locald/internal/devserver"
)

// PortFlag returns what to add to a service's line to make it listen on its PORT, "" where nobody
// knows or it is there already.
func (s Service) PortFlag() string {
	if s.MentionsPort() {
		return ""
	}
	words := strings.Fields(s.Command)
	for i, word := range words {
		if server, ok := devserver.Of(word, words[i+1:]); ok {
			return server.Option
		}
	}
	return ""
}
