package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answer is what a client reads off the last frame.
type answer struct {
	OK  *struct{ Digest, Trust string }
	Err *struct{ Code, Msg string }
}

// ask makes one request over a connection of its own: commands take longer to start than the daemon
// to answer, and would seldom meet.
func (s *scene) ask(op string, body map[string]string) (a answer) {
	c := s.dial()
	defer c.Close()
	request, err := json.Marshal(map[string]any{"op": op, "body": body})
	s.must(err)
	_, err = fmt.Fprintf(c, "{\"hello\":{\"proto_min\":1,\"proto_max\":1}}\n%s\n", request)
	s.must(err)
	frames, err := io.ReadAll(c)
	s.must(err)
	lines := strings.Split(strings.TrimSpace(string(frames)), "\n")
	s.must(json.Unmarshal([]byte(lines[len(lines)-1]), &a))
	if (a.OK == nil) == (a.Err == nil) {
		s.Fatalf("%s: %s", op, frames)
	}
	return a
}

// decision is what the only file about an approval says.
type decision struct {
	Denied   bool
	Approved []struct{ Digest string }
}

func (s *scene) decision() (d decision) {
	found, err := filepath.Glob(filepath.Join(s.Data(), "trust", "*"))
	s.must(err)
	if len(found) != 1 {
		s.Fatalf("there are %q", found)
	}
	s.must(json.Unmarshal([]byte(s.read(found[0])), &d))
	return d
}

func (d decision) approves(digest string) bool {
	for _, a := range d.Approved {
		if a.Digest == digest {
			return true
		}
	}
	return false
}

func decisionsAtOnce(s *scene) string {
	shop := s.shop()
	s.ok(shop, "status")
	both, refused := 0, 0
	for round := range 100 {
		switch s.twoContents(shop, round) {
		case 2:
			both++
		default:
			refused++
		}
	}
	if both == 0 {
		s.Fatalf("no two approvals met in 100 rounds")
	}
	allowed := 0
	for range 100 {
		if s.allowBesideDeny(shop) {
			allowed++
		}
	}
	return fmt.Sprintf("two contents: %d times both, %d times one, the other told that its files "+
		"changed; beside deny: allowed %d times, denied %d times, never half of each",
		both, refused, allowed, 100-allowed)
}

// twoContents allows one content while the files become another, which is allowed too. It returns
// how many approvals were given, each of which must be on record.
func (s *scene) twoContents(shop string, round int) (given int) {
	contents := [2]string{"one", "other"}
	var digests [2]string
	for i := range contents {
		contents[i] = filepath.Join(shop, contents[i])
		s.Write(contents[i], fmt.Sprintf("web: exec misbehave listen # %d.%d $PORT\n", round, i))
		s.must(os.Rename(contents[i], filepath.Join(shop, "Procfile")))
		digests[i] = s.digest(shop)
	}
	// The files are the second content by now: they become the first again, and then the second.
	s.Write(contents[0], fmt.Sprintf("web: exec misbehave listen # %d.0 $PORT\n", round))
	s.Write(contents[1], fmt.Sprintf("web: exec misbehave listen # %d.1 $PORT\n", round))
	s.must(os.Rename(contents[0], filepath.Join(shop, "Procfile")))
	answers := make([]answer, 2)
	var clients sync.WaitGroup
	clients.Go(func() { answers[0] = s.allow(shop, digests[0]) })
	// The instants differ from round to round, and from machine to machine.
	<-time.After(time.Duration(round*37%100) * 10 * time.Microsecond)
	s.must(os.Rename(contents[1], filepath.Join(shop, "Procfile")))
	clients.Go(func() { answers[1] = s.allow(shop, digests[1]) })
	clients.Wait()
	d := s.decision()
	for i, a := range answers {
		switch {
		case a.OK != nil && !d.approves(digests[i]):
			s.Fatalf("round %d: approval %d was given and is not on record", round, i)
		case a.OK != nil:
			given++
		case a.Err.Code != "not_allowed":
			s.Fatalf("round %d: %+v", round, a.Err)
		}
	}
	return given
}

func (s *scene) allow(shop, digest string) answer {
	return s.ask("allow", map[string]string{"dir": shop, "digest": digest})
}

// digest is that of what would be allowed.
func (s *scene) digest(shop string) string {
	a := s.ask("allow", map[string]string{"dir": shop})
	if a.OK == nil {
		s.Fatalf("%+v", a.Err)
	}
	return a.OK.Digest
}

// allowBesideDeny lets two clients allow and two deny. Whichever is the last, what is on record
// must be what it decided, and nothing of before: a denial forgets that.
func (s *scene) allowBesideDeny(shop string) (allowed bool) {
	digest := s.digest(shop)
	var clients sync.WaitGroup
	for i := range 4 {
		clients.Go(func() {
			var a answer
			if i%2 == 0 {
				a = s.allow(shop, digest)
			} else {
				a = s.ask("deny", map[string]string{"dir": shop})
			}
			if a.Err != nil {
				s.Fatalf("%+v", a.Err)
			}
		})
	}
	clients.Wait()
	d := s.decision()
	allowed = !d.Denied && len(d.Approved) == 1 && d.approves(digest)
	if !allowed && !(d.Denied && len(d.Approved) == 0) {
		s.Fatalf("on record is %+v", d)
	}
	want := map[bool]string{true: "allowed", false: "denied"}[allowed]
	if a := s.ask("allow", map[string]string{"dir": shop}); a.OK == nil || a.OK.Trust != want {
		s.Fatalf("%+v, want it %s", a, want)
	}
	return allowed
}

// glance looks at one project and starts another one of the same name, which is its for good.
func glance(s *scene) string {
	seen := s.project("downloads/shop", blocking(1))
	meant := s.project("src/shop", blocking(1))
	s.ok(seen, "status")
	s.ok(meant, "up")
	for _, when := range []string{"after up", "after SIGKILL"} {
		name := s.nameOf(meant)
		if name != "shop" {
			s.Fatalf("%s it is %s", when, name)
		}
		if other := s.nameOf(seen); other == name || !strings.HasPrefix(other, "shop~") {
			s.Fatalf("%s the one that was looked at is %s", when, other)
		}
		s.state("shop/s0", "running", "")
		if when == "after up" {
			s.KillDaemon()
			s.ok(seen, "status") // again the first that anybody looks at
			s.await("up again", func() bool { return s.service("shop/s0").Ready })
		}
	}
	return "shop and " + s.nameOf(seen) + ", also of the next daemon, which was shown the other first"
}

// nameOf is what the project in a directory is called there.
func (s *scene) nameOf(dir string) string {
	var status struct{ Projects []struct{ Name string } }
	r := s.ok(dir, "status", "--json")
	s.must(json.Unmarshal([]byte(r.Out), &status))
	if len(status.Projects) != 1 {
		s.Fatalf("%s is %s projects", dir, strconv.Itoa(len(status.Projects)))
	}
	return status.Projects[0].Name
}
