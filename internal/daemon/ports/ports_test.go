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
	want := map[string]int{"web": first["web"], "worker": first["worker"], "db": first["web"] + 2}
	if !cmp.Equal(grown, want) {
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

// A wish that cannot be granted must cost nothing: the address of yesterday stays.
func TestARefusedWishKeepsThePort(t *testing.T) {
	b := NewBook(DefaultRange, alwaysFree)
	lease(t, b, "/other", 3000, "web")
	before := lease(t, b, "/shop", 0, "web", "worker")
	got, refused, err := b.Lease("/shop", []string{"web", "worker"}, map[string]int{"web": 3000})
	if err != nil || len(refused) != 1 || !cmp.Equal(got, before) {
		t.Errorf("ports = %v, refused %v, %v; want %v as before", got, refused, err, before)
	}
}

// A set that does not fit must leave the book as it was.
func TestAFailedLeaseChangesNothing(t *testing.T) {
	b := NewBook(Range{20000, 20009}, alwaysFree)
	before := lease(t, b, "/shop", 3000, "web", "worker")
	names := []string{"web", "worker"}
	for i := range 10 {
		names = append(names, fmt.Sprint(i))
	}
	if _, _, err := b.Lease("/shop", names, map[string]int{"web": 3100}); err == nil {
		t.Fatal("twelve ports fit into ten")
	}
	if got := b.Known("/shop"); !cmp.Equal(got, before) {
		t.Errorf("ports = %v, want %v as before", got, before)
	}
}

func TestKnownIsACopy(t *testing.T) {
	b := NewBook(DefaultRange, alwaysFree)
	before := lease(t, b, "/shop", 0, "web")
	b.Known("/shop")["web"] = 1
	if got := b.Known("/shop"); !cmp.Equal(got, before) {
		t.Errorf("ports = %v, want %v", got, before)
	}
	if got := b.Known("/nowhere"); got == nil || len(got) != 0 {
		t.Errorf("of a project that has none: %v", got)
	}
}

func TestPeek(t *testing.T) {
	b := NewBook(DefaultRange, func(int) error {
		return errors.New("looking must not ask the system")
	})
	b.Adopt("/other", map[string]int{"web": 3000})
	b.Adopt("/shop", map[string]int{"web": 20340, "db": 5432, "old": 20341})
	type ports = map[string]int
	for _, tt := range []struct {
		name         string
		wishes, want ports
	}{
		{"what it has", ports{"db": 5432}, ports{"web": 20340, "db": 5432, "new": 0}},
		{"beyond the range, not wished for", nil, ports{"web": 20340, "db": 0, "new": 0}},
		{"a wish", ports{"new": 4000}, ports{"web": 20340, "db": 0, "new": 4000}},
		{"a wish that changed", ports{"web": 4000}, ports{"web": 4000, "db": 0, "new": 0}},
		{"another project's", ports{"new": 3000}, ports{"web": 20340, "db": 0, "new": 0}},
		{"one of its own", ports{"new": 20340}, ports{"web": 0, "db": 0, "new": 20340}},
	} {
		before := b.Known("/shop")
		got := b.Peek("/shop", []string{"web", "db", "new"}, tt.wishes)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if after := b.Known("/shop"); !cmp.Equal(after, before) {
			t.Errorf("%s: looking changed %v to %v", tt.name, before, after)
		}
	}
	if got := b.Peek("/new", []string{"web"}, nil); got["web"] != 0 || len(b.leases) != 2 {
		t.Errorf("a project that has none: %v, and the book knows %d", got, len(b.leases))
	}
}

// TestPeekForetells: whatever Peek says, Lease does.
func TestPeekForetells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBook(Range{20000, 20199}, alwaysFree)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			project := rapid.SampledFrom([]string{"/a", "/b", "/c"}).Draw(t, "project")
			names := []string{"web", "db", "worker"}[:rapid.IntRange(1, 3).Draw(t, "services")]
			wishes := map[string]int{}
			for _, name := range names {
				wish := rapid.SampledFrom([]int{0, 3000, 3001, 20005}).Draw(t, name)
				if wish != 0 {
					wishes[name] = wish
				}
			}
			said := b.Peek(project, names, wishes)
			got, _, err := b.Lease(project, names, wishes)
			if err != nil {
				t.Fatal(err)
			}
			for name, port := range said {
				if port != 0 && got[name] != port {
					t.Fatalf("%s of %s: said %d, gave %d", name, project, port, got[name])
				}
			}
			for name, port := range b.leases[project] {
				if b.holder[port] != (Holder{project, name}) {
					t.Fatalf("port %d of %s is that of %v", port, name, b.holder[port])
				}
			}
		}
	})
}
