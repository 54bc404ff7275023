package api

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/locald/locald/internal/wire"
)

// maxPattern is how long a regular expression may be: compiling takes time that grows with it.
const maxPattern = 1 << 10

// linePattern compiles the regular expression (RE2) of a line that somebody
// looks for or waits for.
func linePattern(text string) (*regexp.Regexp, error) {
	if len(text) > maxPattern {
		return nil, wire.Usagef("cannot use the regular expression: it has %d bytes, and may have %d", len(text), maxPattern)
	}
	re, err := regexp.Compile(text)
	if err == nil {
		return re, nil
	}
	why := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		why = fmt.Sprintf("%s in %q", e.Code, e.Expr)
	}
	return nil, &wire.Error{
		Code: wire.CodeUsage, Msg: fmt.Sprintf("cannot use the regular expression %q: %s", text, why),
		Hint: `a character that has a meaning is taken as it is after a backslash, as in '\['; the syntax is that of https://golang.org/s/re2syntax`,
	}
}
