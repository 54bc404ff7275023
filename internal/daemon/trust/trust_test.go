package trust

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/locald/locald/internal/bytestr"
)

func decide(t *testing.T, s *Store, digest string) Decision {
	t.Helper()
	d, _, err := s.Decide("shop", "/shop", digest)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func allow(t *testing.T, s *Store, digest string) {
	t.Helper()
	a := Approval{Digest: digest, Services: map[string]bytestr.String{"web": bytestr.String(digest)}}
	if err := s.Allow("shop", "/shop", a); err != nil {
		t.Error(err)
	}
}

func privateStore(t *testing.T) *Store {
	dir := filepath.Join(t.TempDir(), "trust")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return NewStore(dir)
}

// Only the latest approval keeps its marks: every cd reads the file.
func TestTheLatestHasTheMarks(t *testing.T) {
	s := privateStore(t)
	for _, digest := range []string{"1", "2"} {
		a := Approval{Digest: digest, Marks: map[string]string{".env PATH": "mark of " + digest}}
		if err := s.Allow("shop", "/shop", a); err != nil {
			t.Fatal(err)
		}
	}
	_, last, _ := s.Decide("shop", "/shop", "1")
	if got := last.Marks[".env PATH"]; got != "mark of 2" {
		t.Errorf("the mark is %q, want that of 2", got)
	}
	data, err := os.ReadFile(s.path("shop"))
	if err != nil || bytes.Contains(data, []byte("mark of 1")) {
		t.Errorf("%v; the record still has the first marks:\n%s", err, data)
	}
}

func TestDecisions(t *testing.T) {
	s := privateStore(t)
	if d := decide(t, s, "1"); d != Unknown {
		t.Errorf("at first %s, want unknown", d)
	}
	allow(t, s, "1")
	if d := decide(t, s, "1"); d != Allowed {
		t.Errorf("after allow %s, want allowed", d)
	}
	d, last, _ := s.Decide("shop", "/shop", "2")
	if d != Changed || last == nil || last.Services["web"] != "1" {
		t.Errorf("other content is %s with %+v, want changed and what was allowed", d, last)
	}
	if err := s.Deny("shop", "/shop"); err != nil {
		t.Fatal(err)
	}
	if d := decide(t, s, "1"); d != Denied {
		t.Errorf("after deny %s, want denied", d)
	}
	allow(t, s, "2")
	if d := decide(t, s, "1"); d != Changed {
		t.Errorf("deny must forget what was allowed before: %s", d)
	}
}

func TestRemembersTheLastFew(t *testing.T) {
	s := privateStore(t)
	for i := range remembered + 1 {
		allow(t, s, fmt.Sprint(i))
	}
	if d := decide(t, s, "0"); d != Changed {
		t.Errorf("the oldest is %s, want changed", d)
	}
	for i := 1; i <= remembered; i++ {
		if d := decide(t, s, fmt.Sprint(i)); d != Allowed {
			t.Errorf("content %d is %s, want allowed", i, d)
		}
	}
}

func TestDistrustsItsOwnFiles(t *testing.T) {
	s := privateStore(t)
	allow(t, s, "1")
	foreign := []byte(`{"schema":1,"root":"/shop","approved":[{"digest":"1"}]}`)
	if err := os.WriteFile(s.path("other"), foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	if d, _, err := s.Decide("other", "/other", "1"); d != Unknown || err == nil {
		t.Errorf("a decision about another root gave %s, %v", d, err)
	}
	if err := os.Chmod(s.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	d, _, err := s.Decide("shop", "/shop", "1")
	if d != Unknown || err == nil || !strings.Contains(err.Error(), "chmod") {
		t.Errorf("in an open directory %s, %v", d, err)
	}
}

// As many as are remembered, all at once: none may be lost.
func TestDecisionsAtOnce(t *testing.T) {
	for round := range 20 {
		s := privateStore(t)
		var all sync.WaitGroup
		for i := range remembered {
			all.Go(func() { allow(t, s, fmt.Sprint(i)) })
		}
		all.Wait()
		for i := range remembered {
			if d := decide(t, s, fmt.Sprint(i)); d != Allowed {
				t.Fatalf("round %d: content %d was allowed and is %s", round, i, d)
			}
		}
	}
}

// Whoever comes last decides: a denial that lost would run what was refused, and an approval that
// lost would ask again for what was just approved.
func TestAllowBesideDeny(t *testing.T) {
	for round := range 20 {
		s := privateStore(t)
		allow(t, s, "old")
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() { allow(t, s, fmt.Sprint(i)) })
			all.Go(func() {
				if err := s.Deny("shop", "/shop"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if d := decide(t, s, "old"); d != Denied && d != Changed {
			t.Fatalf("round %d: what was allowed before every denial is %s after them", round, d)
		}
	}
}

// A decision that was forgotten must not come back by an approval that had read it before.
func TestForgetBesideAllow(t *testing.T) {
	for round := range 20 {
		s := privateStore(t)
		allow(t, s, "old")
		var both sync.WaitGroup
		both.Go(func() { allow(t, s, "new") })
		both.Go(func() {
			if err := s.Forget("shop"); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		before, after := decide(t, s, "old"), decide(t, s, "new")
		if before == Allowed || after == Allowed && before != Changed {
			t.Fatalf("round %d: the old content is %s and the new one %s", round, before, after)
		}
	}
}

// FuzzDecide: a record that locald did not write may refuse or be refused, and it allows nothing
// that it does not say in so many words; what is decided afterwards holds.
func FuzzDecide(f *testing.F) {
	f.Add([]byte(`{"schema":1,"root":"/shop","approved":[{"digest":"1","services":{}}]}`))
	f.Add([]byte(`{"schema":1,"root":"/shop","denied":true,"approved":[{"digest":"1"}]}`))
	f.Add([]byte(`{"schema":2,"root":"/shop","approved":[{"digest":"1"}]}`))
	f.Add([]byte(`{"schema":1,"root":{"base64":"L3Nob3A="},"approved":[{"digest":"1"}]}`))
	f.Add([]byte(`{"SCHEMA":1,"Root":"/shop","approved":[{"digest":"1"},{}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := privateStore(t)
		if err := os.WriteFile(s.path("shop"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		d, last, err := s.Decide("shop", "/shop", "1")
		if d == Allowed && (err != nil || last == nil || !bytes.Contains(data, []byte("1"))) {
			t.Fatalf("allowed with last %v, %v", last, err)
		}
		if d == Unknown && last != nil || d == Changed && last == nil {
			t.Fatalf("%s, and the last approval is %v", d, last)
		}
		if err != nil { // damaged: it stays as it is until somebody looks at it
			if s.Allow("shop", "/shop", Approval{Digest: "1"}) == nil {
				t.Fatal("a record that cannot be read was replaced")
			}
			return
		}
		allow(t, s, "2")
		if got := decide(t, s, "2"); got != Allowed {
			t.Fatalf("what was just allowed is %s", got)
		}
		if err := s.Deny("shop", "/shop"); err != nil {
			t.Fatal(err)
		}
		if got := decide(t, s, "2"); got != Denied {
			t.Fatalf("what was just denied is %s", got)
		}
	})
}
