package procinfo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// lsof is asked for output for programs (its option -F): a line per field, the first character of
// which names the field. A process's lines begin with p and its number; each of its files begins
// with f and the descriptor, and n is the file's name. lsof writes a newline within a name as the
// two characters \n, and other control characters in the same way.

// errLsof says that lsof failed, rather than found nothing.
var errLsof = errors.New("lsof failed")

// lsofFound tells the two meanings of lsof's status 1 apart: it also exits with it, without a word,
// when nothing fits what it was asked for. err is that of running it, nil for status 0.
func lsofFound(status int, complaints string, err error) error {
	complaint, _, _ := strings.Cut(strings.TrimSpace(complaints), "\n")
	switch {
	case err == nil, status == 1 && complaint == "":
		return nil
	case complaint != "":
		return fmt.Errorf("%w: %s", errLsof, complaint)
	}
	return fmt.Errorf("%w: %w", errLsof, err)
}

// parseListeners reads who listens: lines such as "p123", "f7" and "n127.0.0.1:8080", "n[::1]:8080"
// or "n*:8080". One with "->" is a connection, whose last number is the other end's port.
func parseListeners(out string) map[int][]int {
	listening := make(map[int][]int)
	pid := 0
	for line := range strings.Lines(out) {
		field, value := cutField(line)
		switch field {
		case 'p':
			var err error
			if pid, err = strconv.Atoi(value); err != nil {
				pid = 0 // what follows is nobody's
			}
		case 'n':
			port, ok := portAfter(value, ':')
			if ok && pid > 0 && !strings.Contains(value, "->") {
				listening[pid] = append(listening[pid], port)
			}
		}
	}
	return listening
}

// parseNames reads the names of all files: paths, but also "->0x5d1e" for the other end of a pipe.
func parseNames(out string) []string {
	var names []string
	for line := range strings.Lines(out) {
		if field, value := cutField(line); field == 'n' && value != "" {
			names = append(names, value)
		}
	}
	return names
}

// cutField splits a line into the field's letter and its value, in which blanks count.
func cutField(line string) (field byte, value string) {
	line = strings.TrimSuffix(line, "\n")
	if line == "" {
		return 0, ""
	}
	return line[0], line[1:]
}

// portAfter reads the port behind the last separator of an address; "*" stands for any.
func portAfter(address string, separator byte) (int, bool) {
	i := strings.LastIndexByte(address, separator)
	if i < 0 {
		return 0, false
	}
	port, err := strconv.ParseUint(address[i+1:], 10, 16)
	return int(port), err == nil && port > 0
}
