package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/testworld"
)

// commands are what scripts can say beyond testscript's own words. None of them waits for time to
// pass: each blocks on bytes, on an exit or on a connection.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":      cmdExits,
	"shell":      cmdShell,
	"enter":      cmdEnter,
	"endshell":   cmdEndShell,
	"waitlog":    cmdWaitLog,
	"signal":     cmdSignal,
	"killdaemon": cmdKillDaemon,
	"gone":       cmdGone,
	"free":       cmdFree,
	"stranger":   cmdStranger,
	"httpget":    cmdHTTPGet,
	"json":       cmdJSON,
	"jsonkeys":   cmdJSONKeys,
	"tab":        cmdTab,
	"set":        cmdSet,
}

func need(ts *testscript.TestScript, neg bool, args []string, min int, use string) {
	if neg || len(args) < min {
		ts.Fatalf("usage: %s", use)
	}
}

// cmdExits runs a program and wants exactly that exit status.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "exits STATUS PROGRAM ARGS…")
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// cmdShell starts a process that stands for a person's shell and sets NAME to its PID.
func cmdShell(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "shell NAME")
	cmd := exec.Command("service", "wait")
	cmd.Env, cmd.Dir = environment(ts), "/"
	in, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Setenv(args[0], firstLine(ts, cmd))
	ts.Defer(func() { in.Close(); _ = cmd.Wait() })
}

// firstLine starts a program and returns the first line that it prints.
func firstLine(ts *testscript.TestScript, cmd *exec.Cmd) string {
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	cmd.Stderr = cmd.Stdout
	ts.Check(cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	return strings.TrimSpace(line)
}

// environment is the script's.
func environment(ts *testscript.TestScript) []string {
	env := worldOf(ts).Environ()
	for i, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		env[i] = name + "=" + ts.Getenv(name)
	}
	return env
}

// cmdEnter does what a shell's hook does after its directory has changed, without the hook's haste,
// so that a busy machine changes no result. What the person would read becomes stdout.
func cmdEnter(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "enter PID [ROOT] [NAME=VALUE…]")
	root := ""
	if len(args) > 1 {
		root = args[1]
	}
	say, theirs, err := os.Pipe()
	ts.Check(err)
	defer say.Close()
	cmd := exec.Command("locald", "at", "--detached", args[0], root)
	cmd.Env, cmd.Dir = environment(ts), "/"
	if len(args) > 2 {
		cmd.Env = append(cmd.Env, args[2:]...)
	}
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	ts.Check(err)
	text, err := io.ReadAll(say)
	ts.Check(err)
	ts.Check(cmd.Wait())
	_, err = ts.Stdout().Write(text)
	ts.Check(err)
}

func cmdEndShell(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "endshell PID")
	worldOf(ts).Kill(identity(ts, args[0]), syscall.SIGKILL)
}

func identity(ts *testscript.TestScript, pid string) procid.Identity {
	n, err := strconv.Atoi(pid)
	ts.Check(err)
	id, err := procid.Of(n)
	ts.Check(err)
	return id
}

// cmdWaitLog follows the logs until a line matches.
func cmdWaitLog(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "waitlog REGEXP [ARGS of locald logs…]")
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), worldOf(ts).AwaitLog(ts.MkAbs("."), want, args[1:]...))
	ts.Check(err)
}

// cmdTab wants a line of what TAB offers. It waits for the daemon for 50 ms only, so who does not
// see it presses it again; a busy machine may need that.
func cmdTab(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "tab WANT ARGS of locald…")
	want := regexp.MustCompile("(?m)^" + regexp.QuoteMeta(args[0]) + "$")
	offered := ""
	for range 100 {
		ts.Check(ts.Exec("locald", append([]string{"__complete"}, args[1:]...)...))
		if offered = ts.ReadFile("stdout"); want.MatchString(offered) {
			return
		}
	}
	ts.Fatalf("%q is never offered, but\n%s", args[0], offered)
}

// cmdSignal sends a signal; with -wait it returns when the process has ended.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "signal STOP|CONT|TERM|KILL|HUP PID [wait]")
	s := map[string]syscall.Signal{
		"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT,
		"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "HUP": syscall.SIGHUP,
	}[args[0]]
	id := identity(ts, args[1])
	if len(args) > 2 {
		worldOf(ts).Kill(id, s)
		return
	}
	ts.Check(syscall.Kill(id.PID, s))
}

// cmdKillDaemon takes the daemon away without a warning.
func cmdKillDaemon(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 0, "killdaemon")
	worldOf(ts).KillDaemon()
}

// cmdGone wants processes to be dead already (or, negated, alive still).
func cmdGone(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, false, args, 1, "[!] gone PID…")
	for _, arg := range args {
		pid, err := strconv.Atoi(arg)
		ts.Check(err)
		id, err := procid.Of(pid)
		if alive := err == nil && testworld.Living(id); alive != neg {
			ts.Fatalf("PID %d: alive is %v", pid, alive)
		}
	}
}

// cmdFree wants ports to be free (or, negated, taken).
func cmdFree(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, false, args, 1, "[!] free PORT…")
	for _, port := range args {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err == nil {
			l.Close()
		}
		if (err != nil) != neg {
			ts.Fatalf("port %s: %v", port, err)
		}
	}
}

// cmdStranger starts a program of nobody's that listens on a port, and sets NAME to its PID.
func cmdStranger(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "stranger NAME PORT")
	cmd := exec.Command("service", "listen", args[1])
	cmd.Env, cmd.Dir = []string{}, "/"
	if line := firstLine(ts, cmd); line != "listening on "+args[1] {
		ts.Fatalf("the stranger says %q", line)
	}
	ts.Setenv(args[0], fmt.Sprint(cmd.Process.Pid))
	ts.Defer(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// cmdHTTPGet prints what a URL answers with; an end without an answer is one too, as "GET /crash"
// has none.
func cmdHTTPGet(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, false, args, 1, "[!] httpget URL")
	client := http.Client{Timeout: 30 * time.Second}
	r, err := client.Get(args[0])
	if neg {
		if err == nil {
			ts.Fatalf("%s answered %s", args[0], r.Status)
		}
		return
	}
	ts.Check(err)
	defer r.Body.Close()
	_, err = io.Copy(ts.Stdout(), r.Body)
	ts.Check(err)
}

// cmdJSON sets NAME to a value of a JSON file: "json NAME stdout projects.0.services.web.port",
// where an element of an array is named by its index or by its "name".
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "json NAME FILE PATH")
	value := decoded(ts, args[1])
	for part := range strings.SplitSeq(args[2], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[part]
		case []any:
			i := slices.IndexFunc(v, func(e any) bool {
				m, _ := e.(map[string]any)
				return m["name"] == part
			})
			if n, err := strconv.Atoi(part); err == nil {
				i = n
			}
			if i < 0 || i >= len(v) {
				ts.Fatalf("%s: there is no %q", args[2], part)
			}
			value = v[i]
		}
	}
	text, err := json.Marshal(value)
	ts.Check(err)
	if s, ok := value.(string); ok {
		text = []byte(s)
	}
	ts.Setenv(args[0], string(text))
}

func decoded(ts *testscript.TestScript, file string) any {
	var value any
	if err := json.Unmarshal([]byte(ts.ReadFile(file)), &value); err != nil {
		ts.Fatalf("%s is not JSON: %v", file, err)
	}
	return value
}

// cmdJSONKeys prints the shape of a JSON file: each path and the type of what is there, "[]" for
// any element.
func cmdJSONKeys(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "jsonkeys FILE")
	paths := make(map[string]bool)
	walk(decoded(ts, args[0]), "", paths)
	var lines []string
	for p := range paths {
		lines = append(lines, p+"\n")
	}
	slices.Sort(lines)
	_, err := io.WriteString(ts.Stdout(), strings.Join(lines, ""))
	ts.Check(err)
}

func walk(value any, at string, into map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			walk(child, at+"."+key, into)
		}
	case []any:
		into[at+" array"] = true
		for _, child := range v {
			walk(child, at+"[]", into)
		}
	case nil:
		into[at+" null"] = true
	case string:
		into[at+" string"] = true
	case bool:
		into[at+" boolean"] = true
	case float64:
		into[at+" number"] = true
	}
}

// cmdSet sets NAME to the first group of a regular expression in a file.
func cmdSet(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "set NAME FILE REGEXP")
	re, err := regexp.Compile(args[2])
	ts.Check(err)
	found := re.FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) < 2 {
		ts.Fatalf("%s: nothing matches %s", filepath.Base(args[1]), re)
	}
	ts.Setenv(args[0], found[1])
}
