package procinfo

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// Sockets is one look at who listens.
type Sockets struct {
	listening map[int][]int // PID → ports
}

// toolPatience bounds how long a tool of the system may take. lsof can hang on a file system whose
// server does not answer, and everybody who waits for a look would hang with it.
const toolPatience = 10 * time.Second

// runTool returns what a tool of the system prints. WaitDelay is for the children of lsof, which
// would keep the pipe open after it was killed.
func runTool(program string, args ...string) (status int, out, complaints string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), toolPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("%s took longer than %v", program, toolPatience)
	}
	status = -1
	if cmd.ProcessState != nil {
		status = cmd.ProcessState.ExitCode()
	}
	return status, stdout.String(), stderr.String(), err
}

// lsof runs the system's lsof, whose interface to the kernel (libproc) needs C. -nP keeps it from
// asking for names of hosts and ports, -w from warnings about what it cannot see.
func lsof(args ...string) (string, error) {
	args = append([]string{"-nP", "-w"}, args...)
	status, out, complaints, err := runTool("/usr/sbin/lsof", args...)
	return out, lsofFound(status, complaints, err)
}

// ReadSockets asks lsof. A look takes tens of milliseconds, and more the more processes there are:
// whoever looks again and again has to pace themselves by what a look costs.
func ReadSockets() (*Sockets, error) {
	out, err := lsof("-iTCP", "-sTCP:LISTEN", "-Fpn")
	if err != nil {
		return nil, fmt.Errorf("cannot read the socket table: %w", err)
	}
	return &Sockets{listening: parseListeners(out)}, nil
}

// TimeWait reports whether the kernel is known still to keep a closed connection of port. Such a
// connection belongs to no process, so it is netstat that shows it. A failure makes it unknown.
func TimeWait(port int) bool {
	_, out, _, err := runTool("/usr/sbin/netstat", "-an", "-p", "tcp")
	return err == nil && parseTimeWait(out, port)
}

// Listening reports whether anybody listens on port.
func (s *Sockets) Listening(port int) bool {
	_, ok := s.Owner(port)
	return ok
}

// Of returns the ports on which a process listens, in order.
func (s *Sockets) Of(pid int) []int {
	out := slices.Clone(s.listening[pid])
	slices.Sort(out)
	return slices.Compact(out)
}

// portsOf is Of: the table says whose each socket is.
func (s *Scan) portsOf(pid int) []int { return s.sockets.Of(pid) }

// Owner finds who listens on port. Processes of other users cannot be seen, so not finding one does
// not mean that there is none.
func (s *Sockets) Owner(port int) (pid int, ok bool) {
	for pid, ports := range s.listening {
		if slices.Contains(ports, port) {
			return pid, true
		}
	}
	return 0, false
}
