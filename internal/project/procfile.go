package project

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/locald/locald/internal/servicename"
)

// blanks around a command. The no-break space comes with text copied from a web page.
const blanks = " \t\v\f\u00a0"

// parseProcfile reads what the tools of this format agree on: "name: command", one a line. Whatever
// else is in the file is skipped and said.
func parseProcfile(file string, text []byte) ([]Service, []Warning, error) {
	text, err := plainText(file, text)
	if err != nil {
		return nil, nil, err
	}
	var services []Service
	warned := warnings{file: file}
	line := 0
	for raw := range bytes.Lines(text) {
		line++
		name, command, reason := parseProcfileLine(chomp(string(raw)))
		switch {
		case reason != "":
			warned.skip(line, reason)
		case name != "":
			services = append(services, Service{Name: name, Command: command, Line: line})
		}
	}
	if len(services) == 0 {
		return nil, nil, noServices(file, warned.list)
	}
	if err := checkNames(file, services); err != nil {
		return nil, nil, err
	}
	return services, warned.all(), nil
}

func chomp(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}

// parseProcfileLine returns a name and a command, or the reason why the line is skipped, or nothing
// at all for a comment or an empty line.
func parseProcfileLine(line string) (name, command, reason string) {
	trimmed := strings.Trim(line, blanks)
	switch {
	case trimmed == "" || trimmed[0] == '#':
		return "", "", ""
	case strings.IndexByte(line, 0) >= 0:
		return "", "", "it holds a NUL byte"
	case strings.IndexByte(line, '\r') >= 0:
		return "", "", "it holds a carriage return: save the file with LF line ends"
	}
	name, command, colon := strings.Cut(line, ":")
	command = strings.Trim(command, blanks)
	switch {
	case !colon:
		return "", "", `there is no ":": a service is "name: command"`
	case strings.TrimLeft(line, blanks) != line:
		return "", "", "it is indented: a service starts in the first column"
	}
	if reason := badName(name); reason != "" {
		return "", "", reason
	}
	if command == "" {
		return "", "", "there is no command after " + name + ":"
	}
	return name, command, ""
}

// badName returns why what stands before the colon is not a service's name.
func badName(name string) string {
	switch {
	case name == "":
		return `there is no name before ":"`
	case strings.TrimRight(name, blanks) != name:
		return `there is a blank before ":"`
	}
	return servicename.Check(name)
}

func noServices(file string, warned []Warning) error {
	reason := "it has no services"
	if len(warned) > 0 {
		reason = fmt.Sprintf("%s (line %d %s)", reason, warned[0].Line, warned[0].Reason)
	}
	return &ParseError{File: file, Reason: reason, Hint: `add a line such as "web: COMMAND"`}
}

// checkNames refuses two services that would be one: by name, or by the name of the variable that
// tells the others their port.
func checkNames(file string, services []Service) error {
	byName, byVariable := map[string]Service{}, map[string]Service{}
	for _, s := range services {
		if first, ok := byName[s.Name]; ok {
			return &ParseError{
				File: file, Line: s.Line,
				Reason: fmt.Sprintf("the name %s is taken by line %d", s.Name, first.Line),
				Hint:   fmt.Sprintf("rename one of lines %d and %d", first.Line, s.Line),
			}
		}
		variable := servicename.Variable(s.Name)
		if first, ok := byVariable[variable]; ok {
			return &ParseError{
				File: file, Line: s.Line,
				Reason: fmt.Sprintf("%s and %s of line %d would share the variable LOCALD_%s_PORT",
					s.Name, first.Name, first.Line, variable),
				Hint: fmt.Sprintf("rename one of lines %d and %d", first.Line, s.Line),
			}
		}
		byName[s.Name], byVariable[variable] = s, s
	}
	return nil
}
