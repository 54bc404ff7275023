package project

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/locald/locald/internal/plain"
)

// What follows keeps the values of .env and of an environment out of messages and logs. Format
// serves every verb of fmt, %+v and %#v included; LogValue serves slog.

func (v Variable) String() string { return v.Name + " (" + v.Source + ")" }

// Format writes no value, whatever the verb.
func (v Variable) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, v.String()) }

// LogValue has no value of the variable.
func (v Variable) LogValue() slog.Value { return slog.StringValue(v.String()) }

func (e Environment) String() string {
	names := make([]string, len(e.Vars))
	for i, v := range e.Vars {
		names[i] = v.String()
	}
	return strings.Join(names, ", ")
}

// Format writes no value, whatever the verb.
func (e Environment) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, e.String()) }

// LogValue has no value of any variable.
func (e Environment) LogValue() slog.Value { return slog.StringValue(e.String()) }

func (s *Spec) String() string {
	return plain.Visible(s.Root, "") + ": " + s.Procfile + ": " + strings.Join(s.Names(), ", ")
}

// Format writes no setting, whatever the verb.
func (s *Spec) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, s.String()) }

// LogValue has no setting.
func (s *Spec) LogValue() slog.Value { return slog.StringValue(s.String()) }

func (f *Files) String() string { return plain.Visible(f.root, "") + ": " + f.procfile().name }

// Format writes no content, whatever the verb.
func (f *Files) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, f.String()) }

// LogValue has no content.
func (f *Files) LogValue() slog.Value { return slog.StringValue(f.String()) }
