package main

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var wireRows = []row{
	{
		"A1", "garbage, half frames, 2 MiB without an end, 200 clients that say nothing",
		"the daemon serves on, with the descriptors of before",
		garbage,
	},
	{
		"A2", "another user connects to the socket",
		"refused by the kernel or by the daemon",
		otherUser,
	},
	{
		"A3", "a secret in .env and in the shell",
		"in no file of locald's, no message and no command line",
		secrets,
	},
	{
		"A4", "1,500 clients with half a frame of 900 KB each, one after the other",
		"the oldest go; no more than 64 MiB of them is kept, and given back when they have gone",
		halfFrames,
	},
	{
		"A6", "200 followers of ten services, where the daemon may open 1,024 files",
		"some are refused and told why; status, up and logs work meanwhile",
		followers,
	},
	{
		"A5", "2,000 clients that say nothing, and 2,000 that follow and never read",
		"the oldest silent ones go, the others are refused; status and up work meanwhile",
		crowds,
	},
}

// memory is what the daemon takes, in MiB.
func (s *scene) memory() (mib int) {
	status := s.read(filepath.Join("/proc", strconv.Itoa(s.Daemon().PID), "status"))
	_, rss, _ := strings.Cut(status, "VmRSS:")
	_, err := fmt.Sscan(rss, &mib)
	s.must(err)
	return mib >> 10
}

// clients connect and say something, which the daemon may not want to hear to its end.
func (s *scene) clients(n int, text string) (gone func()) {
	var all []net.Conn
	for range n {
		c := s.dial()
		all = append(all, c)
		_, _ = io.WriteString(c, text)
	}
	return func() {
		for _, c := range all {
			c.Close()
		}
	}
}

const helloLine = `{"hello":{"proto_min":1,"proto_max":1}}` + "\n"

func halfFrames(s *scene) string {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		s.Skipf("nobody says what a process takes")
	}
	const room = 64 // MiB of the clients', and as much again that waits to be collected
	shop := s.shop()
	s.ok(shop, "up")
	before := s.memory()
	half := helloLine + `{"op":"status","body":{"dir":"` + strings.Repeat("x", 900_000)
	gone := s.clients(1500, half)
	most := s.memory()
	s.ok(shop, "status")
	if most-before > 2*room+room/2 {
		s.Fatalf("%d MiB, %d before", most, before)
	}
	gone()
	s.await("the memory to be given back", func() bool { return s.memory()-before < 16 })
	s.ok(shop, "restart")
	return fmt.Sprintf("%d MiB → %d → %d", before, most, s.memory())
}

func crowds(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	run := s.service("shop/web").Run
	follow := helloLine + fmt.Sprintf(
		`{"op":"logs","body":{"dir":%q,"tail":-1,"follow":true}}`, shop) + "\n"
	for _, text := range []string{"", helloLine, follow} {
		gone := s.clients(2000, text)
		defer gone()
		s.ok(shop, "status")
		s.ok(shop, "down")
		s.ok(shop, "up")
		s.ok(s.project("blog", listening(3)), "up")
		s.ok(s.Home, "down", "--all")
		s.ok(shop, "up")
		gone()
	}
	return fmt.Sprintf("status, up and down work; the service went from run %d to %d",
		run, s.service("shop/web").Run)
}

func (s *scene) dial() net.Conn {
	c, err := net.Dial("unix", s.Socket())
	s.must(err)
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func garbage(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	before, _, err := s.Footprint()
	s.must(err)
	var idle []net.Conn
	for range 200 {
		idle = append(idle, s.dial())
	}
	for _, text := range []string{
		"\x00\xff\n", `{"hello":`, "[]\n", "{}\n", strings.Repeat("x", 2<<20),
		"GET / HTTP/1.1\r\n\r\n",
	} {
		c := s.dial()
		_, _ = c.Write([]byte(text)) // it may hang up in the middle
		c.Close()
	}
	s.ok(shop, "status")
	var wg sync.WaitGroup
	for _, c := range idle {
		wg.Go(func() {
			c.(*net.UnixConn).CloseWrite()
			_, _ = c.Read(make([]byte, 1<<10)) // until it hangs up too
			c.Close()
		})
	}
	wg.Wait()
	s.ok(shop, "restart")
	after, _, err := s.Footprint()
	s.must(err)
	if after > before+5 {
		s.Fatalf("%d descriptors, %d before", after, before)
	}
	return fmt.Sprintf("served on; descriptors %d → %d", before, after)
}

// otherUser opens all doors that the file system has, so that the daemon itself has to refuse.
func otherUser(s *scene) string {
	if os.Geteuid() != 0 {
		s.Skipf("only root can be somebody else")
	}
	s.ok(s.shop(), "up")
	s.must(os.Chmod(s.Dir, 0o755))
	s.must(os.Chmod(s.Runtime, 0o755))
	s.must(os.Chmod(s.Socket(), 0o666)) // worse than it ever is
	cmd := s.Command("/", "sh", "-c", `printf '%s\n' "$HELLO" "$STATUS" | nc -U -q 2 "$SOCKET"`)
	cmd.Env = append(cmd.Env, "SOCKET="+s.Socket(),
		`HELLO={"hello":{"proto_min":1,"proto_max":1}}`,
		`STATUS={"op":"status","body":{"dir":"/","all":true}}`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, _ := cmd.CombinedOutput() // it is refused, and may say so by its status
	if strings.Contains(string(out), "projects") {
		s.Fatalf("it was served: %s", out)
	}
	return "the daemon hangs up: " + strings.TrimSpace(string(out))
}

func secrets(s *scene) string {
	const canary = "hunter2canary"
	shop := s.shop("bad: exit 3")
	s.Write(filepath.Join(shop, ".env"), "API_KEY="+canary+"\nBROKEN\n")
	env := []string{"TOKEN=" + canary}
	var said strings.Builder
	for _, args := range [][]string{
		{"up"},
		{"status"},
		{"status", "--json"},
		{"check"},
		{"logs"},
		{"restart"},
		{"allow", "--yes"},
		{"daemon", "status"},
	} {
		r := s.Run(shop, env, append([]string{"locald"}, args...)...)
		said.WriteString(r.Out + r.Err)
	}
	s.KillDaemon()
	r := s.Run(shop, env, "locald", "up")
	said.WriteString(r.Out + r.Err)
	if strings.Contains(said.String(), canary) {
		s.Fatalf("a message has it")
	}
	for _, p := range s.Processes() {
		if strings.Contains(p.Command, canary) {
			s.Fatalf("a command line has it: %v", p)
		}
	}
	files := 0
	s.must(filepath.WalkDir(s.Data(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		if strings.Contains(s.read(path), canary) {
			return fmt.Errorf("%s has it", path)
		}
		if info, err := e.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			return fmt.Errorf("%s can be read by others", path)
		}
		return nil
	}))
	return fmt.Sprintf("in none of %d files, each 0600", files)
}

func followers(s *scene) string {
	shop := s.project("shop", listening(10))
	r := s.Run(shop, nil, "sh", "-c", "ulimit -n 1024; exec locald up")
	if r.Code != 0 {
		s.Fatalf("%v", r)
	}
	follow := helloLine + fmt.Sprintf(
		`{"op":"logs","body":{"dir":%q,"tail":1,"follow":true}}`, shop) + "\n"
	gone := s.clients(200, follow)
	defer gone()
	s.ok(s.project("blog", listening(2)), "up")
	s.ok(shop, "restart")
	s.ok(shop, "status")
	descriptors := len(s.descriptors())
	gone()
	s.ok(shop, "logs", "-n", "1")
	return fmt.Sprintf("%d descriptors in use; up, restart and status work", descriptors)
}
