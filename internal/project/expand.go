package project

import (
	"errors"
	"strings"
)

// referenceMark stands for a $ that may start a reference; a plain $ in the text is a dollar sign.
const referenceMark = 0

// maxNesting of ${A:-${B:-...}} bounds stack and time.
const maxNesting = 8

// What cannot be expanded to its end starts nothing: the raw text in its place would be another
// value than the one that a person has approved.
var (
	errTooDeep = errors.New("has references more than 8 deep")
	errTooMuch = errors.New("is not expanded: " +
		"the references in these files expand to more than 1 MiB")
)

const (
	nestingHint = "write at most 8 ${NAME:-…} inside each other"
	budgetHint  = "leave some of the references out: lines that repeat each other double in size"
)

// maxSubstituted bytes over all values of a project: a few lines that double each other would fill
// the memory, and no system passes a larger environment to a program.
const maxSubstituted = 1 << 20

// template is a value with its references to other variables.
type template []part

// part is a literal text, or a reference when it has a name.
type part struct {
	text        string // what is written
	name        string
	hasDefault  bool // ${NAME-default}
	emptyIsNone bool // ${NAME:-default}
	alternative template
}

// references returns every name that the value can depend on.
func (t template) references() []string {
	var names []string
	for _, p := range t {
		if p.name != "" {
			names = append(names, p.name)
		}
		names = append(names, p.alternative.references()...)
	}
	return names
}

// parseTemplate returns errTooDeep for what is nested deeper than maxNesting.
func parseTemplate(marked string) (template, error) {
	p := templateParser{text: marked}
	t := p.parse(false)
	if p.tooDeep {
		return nil, errTooDeep
	}
	return t, nil
}

type templateParser struct {
	text    string
	at      int
	depth   int
	tooDeep bool
}

// parse reads to the end or, inside a reference, to the brace that closes it.
func (p *templateParser) parse(inBraces bool) template {
	var t template
	literal := p.at
	flush := func() {
		if literal < p.at {
			t = append(t, part{text: p.text[literal:p.at]})
		}
	}
	for p.at < len(p.text) && (!inBraces || p.text[p.at] != '}') {
		if p.text[p.at] != referenceMark {
			p.at++
			continue
		}
		flush()
		t = append(t, p.reference()...)
		literal = p.at
	}
	flush()
	return t
}

// reference reads what the mark at p.at starts. What turns out to be no reference is literal text.
func (p *templateParser) reference() template {
	start := p.at
	p.at++
	braces := strings.HasPrefix(p.text[p.at:], "{")
	if braces {
		p.at++
	}
	size := nameLength(p.text[p.at:])
	tooDeep := size > 0 && braces && p.depth == maxNesting
	p.tooDeep = p.tooDeep || tooDeep
	if size == 0 || tooDeep {
		p.at = start + 1
		return template{{text: "$"}}
	}
	ref := part{name: p.text[p.at : p.at+size]}
	p.at += size
	if !braces {
		ref.text = p.written(start)
		return template{ref}
	}
	return p.braced(ref, start)
}

// braced reads what follows ${NAME.
func (p *templateParser) braced(ref part, start int) template {
	rest := p.text[p.at:]
	switch {
	case strings.HasPrefix(rest, ":-"):
		p.at += 2
		ref.hasDefault, ref.emptyIsNone = true, true
	case strings.HasPrefix(rest, "-"):
		p.at++
		ref.hasDefault = true
	}
	opening := p.written(start)
	if ref.hasDefault {
		p.depth++
		ref.alternative = p.parse(true)
		p.depth--
	}
	if !strings.HasPrefix(p.text[p.at:], "}") {
		return append(template{{text: opening}}, ref.alternative...)
	}
	p.at++
	ref.text = p.written(start)
	return template{ref}
}

// written returns the text from start to here as it stands in the file.
func (p *templateParser) written(start int) string {
	return strings.ReplaceAll(p.text[start:p.at], "\x00", "$")
}

// lookup returns the value of a variable and whether it is set.
type lookup func(name string) (string, bool)

func mapLookup(vars map[string]string) lookup {
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

// expansion expands the values of one project, within one budget.
type expansion struct {
	look   lookup
	budget int
}

func newExpansion(look lookup) *expansion {
	return &expansion{look: look, budget: maxSubstituted}
}

// expand returns errTooMuch once the budget is spent.
func (e *expansion) expand(t template) (string, error) {
	var b strings.Builder
	err := e.write(&b, t)
	if err != nil {
		return "", err
	}
	return b.String(), nil
}

func (e *expansion) write(b *strings.Builder, t template) error {
	for _, p := range t {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		value, set := e.look(p.name)
		switch {
		case p.hasDefault && (!set || p.emptyIsNone && value == ""):
			if err := e.write(b, p.alternative); err != nil {
				return err
			}
		case !set:
			b.WriteString(p.text)
		case len(value) > e.budget:
			return errTooMuch
		default:
			e.budget -= len(value)
			b.WriteString(value)
		}
	}
	return nil
}

// setting expands that of a line. Its error is a *ParseError.
func (e *expansion) setting(s setting) (string, error) {
	value, err := e.expand(s.value)
	if err != nil {
		return "", &ParseError{
			File: s.file, Line: s.line, Reason: s.name + " " + err.Error(), Hint: budgetHint,
		}
	}
	return value, nil
}
