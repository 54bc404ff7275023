// Package spelling finds the name that somebody may have meant. It starts no
// goroutine.
package spelling

import "fmt"

// Suggestion is a hint for a name that does not exist: the one in have that may
// have been meant, where there is one, and otherwise.
func Suggestion(typed string, have []string, otherwise string) string {
	if near := Nearest(typed, have); near != "" {
		return fmt.Sprintf("did you mean %s? (%s)", near, otherwise)
	}
	return otherwise
}

// furthest is how many letters may be wrong for a guess to be worth making.
const furthest = 2

// Nearest returns the name in have that is most like typed, "" where none is
// like it.
func Nearest(typed string, have []string) string {
	best, least := "", furthest+1
	for _, h := range have {
		if n := distance(typed, h); n < least {
			best, least = h, n
		}
	}
	if least >= len(typed) {
		return ""
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
