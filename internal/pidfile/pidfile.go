// Package pidfile is the file by which a daemon is found: its identity, so that nobody takes
// another process for it, and its socket, which need not be where a client would look first. See
// docs/files.md. It starts no goroutine.
package pidfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/procid"
)

// File is what it says. The identity is zero, but for the PID, where the file is of an old version
// or was cut off.
type File struct {
	procid.Identity
	Socket        string
	Machine, Host string // as in procid.Place
}

// Write replaces the file with one that names this process.
func Write(path, socket string) error {
	id, err := procid.Of(os.Getpid())
	if err != nil {
		return err
	}
	here, err := procid.Here()
	if err != nil {
		return err
	}
	return atomicfile.Write(path, fmt.Appendf(nil, "%d\n%s\n%d %s\n%s %s\n",
		id.PID, socket, id.Start, id.Boot, here.Machine, here.Host))
}

// Read returns what the file says. The error is fs.ErrNotExist where there is none.
func Read(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	return parse(string(text))
}

func parse(text string) (f File, err error) {
	lines := strings.SplitN(text, "\n", 5)
	if _, err := fmt.Sscanf(lines[0], "%d", &f.PID); err != nil || f.PID <= 0 {
		return File{}, errors.New("the PID file does not begin with a PID")
	}
	if len(lines) > 1 {
		f.Socket = lines[1]
	}
	if len(lines) > 2 {
		if _, err := fmt.Sscanf(lines[2], "%d %s", &f.Start, &f.Boot); err != nil {
			f.Start, f.Boot = 0, ""
		}
	}
	if len(lines) > 3 {
		f.Machine, f.Host, _ = strings.Cut(lines[3], " ")
	}
	return f, nil
}

// Elsewhere returns what the file says if it was written in another container or on another
// machine, where alone its PID means something.
func Elsewhere(path string) (f File, is bool) {
	f, err := Read(path)
	if err != nil || f.Boot == "" {
		return f, false
	}
	here, err := procid.Here()
	there := procid.Place{Boot: f.Boot, Machine: f.Machine}
	return f, err == nil && !here.Sees(there)
}

// Live returns the daemon that the file names, if that very process is alive.
func Live(path string) (procid.Identity, bool) {
	f, err := Read(path)
	return f.Identity, err == nil && f.Alive()
}

// Remove removes the file, which may be gone.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
