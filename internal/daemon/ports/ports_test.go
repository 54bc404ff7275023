package ports

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func alwaysFree(int) error { return nil }

// stepped are wishes for first, first+100 and so on; none where first is 0.
func stepped(first int, services []string) map[string]int {
	wishes := map[string]int{}
	for i, s := range services {
		if first != 0 {
			wishes[s] = first + 100*i
		}
	}
	return wishes
}

func lease(t *testing.T, b *Book, project string, wish int, services ...string) map[string]int {
	t.Helper()
	got, refused, err := b.Lease(project, services, stepped(wish, services))
	if err != nil || len(refused) != 0 {
		t.Fatalf("Lease(%s) = %v, refused %v, %v", project, got, refused, err)
	}
	return got
}

func TestAdjacentAndSticky(t *testing.T) {
	b := NewBook(DefaultRange, alwaysFree)
	first := lease(t, b, "/shop", 0, "web", "worker")
	if first["worker"] != first["web"]+1 || (first["web"]-DefaultRange.First)%block != 0 {
		t.Errorf("ports = %v, want neighbours at the start of a block", first)
	}
	grown := lease(t, b, "/shop", 0, "db", "web", "worker")
	if grown["web"] != first["web"] || grown["worker"] != first["worker"] || grown["db"] != first["web"]+2 {
		t.Errorf("ports = %v after %v, want the old ones kept and a neighbour", grown, first)
	}
	again := NewBook(DefaultRange, alwaysFree)
	again.Adopt("/shop", grown)
	if got := lease(t, again, "/shop", 0, "db", "web", "worker"); !cmp.Equal(got, grown) {
		t.Errorf("after a restart ports = %v, want %v", got, grown)
	}
}

func TestWishes(t *testing.T) {
	b := NewBook(DefaultRange, alwaysFree)
	quiet := lease(t, b, "/shop", 0, "web")
	got := lease(t, b, "/shop", 3000, "web", "worker")
	if want := map[string]int{"web": 3000, "worker": 3100}; !cmp.Equal(got, want) {
		t.Errorf("ports = %v, want %v", got, want)
	}
	other, refused, err := b.Lease("/other", []string{"web"}, map[string]int{"web": 3000})
	want := []Refusal{{"web", 3000, Holder{"/shop", "web"}}}
	if err != nil || !cmp.Equal(refused, want) || other["web"] == 3000 {
		t.Errorf("the second project got %v, refused %v, %v", other, refused, err)
	}
	if got := lease(t, b, "/shop", 0, "web"); got["web"] != quiet["web"] {
		t.Errorf("without the wish web has %v, want %v again", got, quiet)
	}
}

func TestSkipsWhatIsTaken(t *testing.T) {
	b := NewBook(Range{20000, 20029}, func(port int) error {
		if port%block == 1 && port < 20020 {
			return ErrTaken
		}
		return nil
	})
	if got := lease(t, b, "/shop", 0, "a", "b"); got["a"] != 20020 {
		t.Errorf("ports = %v, want the only block with two free neighbours", got)
	}
	if _, _, err := b.Lease("/full", make([]string, 40), nil); err == nil {
		t.Error("a full range must be an error")
	}
}

func TestNeverTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBook(Range{20000, 20199}, alwaysFree)
		current := map[string]map[string]int{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			project := rapid.SampledFrom([]string{"/a", "/b", "/c"}).Draw(t, "project")
			n := rapid.IntRange(1, 5).Draw(t, "services")
			wish := rapid.SampledFrom([]int{0, 0, 3000, 3100, 20005}).Draw(t, "wish")
			var names []string
			for i := range n {
				names = append(names, fmt.Sprintf("s%d", i))
			}
			got, _, err := b.Lease(project, names, stepped(wish, names))
			if err != nil {
				t.Fatal(err)
			}
			current[project] = got
			seen := map[int]string{}
			for p, leases := range current {
				for s, port := range leases {
					if held := b.holder[port]; held != (Holder{p, s}) {
						continue // given up by a later wish
					}
					if who, twice := seen[port]; twice {
						t.Fatalf("port %d belongs to %s and %s/%s", port, who, p, s)
					}
					seen[port] = p + "/" + s
				}
			}
			if len(got) != n || len(invert(got)) != n {
				t.Fatalf("%s got %v for %d services", project, got, n)
			}
		}
	})
}

func invert(m map[string]int) map[int]string {
	out := map[int]string{}
	for k, v := range m {
		out[v] = k
	}
	return out
}

func TestCheck(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", ":0", "0.0.0.0:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Logf("%s: %v", addr, err) // a system without IPv6
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port
		if err := Check(port); !errors.Is(err, ErrTaken) {
			t.Errorf("Check beside a listener on %s = %v, want ErrTaken", addr, err)
		}
		l.Close()
		if err := Check(port); err != nil {
			t.Errorf("Check after the listener on %s has gone = %v", addr, err)
		}
	}
}
