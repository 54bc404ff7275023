package procinfo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// procArgs builds a block as the kernel of macOS does: the count, the path of the program, padding
// to a multiple of eight, arguments, environment, padding again, and the strings for the loader.
func procArgs(argc int, path string, args, env []string) []byte {
	block := binary.NativeEndian.AppendUint32(nil, uint32(argc))
	pad := func() {
		for n := len(block) - 4; n%8 != 0; n++ {
			block = append(block, 0)
		}
	}
	add := func(all ...string) {
		for _, s := range all {
			block = append(append(block, s...), 0)
		}
	}
	add(path)
	pad()
	add(args...)
	add(env...)
	pad()
	add("executable_path="+path, "ptr_munge=", "main_stack=", "th_port=0x103")
	return append(block, 0, 0, 0)
}

func texts(all [][]byte) []string {
	out := []string{}
	for _, b := range all {
		out = append(out, string(b))
	}
	return out
}

func TestParseProcArgs(t *testing.T) {
	env := []string{"PATH=/usr/bin:/bin", "LOCALD_RUN=k3v9", "EMPTY=", "TWO=a b\nc"}
	for name, c := range map[string]struct {
		path string
		args []string
	}{
		"plain":                   {"/opt/homebrew/bin/node", []string{"node", "server.js"}},
		"a path of seven":         {"/bin/ab", []string{"ab"}},
		"a path with blanks":      {"/Applications/My App.app/My App", []string{"My App", "-a b"}},
		"an empty argument":       {"/opt/x/prog", []string{"prog", "", "", "last"}},
		"newlines in an argument": {"/opt/x/sh", []string{"sh", "-c", "a\nb\n"}},
		"no text":                 {"/opt/x/\xff", []string{"\xff\xfe"}},
		"no path":                 {"", []string{"prog"}},
	} {
		args, got, err := parseProcArgs(procArgs(len(c.args), c.path, c.args, env))
		if err != nil || !slices.Equal(texts(args), c.args) {
			t.Errorf("%s: arguments %q, %v; want %q", name, args, err, c.args)
		}
		if len(got) < len(env) || !slices.Equal(texts(got[:len(env)]), env) {
			t.Errorf("%s: environment %q, want %q", name, got, env)
		}
		if lookup(got, "LOCALD_RUN") != "k3v9" {
			t.Errorf("%s: the marker was not found", name)
		}
	}
}

// Of its own programs the system gives no environment: the block ends after the arguments.
func TestProcArgsWithoutEnvironment(t *testing.T) {
	block := procArgs(1, "/bin/sh", []string{"sh"}, nil)
	block = block[:bytes.Index(block, []byte("executable_path="))]
	args, env, err := parseProcArgs(block)
	if err != nil || !slices.Equal(texts(args), []string{"sh"}) || len(env) != 0 {
		t.Errorf("%q, %q, %v", args, env, err)
	}
}

func TestProcArgsTruncated(t *testing.T) {
	whole := procArgs(2, "/bin/prog", []string{"prog", "argument"}, []string{"A=b"})
	for cut := range whole {
		args, env, err := parseProcArgs(whole[:cut])
		if err == nil && (len(args) != 2 || lookup(env, "A") != "" && lookup(env, "A") != "b") {
			t.Errorf("cut off after %d: %q, %q", cut, args, env)
		}
	}
	for name, block := range map[string][]byte{
		"empty": nil, "a part of the count": {1, 0}, "the count alone": {1, 0, 0, 0},
		"a path without an end": append([]byte{1, 0, 0, 0}, "/bin/prog"...),
		"more than there are":   procArgs(1<<20, "/bin/prog", []string{"prog"}, nil),
		"a negative count":      procArgs(-1, "/bin/prog", []string{"prog"}, nil),
	} {
		if _, env, err := parseProcArgs(block); !errors.Is(err, errTruncated) || env != nil {
			t.Errorf("%s: %q, %v", name, env, err)
		}
	}
}

func FuzzProcArgs(f *testing.F) {
	f.Add(procArgs(2, "/bin/prog", []string{"prog", ""}, []string{"A=b"}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 'a', 0})
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, block []byte) {
		args, env, err := parseProcArgs(block)
		if err == nil && len(args) != int(binary.NativeEndian.Uint32(block)) {
			t.Errorf("%q: %d arguments", block, len(args))
		}
		if err != nil && env != nil {
			t.Errorf("%q: an environment of a block that is not whole", block)
		}
		for _, s := range slices.Concat(args, env) {
			if bytes.IndexByte(s, 0) >= 0 {
				t.Errorf("%q: %q holds NUL", block, s)
			}
		}
	})
}
