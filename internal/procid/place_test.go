package procid

import (
	"os"
	"strings"
	"testing"
)

func TestSees(t *testing.T) {
	for name, c := range map[string]struct {
		here, there Place
		want        bool
	}{
		"the same":                    {Place{Boot: "a", Machine: "m"}, Place{Boot: "a", Machine: "m"}, true},
		"another namespace":           {Place{Boot: "a"}, Place{Boot: "a/pid:[7]"}, false},
		"from a namespace":            {Place{Boot: "a/pid:[7]"}, Place{Boot: "a"}, false},
		"two namespaces":              {Place{Boot: "a/pid:[7]"}, Place{Boot: "a/pid:[8]"}, false},
		"an earlier boot":             {Place{Boot: "b", Machine: "m"}, Place{Boot: "a", Machine: "m"}, true},
		"its container":               {Place{Boot: "b", Machine: "m"}, Place{Boot: "a/pid:[7]", Machine: "m"}, true},
		"another machine":             {Place{Boot: "b", Machine: "n"}, Place{Boot: "a", Machine: "m"}, false},
		"written before machines had": {Place{Boot: "b", Machine: "n"}, Place{Boot: "a"}, true},
		"nothing tells which this is": {Place{Boot: "b"}, Place{Boot: "a", Machine: "m"}, true},
		"the same boot, another name": {Place{Boot: "a", Machine: "n"}, Place{Boot: "a", Machine: "m"}, true},
	} {
		if got := c.here.Sees(c.there); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What a record says of the machine must not be what programs are asked to keep to themselves.
func TestMachineIsNoSecret(t *testing.T) {
	if m := hashed("0123456789abcdef"); len(m) != 16 || strings.Contains(m, "0123") {
		t.Errorf("%q", m)
	}
	if id, err := os.ReadFile("/etc/machine-id"); err == nil && len(id) > 1 {
		if m := Machine(); m == "" || strings.Contains(string(id), m) {
			t.Errorf("%q of %q", m, id)
		}
	}
}

func TestHere(t *testing.T) {
	here, err := Here()
	if err != nil || !here.Sees(here) || here.Namespace() != Namespace() {
		t.Errorf("%+v, %v", here, err)
	}
}
