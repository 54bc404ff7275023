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
	words := firstWords(s.Command)
	for i, word := range words {
		if server, ok := devserver.Of(word, words[i+1:]); ok {
			return server.Option
		}
	}
	return ""
}

// someWords is how far into a line a server is looked for: its words are looked at once for each
// program that they may belong to.
const someWords = 200

func firstWords(command string) (words []string) {
	for word := range strings.FieldsSeq(command) {
		if words = append(words, word); len(words) == someWords {
			break
		}
	}
	return words
}
