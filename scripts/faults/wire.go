package main

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
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
