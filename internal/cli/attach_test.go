package cli

import (
	"bytes"
	"testing"
)

func TestReturnsToTheFirstColumn(t *testing.T) {
	var out bytes.Buffer
	w := crWriter{to: &out, raw: true}
	for _, part := range []string{"a\nb\r", "\nc", "\n"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if got, want := out.String(), "a\r\nb\r\nc\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
