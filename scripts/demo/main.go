// Command demo shows locald's main job in a real interactive shell: it types, the shell answers, and every answer is
// checked. scripts/demo.sh gives it a home directory of its own, with the shop in it, and the binaries on the PATH.
//
// Goroutines: one reads the terminal; procinfo.Watch starts one for each process whose end is
// awaited.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

func main() {
	shell := "bash"
	if _, err := exec.LookPath("zsh"); err == nil {
		shell = "zsh"
	}
	if err := show(shell); err != nil {
		fmt.Fprintln(os.Stderr, "\nthe demo failed:", err)
		os.Exit(1)
	}
}

// demo is the session. After the first failure nothing more is typed.
type demo struct {
	*terminal
	err error
}

func show(shell string) error {
	t, err := open(shell)
	if err != nil {
		return err
	}
	defer t.close()
	d := &demo{terminal: t}
	_, d.err = t.until(promptEnd)

	d.enter()
	first := d.use()
	d.crash()
	second := d.loseDaemon(first)
	d.leave(append(first, second...))
	return d.err
}

func (d *demo) enter() {
	d.say("This line goes into the shell's rc file, once.")
	d.run(fmt.Sprintf(`eval "$(locald hook %s)"`, d.shell))
	d.say("A project that you have never seen starts nothing.")
	d.run("cd shop", "not allowed yet")
	d.say("You review it once.")
	d.answer("locald allow", "[y/N] ", "y", "starting web, worker")
}

func (d *demo) use() (alive []procid.Identity) {
	d.say("`locald up` also waits until everything is ready.")
	d.run("locald up", "web", "ready", "worker", "ready")
	alive = d.processes(d.run("locald status", "web", "ready", "http://127.0.0.1:", "worker", "ready"))
	d.say("Each service keeps a port of its own, which what you run can ask for.")
	d.run(`locald run -- sh -c 'get "$LOCALD_WEB_URL"'`, "The corner shop is open.")
	d.follow("locald logs -f", "shop/web", "listening on", "shop/worker", "packed apples")
	return alive
}

func (d *demo) crash() {
	d.say("web crashes when you ask it to, and is started again.")
	d.run(`locald run -- sh -c 'get "$LOCALD_WEB_URL/crash"'`)
	d.follow("locald logs -f web", "went very wrong", "exited with 1", "restarting", "started as PID", "listening on")
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
	d.run("locald logs web", "went very wrong", "started as PID", "listening on", "started as PID", "listening on")
	return after
}

func (d *demo) leave(all []procid.Identity) {
	d.say("And down again.")
	daemon := d.processes(d.run("locald daemon status", "is running (PID "))
	d.run("locald down", "web", "stopped", "worker", "stopped")
	d.run("locald daemon stop", "has stopped")
	d.gone(append(daemon, all...))
	if d.err == nil {
		d.err = d.keys("exit\r")
	}
	if d.err == nil {
		d.err = d.end()
	}
}

// say tells the person who watches what comes next, as a comment in their shell.
func (d *demo) say(text string) {
	d.run("")
	d.run("# " + text)
}

// run types a line and returns what it printed, which must have all of wants, in that order.
func (d *demo) run(line string, wants ...string) string {
	if d.err == nil {
		d.err = d.keys(line + "\r")
	}
	return d.printed(line, wants)
}

// answer is run for a command that asks something.
func (d *demo) answer(line, question, reply string, wants ...string) {
	if d.err == nil {
		d.err = d.keys(line + "\r")
	}
	if d.err == nil {
		_, d.err = d.until(question)
	}
	if d.err == nil {
		d.err = d.keys(reply + "\r")
	}
	d.printed(line, wants)
}

// follow types a line that does not end, waits for all of wants, and interrupts it.
func (d *demo) follow(line string, wants ...string) {
	if d.err == nil {
		d.err = d.keys(line + "\r")
	}
	for _, want := range wants {
		if d.err == nil {
			_, d.err = d.until(want)
		}
	}
	if d.err == nil {
		d.err = d.keys("\x03")
	}
	d.printed(line, nil)
}

// printed reads up to the next prompt. The first line is the echo of what was typed.
func (d *demo) printed(line string, wants []string) string {
	if d.err != nil {
		return ""
	}
	var out string
	if _, d.err = d.until("\n"); d.err == nil {
		out, d.err = d.until(promptEnd)
	}
	out = plain(out)
	if d.err == nil {
		d.err = contains(line, out, wants)
	}
	// The last line is the prompt.
	return out[:strings.LastIndex(out, "\n")+1]
}

func contains(line, out string, wants []string) error {
	rest := out
	for _, want := range wants {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			return fmt.Errorf("%q did not show %q where it should; it printed:\n%s", line, want, out)
		}
		rest = after
	}
	return nil
}

var pidRE = regexp.MustCompile(`PID (\d+)`)

// processes returns the processes whose PIDs a command showed. They are alive.
func (d *demo) processes(out string) (alive []procid.Identity) {
	for _, m := range pidRE.FindAllStringSubmatch(out, -1) {
		pid, _ := strconv.Atoi(m[1])
		id, err := procid.Of(pid)
		if err != nil && d.err == nil {
			d.err = err
		}
		alive = append(alive, id)
	}
	if d.err == nil && len(alive) == 0 {
		d.err = fmt.Errorf("no PID was shown in:\n%s", out)
	}
	return alive
}

// gone checks that all the processes have ended. One that was killed ends when the kernel has come round to it.
func (d *demo) gone(processes []procid.Identity) {
	deadline := time.After(patience)
	for _, p := range processes {
		if d.err != nil {
			return
		}
		ended, cancel := procinfo.Watch(p)
		select {
		case <-ended:
		case <-deadline:
			d.err = fmt.Errorf("PID %d is still there", p.PID)
		}
		cancel()
	}
}
