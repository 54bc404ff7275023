package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

var fileRows = []row{
	{
		"F1", "the home cannot be written",
		"a sentence and exit 1 or 8; nothing hangs",
		readOnlyHome,
	},
	{
		"F2", "XDG_RUNTIME_DIR differs between two shells, or is missing",
		"one daemon",
		otherRuntime,
	},
	{
		"F3", "the socket's path is longer than the kernel takes",
		"the limit is named",
		longSocket,
	},
	{
		"F5", "a project is renamed while it is up",
		"said, can be stopped and forgotten",
		renamed,
	},
	{
		"F5b", "a project is deleted while it is up",
		"the same",
		deleted,
	},
	{
		"F6", "blanks, quotes, $(), newline and bytes that are no UTF-8 in a directory's name",
		"it works; nothing is expanded",
		oddNames,
	},
	{
		"F8", "the Procfile is half written, doubled, a directory, or gone while it is up",
		"what runs goes on; a sentence with the line",
		brokenProcfile,
	},
	{
		"F10", "a record is damaged, another is of a newer version",
		"set aside and left alone; the rest works",
		badRecords,
	},
	{
		"F10b", "the whole data directory is removed while the daemon lives",
		"what runs goes on; the same daemon",
		removedData,
	},
	{
		"G4", "the disk is full under records and logs",
		"services go on; said; it recovers when there is room",
		fullDisk,
	},
}

func readOnlyHome(s *scene) string {
	r := s.Run("/", []string{"HOME=/dev/null"}, "locald", "status")
	if r.Code != 1 && r.Code != 8 || r.Err == "" {
		s.Fatalf("%v", r)
	}
	return fmt.Sprintf("exit %d: %s", r.Code, strings.TrimSpace(strings.Split(r.Err, "\n")[0]))
}

// otherRuntime looks from a second session, whose runtime directory is another one: by the socket
// alone it would start a second daemon.
func otherRuntime(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	status := s.status()
	other := filepath.Join(s.Dir, "other")
	s.must(os.Mkdir(other, 0o700))
	for _, env := range []string{"XDG_RUNTIME_DIR=" + other, "XDG_RUNTIME_DIR="} {
		r := s.Run(shop, []string{env}, "locald", "status", "--json")
		if !strings.Contains(r.Out, fmt.Sprintf(`"pid": %d`, status.Daemon.PID)) {
			s.Fatalf("%s: %v", env, r)
		}
	}
	return "the PID file leads to the one daemon"
}

func longSocket(s *scene) string {
	deep := filepath.Join(s.Dir, strings.Repeat("d", 100))
	s.must(os.Mkdir(deep, 0o700))
	r := s.Run("/", []string{"XDG_RUNTIME_DIR=" + deep}, "locald", "daemon", "start")
	if r.Code != 8 || !strings.Contains(r.Err, "bytes") {
		s.Fatalf("%v", r)
	}
	return strings.TrimSpace(strings.Split(r.Err, ";")[0])[:40] + "…"
}

func renamed(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	s.must(os.Rename(shop, shop+"2"))
	return s.gone("renamed")
}

func deleted(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	s.must(os.RemoveAll(shop))
	return s.gone("deleted")
}

func (s *scene) gone(what string) string {
	status := s.status()
	if len(status.Projects) != 1 || status.Projects[0].Trust != "gone" {
		s.Fatalf("%+v", status.Projects)
	}
	s.exits(1, s.Home, "forget", "shop") // it is up
	s.ok(s.Home, "down", "shop/web")
	s.ok(s.Home, "forget", "--gone")
	return what + ": said, stopped, forgotten"
}

func oddNames(s *scene) string {
	names := []string{
		"a b", `quo"te'`, "$(touch X)", "new\nline", "\x1b[31m", "\xff\xfe", "-n", "ünï",
	}
	for _, name := range names {
		dir := s.project(filepath.Join("odd", name), []string{"web: exec misbehave listen # $PORT"})
		s.ok(dir, "up")
		s.ok(dir, "status")
		s.ok(dir, "logs")
	}
	if _, err := s.Status(); err != nil { // whose JSON has them all
		s.Fatalf("%v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(s.Home, "odd", "*", "X")); len(found) > 0 {
		s.Fatalf("a name was expanded")
	}
	return fmt.Sprintf("%d names", len(names))
}

func brokenProcfile(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	before := s.service("shop/web").PID
	path := filepath.Join(shop, "Procfile")
	for text, want := range map[string]string{
		"web": "", "web: a\nweb: b\n": "Procfile:2", "\xff\xfew": "UTF-16", "": "no service",
	} {
		s.Write(path, text)
		r := s.exits(1, shop, "up")
		if !strings.Contains(r.Err, want) || s.service("shop/web").PID != before {
			s.Fatalf("%q: %v", text, r)
		}
	}
	s.must(os.Remove(path))
	s.must(os.Mkdir(path, 0o755))
	if r := s.Locald(shop, "up"); r.Code != 6 && r.Code != 4 {
		s.Fatalf("%v", r)
	}
	s.must(os.Remove(path))
	s.exits(4, shop, "up")
	if s.service("shop/web").PID != before {
		s.Fatalf("it was disturbed")
	}
	return "undisturbed; each said with file and line"
}

// badRecords has one that can be thrown away and one that a newer locald would miss.
func badRecords(s *scene) string {
	for _, name := range []string{"a", "b", "c"} {
		s.ok(s.project(name, []string{"job: exec misbehave block"}), "up")
	}
	s.ok(s.Home, "daemon", "stop")
	records, err := filepath.Glob(filepath.Join(s.Data(), "projects", "*.json"))
	s.must(err)
	s.Write(records[0], "{")
	s.Write(records[1], `{"schema": 99, "root": "/"}`)
	s.ok(s.Home, "daemon", "start")
	if _, err := os.Stat(records[0] + ".bad"); err != nil {
		s.Fatalf("the damaged one was not set aside: %v", err)
	}
	if text := s.read(records[1]); !strings.Contains(text, "99") {
		s.Fatalf("the newer one was touched")
	}
	s.must(os.Remove(records[0] + ".bad"))
	s.ok(filepath.Join(s.Home, "c"), "up")
	log := s.read(filepath.Join(s.Data(), "daemon.log"))
	if !strings.Contains(log, "newer locald") || !strings.Contains(log, "moved to") {
		s.Fatalf("the daemon's log says nothing")
	}
	return "one set aside, one left alone, both said; the third is up"
}

// removedData takes the records from under a daemon that lives: what it knows is all there is.
func removedData(s *scene) string {
	shop := s.shop()
	s.ok(shop, "up")
	before := s.service("shop/web").PID
	status := s.status()
	s.must(os.RemoveAll(s.Data()))
	again, err := s.Status()
	s.must(err)
	if again.Daemon.PID != status.Daemon.PID || s.service("shop/web").PID != before {
		s.Fatalf("another daemon, or another run")
	}
	s.ok(shop, "restart") // what is started from now on is on record
	s.read(s.record())
	return "the same daemon and run; the record is made again"
}

// smallDisk gives the data directory a file system of 1 MiB.
func (s *scene) smallDisk() {
	s.must(os.MkdirAll(s.Data(), 0o700))
	mount := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", s.Data())
	if out, err := mount.CombinedOutput(); err != nil {
		s.Skipf("no file system can be mounted: %s", strings.TrimSpace(string(out)))
	}
	s.Cleanup(func() {
		s.Locald("/", "daemon", "stop")
		_ = exec.Command("umount", "-l", s.Data()).Run() // whoever still ends in it
	})
}

// ballast is what fills it, until not even a byte is left.
var ballast = []int{1 << 20, 4096, 1}

func (s *scene) fill() {
	for _, size := range ballast {
		path := filepath.Join(s.Data(), "ballast"+strconv.Itoa(size))
		_ = os.WriteFile(path, make([]byte, size), 0o600) // as much as there is room for
	}
}

func (s *scene) makeRoom() {
	for _, size := range ballast {
		s.must(os.Remove(filepath.Join(s.Data(), "ballast"+strconv.Itoa(size))))
	}
}

func fullDisk(s *scene) string {
	s.smallDisk()
	shop := s.shop(`worker: exec 3<>pipe; while read -r word <&3; do echo "said $word"; done`)
	pipe := filepath.Join(shop, "pipe")
	s.must(syscall.Mkfifo(pipe, 0o600))
	s.ok(shop, "up")
	before := s.service("shop/worker").PID
	s.fill()
	for i := range 200 { // more than what a block of the file may have left
		s.Write(pipe, fmt.Sprintf("word %d of %s\n", i, strings.Repeat("x", 100)))
	}
	r := s.Locald(shop, "restart", "web")
	if r.Code != 5 || !strings.Contains(r.Out+r.Err, "no space left") {
		s.Fatalf("restart on a full disk: %v", r)
	}
	if s.service("shop/worker").PID != before {
		s.Fatalf("a service that ran was disturbed")
	}
	s.makeRoom()
	s.await("room noticed", func() bool { // it is tried again once a second, when there is a line
		s.must(os.WriteFile(pipe, []byte("after\n"), 0o600))
		return strings.Contains(s.ok(shop, "logs", "worker").Out, "said after")
	})
	s.log(shop, "worker", "lines lost between")
	s.ok(shop, "up")
	return "the running one went on, the restart was refused with the reason; " +
		"with room again the log goes on and up succeeds"
}
