package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/procid"
)

func example() Record {
	return Record{
		Schema: Schema, Root: "/src/\xffshop", Name: "shop",
		Wanted: []string{"web"}, Entered: []string{"web"}, HeldDown: []string{"worker"},
		EmptySince: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC),
		Ports:      map[string]int{"web": 20340}, Formation: map[string]int{"web": 2},
		LastRun: map[string]int{"web": 3},
		Runs: map[string]Run{"web": {
			Number: 3, Leader: procid.Identity{Boot: "b", PID: 7, Start: 9},
			Marker: "m", Terminal: "/dev/pts/4",
			Listener: &procid.Identity{Boot: "b", PID: 8, Start: 10},
		}},
		Shells: []Shell{{Boot: "b", PID: 5, Start: 6}},
		Env:    []bytestr.String{"PATH=/bin"},
	}
}

func TestSaveAndLoad(t *testing.T) {
	s := NewStore(t.TempDir())
	want := example()
	if err := s.Save("shop-1", want); err != nil {
		t.Fatal(err)
	}
	got, troubles, err := s.Load()
	if err != nil || len(troubles) != 0 {
		t.Fatalf("troubles %v, %v", troubles, err)
	}
	if diff := cmp.Diff(map[string]Record{"shop-1": want}, got); diff != "" {
		t.Fatal(diff)
	}
	if err := s.Delete("shop-1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete("shop-1"); err != nil {
		t.Errorf("forgetting twice: %v", err)
	}
	if got, _, _ := s.Load(); len(got) != 0 {
		t.Errorf("still there: %v", got)
	}
}

func TestBadRecordsCostOnlyThemselves(t *testing.T) {
	for _, tt := range []struct {
		name, content, want string
		stays               bool
	}{
		{"torn", `{"schema":1,"root":"/a","na`, "not the JSON", false},
		{"empty", "", "not the JSON", false},
		{"binary", "\x00\x01", "not the JSON", false},
		{"wrong types", `{"schema":1,"root":"/a","ports":"no"}`, "not the JSON", false},
		{"no schema", `{"root":"/a"}`, "no schema number", false},
		{"relative", `{"schema":1,"root":"a/b"}`, "not an absolute path", false},
		{"newer", `{"schema":2,"root":"/a"}`, "newer locald", true},
		{"newer shape", `{"schema":9,"root":"/a","ports":"no"}`, "newer locald", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := NewStore(dir)
			if err := s.Save("good-1", example()); err != nil {
				t.Fatal(err)
			}
			bad := filepath.Join(dir, "bad-2.json")
			if err := os.WriteFile(bad, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, troubles, err := s.Load()
			if err != nil || len(got) != 1 || len(troubles) != 1 ||
				!strings.Contains(troubles[0].Sentence, tt.want) {
				t.Fatalf("records %d, troubles %v, %v; want %q", len(got), troubles, err, tt.want)
			}
			if _, err := os.Stat(bad); (err == nil) != tt.stays {
				t.Errorf("the file is in its place: %v, want %v", err == nil, tt.stays)
			}
			kept := bad
			if !tt.stays {
				kept += ".bad"
			}
			if data, err := os.ReadFile(kept); err != nil || string(data) != tt.content {
				t.Errorf("its content was lost: %q, %v", data, err)
			}
			if _, again, _ := s.Load(); !tt.stays && len(again) != 0 {
				t.Errorf("reported twice: %v", again)
			}
		})
	}
}

func TestKeepWritesNoSecrets(t *testing.T) {
	got := Keep([]string{
		"PATH=/bin", "AWS_SECRET_ACCESS_KEY=x", "LC_ALL=C", "DATABASE_URL=y", "GOPATH=/go", "odd",
	})
	if want := []string{"PATH=/bin", "LC_ALL=C", "GOPATH=/go"}; !cmp.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"schema":1,"root":"/a"}`))
	f.Add([]byte(`{"schema":1,"root":{"base64":"/w=="}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, troubles, err := NewStore(dir).Load()
		if err != nil || len(got)+len(troubles) != 1 {
			t.Fatalf("%d records and %d troubles from one file, %v", len(got), len(troubles), err)
		}
	})
}

// What an older or a newer locald reads must not change when a field is renamed here.
func TestTheRecordOnDisk(t *testing.T) {
	dir := t.TempDir()
	if err := NewStore(dir).Save("shop-1", example()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "shop-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "record.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
}
