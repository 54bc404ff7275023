package trust

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	if err := s.Allow("shop", "/shop", Approval{Digest: digest, Services: map[string]string{"web": digest}}); err != nil {
		t.Fatal(err)
	}
}

func privateStore(t *testing.T) *Store {
	dir := filepath.Join(t.TempDir(), "trust")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return NewStore(dir)
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
	if d, last, _ := s.Decide("shop", "/shop", "2"); d != Changed || last == nil || last.Services["web"] != "1" {
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
	if err := os.WriteFile(s.path("other"), []byte(`{"schema":1,"root":"/shop","approved":[{"digest":"1"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, _, err := s.Decide("other", "/other", "1"); d != Unknown || err == nil {
		t.Errorf("a decision about another root gave %s, %v", d, err)
	}
	if err := os.Chmod(s.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if d, _, err := s.Decide("shop", "/shop", "1"); d != Unknown || err == nil || !strings.Contains(err.Error(), "chmod") {
		t.Errorf("in an open directory %s, %v", d, err)
	}
}
