package pidfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/locald/locald/internal/procid"
)

func TestWriteAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "daemon.pid")
	if err := Write(path, "/run/locald.sock"); err != nil {
		t.Fatal(err)
	}
	f, err := Read(path)
	if err != nil || f.PID != os.Getpid() || f.Socket != "/run/locald.sock" || !f.Alive() {
		t.Fatalf("%+v, %v", f, err)
	}
	if id, alive := Live(path); !alive || id != f.Identity {
		t.Fatalf("%+v, %v", id, alive)
	}
	for range 2 {
		if err := Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]File{
		"7\n/s\n9 boot\n":   {Identity: procid.Identity{PID: 7, Start: 9, Boot: "boot"}, Socket: "/s"},
		"7\n/s\n":           {Identity: procid.Identity{PID: 7}, Socket: "/s"},
		"7":                 {Identity: procid.Identity{PID: 7}},
		"7\n/s\nnonsense\n": {Identity: procid.Identity{PID: 7}, Socket: "/s"},
		"7\n/s\n9 b\nm h\n": {
			Identity: procid.Identity{PID: 7, Start: 9, Boot: "b"}, Socket: "/s",
			Machine: "m", Host: "h",
		},
		"7\n/s\n9 b\n h\n": {
			Identity: procid.Identity{PID: 7, Start: 9, Boot: "b"}, Socket: "/s", Host: "h",
		},
	} {
		if got, err := parse(text); err != nil || got != want {
			t.Errorf("parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1\n", "0\n/s\n"} {
		if got, err := parse(text); err == nil {
			t.Errorf("parse(%q) = %+v", text, got)
		}
	}
}

// FuzzParse: a file that was cut off, or that somebody else wrote, names a process or is an error;
// what names no process could be taken for a group when it is signalled.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "7", "7\n/s\n9 boot\n", "-1\n", "7\n\n x\n", "99999999999999999999\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parse(text)
		if err == nil && got.PID <= 0 || err != nil && got != (File{}) {
			t.Fatalf("parse(%q) = %+v, %v", text, got, err)
		}
		if strings.Contains(got.Socket, "\n") || (got.Start == 0) != (got.Boot == "") && got.Start != 0 {
			t.Fatalf("parse(%q) = %+v", text, got)
		}
	})
}
