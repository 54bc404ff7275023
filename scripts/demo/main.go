// Command demo shows locald's main job in a real interactive shell: it types, the shell answers,
// and every answer is checked. All of it happens in a world of its own, of which nothing is left.
// With -picture FILE it also draws the first part of what the terminal shows.
//
// It starts no goroutine but those of the shell and the world.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/creack/pty"
	"github.com/mattn/go-isatty"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/shelltest"
	"github.com/locald/locald/internal/testworld"
)

func main() {
	picture := flag.String("picture", "", "`file` of the picture, in SVG")
	flag.Parse()
	testworld.Main(func(t testworld.TB) {
		if *picture != "" {
			draw(t, *picture)
			return
		}
		show(t, watched())
		fmt.Printf("\n%s\n",
			"That was all of it. The home directory of the demo and its processes are gone.")
	})
}

// screen is what the demo is shown on.
type screen struct {
	shell, term string
	rows, cols  uint16
	out         io.Writer
}

// watched is our own terminal or, where our output goes elsewhere, whole lines without escape
// sequences.
func watched() screen {
	s := screen{shell: "bash", term: "dumb", rows: 40, cols: 120, out: &lines{}}
	if _, err := exec.LookPath("zsh"); err == nil {
		s.shell = "zsh"
	}
	if !isatty.IsTerminal(os.Stdout.Fd()) {
		return s
	}
	s.term, s.out = cmp.Or(os.Getenv("TERM"), s.term), os.Stdout
	if own, err := pty.GetsizeFull(os.Stdout); err == nil {
		s.rows, s.cols = own.Rows, max(own.Cols, 100)
	}
	return s
}

// lines prints whole lines of what a terminal gets, as a person reads them.
type lines struct{ unfinished []byte }

func (l *lines) Write(chunk []byte) (int, error) {
	l.unfinished = append(l.unfinished, chunk...)
	end := bytes.LastIndexByte(l.unfinished, '\n') + 1
	_, err := os.Stdout.WriteString(plain(string(l.unfinished[:end])))
	l.unfinished = l.unfinished[end:]
	return len(chunk), err
}

var (
	// escapes matches colours, cursor movements and titles.
	escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\a]*\a|\x1b[=>]`)
	lineEnd = regexp.MustCompile(`\r+\n`)
	// redrawn matches what was printed on a line before the cursor went back to its start.
	redrawn = regexp.MustCompile(`[^\n]*\r`)
)

func plain(printed string) string {
	text := lineEnd.ReplaceAllString(escapes.ReplaceAllString(printed, ""), "\n")
	return redrawn.ReplaceAllString(text, "")
}

// rc gives each shell a prompt that says where it is, before the mark by which it is known, which
// nobody sees and which has no width.
var rc = map[string]string{
	"bash": `PS1="\w \$ \[$PS1\]"`,
	"zsh": `setopt interactive_comments
unsetopt zle_bracketed_paste
PROMPT="%~ $ %{$PROMPT%}"`,
}

// demo is the session.
type demo struct {
	*shelltest.Shell
	w    *testworld.World
	kind string
}

func show(t testworld.TB, on screen) {
	for _, service := range []string{"web", "worker"} { // so that `go run` finds it compiled
		file := "./examples/shop/" + service + "/main.go"
		build := exec.Command("go", "build", "-o", os.DevNull, file)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	programs := testworld.Build(t, "./cmd/locald", "./scripts/demo/get")
	w := testworld.New(t, "")
	w.Programs = programs
	w.Setenv("LOCALD_DEBUG_ALIVE", "1s") // what is shown is what everybody gets
	// What is said is said before the next prompt, also where the machine is busy.
	w.Setenv("LOCALD_DEBUG_AT_BUDGET", "10s")
	w.KeepGoCaches()
	if err := os.CopyFS(w.Home+"/shop", os.DirFS("examples/shop")); err != nil {
		t.Fatalf("%v", err)
	}
	s := w.Shell(on.shell, shelltest.Options{
		RC: rc[on.shell], Env: []string{"TERM=" + on.term},
		Rows: on.rows, Cols: on.cols, Show: on.out,
	})
	d := &demo{s, w, on.shell}
	d.enter()
	first := d.use()
	d.crash()
	second := d.loseDaemon(first)
	d.leave(append(first, second...))
}

func (d *demo) enter() {
	d.say("This line goes into the shell's rc file, once.")
	d.run(fmt.Sprintf(`eval "$(locald hook %s)"`, d.kind))
	d.say("A project that you have never seen starts nothing.")
	d.run("cd shop", "not allowed yet")
	d.say("You review it once.")
	d.Type("locald allow\r")
	d.Expect("[y/N] ")
	d.Type("y\r")
	d.wants("locald allow", d.AwaitPrompt(), "starting web, worker")
}

func (d *demo) use() (alive []procid.Identity) {
	d.say("`locald up` also waits until everything is ready.")
	d.run("locald up", "web", "ready", "worker", "ready")
	status := d.run("locald status", "web", "ready", "http://127.0.0.1:", "worker", "ready")
	d.say("Each service keeps a port of its own, which what you run can ask for.")
	d.run(`locald run -- sh -c 'get "$LOCALD_WEB_URL"'`, "The corner shop is open.")
	d.follow("locald logs -f", "shop/web", "listening on", "shop/worker", "packed apples")
	return d.processes(status)
}

func (d *demo) crash() {
	d.say("web crashes when you ask it to, and is started again.")
	d.run(`locald run -- sh -c 'get "$LOCALD_WEB_URL/crash"'`)
	d.follow("locald logs -f web",
		"went very wrong", "exited with 1", "restarting", "started as PID", "listening on")
	d.run("locald up", "ready")
	d.run("locald status", "restarts 1")
}

func (d *demo) loseDaemon(before []procid.Identity) (after []procid.Identity) {
	d.say("After kill -9 of the daemon, the next command cleans up and starts afresh.")
	daemon := d.processes(d.run("locald daemon status", "is running (PID "))
	d.run("kill -9 $(head -n 1 ~/.local/share/locald/daemon.pid)")
	d.gone(daemon)
	d.run("locald up", "web", "ready", "worker", "ready")
	after = d.processes(d.run("locald status", "web", "ready", "worker", "ready"))
	d.gone(before)
	d.say("What was printed before is still there.")
	d.run("locald logs web",
		"went very wrong", "started as PID", "listening on", "started as PID", "listening on")
	return after
}

func (d *demo) leave(all []procid.Identity) {
	d.say("And down again.")
	daemon := d.processes(d.run("locald daemon status", "is running (PID "))
	d.run("locald down", "web", "stopped", "worker", "stopped")
	d.run("locald daemon stop", "has stopped")
	d.gone(append(daemon, all...))
	d.Type("exit\r")
	d.Wait()
}

// say tells the person who watches what comes next, as a comment in their shell.
func (d *demo) say(text string) {
	d.Run("")
	d.Run("# " + text)
}

// run types a line and returns what it printed, which must have all of wants, in that order.
func (d *demo) run(line string, wants ...string) string {
	out := d.Run(line)
	d.wants(line, out, wants...)
	return out
}

func (d *demo) wants(line, out string, wants ...string) {
	rest := out
	for _, want := range wants {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			d.w.Fatalf("%q did not show %q where it should; it printed:\n%s", line, want, out)
		}
		rest = after
	}
}

// follow types a line that does not end, waits for all of wants, and interrupts it.
func (d *demo) follow(line string, wants ...string) {
	d.Type(line + "\r")
	for _, want := range wants {
		d.Expect(want)
	}
	d.Type("\x03")
	d.AwaitPrompt()
}

var pidRE = regexp.MustCompile(`PID (\d+)`)

// processes returns the processes whose PIDs a command showed. They are alive.
func (d *demo) processes(out string) (alive []procid.Identity) {
	for _, m := range pidRE.FindAllStringSubmatch(out, -1) {
		pid, _ := strconv.Atoi(m[1])
		id, err := procid.Of(pid)
		if err != nil {
			d.w.Fatalf("%v", err)
		}
		alive = append(alive, id)
	}
	if len(alive) == 0 {
		d.w.Fatalf("no PID was shown in:\n%s", out)
	}
	return alive
}

// gone waits until all the processes have ended: what was killed ends when the kernel has come
// round to it.
func (d *demo) gone(processes []procid.Identity) {
	for _, p := range processes {
		d.w.AwaitEnd(p)
	}
}
