package servicename

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	long := strings.Repeat("n", MaxLen)
	for name, want := range map[string]string{
		"web": "", "aZ0_-9": "", "-a": "", "release2": "", "Release": "", long: "",
		"":         "there is no name",
		long + "n": "the name is longer than 64 bytes",
		"release":  "release is a deploy step, not a service",
		"web.2":    `"." cannot be in a name: use letters, digits, _ and -`,
		"café":     `"é" cannot be in a name: use letters, digits, _ and -`,
		"a\xffb":   `"\xff" cannot be in a name: use letters, digits, _ and -`,
		"\x1b[31m": `"\x1b" cannot be in a name: use letters, digits, _ and -`,
	} {
		if got := Check(name); got != want {
			t.Errorf("Check(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestVariable(t *testing.T) {
	for name, want := range map[string]string{"web": "WEB", "my-api": "MY_API", "web.2": "WEB_2"} {
		if got := Variable(name); got != want {
			t.Errorf("Variable(%q) = %q, want %q", name, got, want)
		}
	}
}
