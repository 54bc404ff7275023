// Package tomlfile reads TOML into plain data that remembers its lines, so
// that whoever gives the keys a meaning can say where a wrong one stands. It
// starts no goroutine.
package tomlfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/locald/locald/internal/spelling"
)

// Table is the keys of one table, in the order of their lines.
type Table []Entry

// Entry is one key.
type Entry struct {
	Key  string
	Line int // from 1
	// Value is a string, int64, float64, bool, time.Time, Table, or []any of
	// the same without Table.
	Value any
}

// Kind is what the value is, for a sentence.
func (e Entry) Kind() string {
	switch e.Value.(type) {
	case string:
		return "a string"
	case int64, float64:
		return "a number"
	case bool:
		return "true or false"
	case Table:
		return "a table"
	case []any:
		return "a list"
	}
	return "a date"
}

// Duration is the value where it is a string such as "1m30s".
func (e Entry) Duration() (time.Duration, bool) {
	text, ok := e.Value.(string)
	d, err := time.ParseDuration(text)
	return d, ok && err == nil
}

// Error says where a file is not TOML, or not what it should be. It shows
// nothing of the file but a key: values may be secrets.
type Error struct {
	Line   int
	Reason string
	Hint   string // what to do; Parse leaves it empty
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d: %s; %s", e.Line, e.Reason, e.Hint)
}

// Unknown refuses a key that a table does not have; the table is described by
// where, such as "in [trust]".
func (e Entry) Unknown(known []string, where string) *Error {
	known = slices.Sorted(slices.Values(known))
	hint := "the key is: " + strings.Join(known, ", ")
	if len(known) > 1 {
		hint = spelling.Suggestion(e.Key, known, "the keys are: "+strings.Join(known, ", "))
	}
	return &Error{
		Line:   e.Line,
		Reason: strings.TrimSpace(fmt.Sprintf("there is no key %q %s", e.Key, where)), Hint: hint,
	}
}

// The library's time grows with the square of what a file nests, and a hostile
// one must not cost the daemon minutes.
const (
	maxSize   = 64 << 10 // bytes
	maxBraces = 1000     // in the file
	maxDots   = 1 << 18  // the squares of how many there are in each line, together
	maxDepth  = 8        // of tables within tables
)

const tooDeep = "the tables are nested too deeply"

// Parse reads a whole file. Its error is an *Error.
func Parse(text []byte) (Table, error) {
	if err := checkSize(text); err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, &Error{
			Line:   1 + bytes.Count(text[:i], []byte("\n")),
			Reason: "there is a NUL byte in it",
		}
	}
	var top map[string]any
	if _, err := toml.Decode(string(text), &top); err != nil {
		refused := refusal(err)
		// What is never closed is noticed at the end of the file. Blank lines at its start count as
		// lines.
		refused.Line = min(refused.Line,
			1+bytes.Count(bytes.TrimRight(text, " \t\r\n"), []byte("\n")))
		return nil, refused
	}
	return tables{keyLines(strings.TrimPrefix(string(text), "\ufeff"))}.table(nil, top)
}

func checkSize(text []byte) error {
	if len(text) > maxSize {
		return &Error{Line: 1, Reason: "it is larger than 64 KiB"}
	}
	n, braces, dots := 0, 0, 0
	for line := range bytes.Lines(text) {
		n++
		braces += bytes.Count(line, []byte("{"))
		inLine := bytes.Count(line, []byte("."))
		if dots += inLine * inLine; braces > maxBraces || dots > maxDots {
			return &Error{Line: n, Reason: tooDeep}
		}
	}
	return nil
}

// refusal leaves out the library's own words, which quote the file.
func refusal(err error) *Error {
	parse, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return &Error{Line: 1, Reason: "it is not TOML"}
	}
	reason := "this is not TOML: write KEY = VALUE, with strings in quotes"
	if strings.Contains(parse.Message, "already been defined") ||
		strings.Contains(parse.Message, "already defined") {
		reason = "this was defined before in the file"
	}
	return &Error{Line: max(parse.Position.Line, 1), Reason: reason}
}

// tables makes plain data of what the library has read.
type tables struct{ lines map[string]int }

func (t tables) table(path []string, keys map[string]any) (Table, error) {
	out := make(Table, 0, len(keys))
	for key, value := range keys {
		below := append(path[:len(path):len(path)], key)
		e := Entry{Key: key, Line: t.lines[keyPath(below)], Value: value}
		switch value := value.(type) {
		case map[string]any:
			if len(path) == maxDepth {
				return nil, &Error{Line: max(e.Line, 1), Reason: tooDeep}
			}
			sub, err := t.table(below, value)
			if err != nil {
				return nil, err
			}
			e.Value = sub
			if e.Line == 0 && len(sub) > 0 { // "a.b = 1" writes a table without a line of its own
				e.Line = sub[0].Line
			}
		case []map[string]any:
			e.Value = make([]any, len(value))
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}
