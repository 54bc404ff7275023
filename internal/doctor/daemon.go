package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/client"
	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/version"
	"github.com/locald/locald/internal/wire"
)

func daemonAnswers(m *machine) Finding {
	pid, alive := m.Living()
	log := "see its log: " + m.tilde(m.paths.DaemonLog())
	switch {
	case m.silent == nil:
		return ok(fmt.Sprintf("PID %d answers on %s", m.daemon.PID, m.daemon.Socket))
	case errors.Is(m.silent, client.ErrAbsent) && alive:
		return problem(fmt.Sprintf("PID %d is alive, and nothing listens on its socket", pid),
			"wait a moment, as it makes its socket again if it can; "+
				"to end it and its services: locald daemon stop")
	case errors.Is(m.silent, client.ErrAbsent):
		return ok("not running; the next command starts it, and so does entering a project")
	case errors.Is(m.silent, client.ErrSilent) && alive:
		return problem(fmt.Sprintf("PID %d does not answer", pid),
			fmt.Sprintf("if it was stopped: kill -CONT %d; "+
				"to end it: kill -KILL %d (the next command cleans up after it)", pid, pid))
	case errors.Is(m.silent, client.ErrSilent):
		return problem("it accepts connections and does not answer", log)
	}
	f := problem(m.silent.Error(), log)
	if e, is := errors.AsType[*wire.Error](m.silent); is && e.Hint != "" {
		f.Remedy = e.Hint
	}
	return f
}

func sameVersion(m *machine) Finding {
	switch {
	case m.silent != nil:
		return unknown("no daemon to compare with; this is " + version.String())
	case m.daemon.Version != version.String():
		return warning(
			fmt.Sprintf("the daemon is %s, this command is %s", m.daemon.Version, version.String()),
			"locald daemon restart (restarts the services too)")
	}
	return ok("the daemon and this command are both " + version.String())
}

// promptsWait looks at the stamp that a hook leaves when it got no answer.
func promptsWait(m *machine) Finding {
	const recent = 24 * time.Hour
	info, err := m.stat(m.paths.Stalled())
	if err != nil || m.Now().Sub(info.ModTime()) > recent {
		return ok("no prompt has had to wait for the daemon lately")
	}
	when := info.ModTime().Format(time.DateTime)
	return warning("the daemon did not answer a prompt within 50 ms at "+when,
		"once is harmless; if it keeps happening, "+
			"see what the machine is busy with, and "+m.tilde(m.paths.DaemonLog()))
}

// recordsLead looks for records of projects that are no more, and for those
// that could not be read.
func recordsLead(m *machine) Finding {
	entries, err := fs.ReadDir(m.Files(), inside(m.paths.Projects()))
	if errors.Is(err, fs.ErrNotExist) {
		return ok("no project is on record yet")
	}
	if err != nil {
		return problem("the records cannot be read: "+err.Error(),
			"make it a directory of yours: chmod 700 "+m.typed(m.paths.Projects()))
	}
	var gone, bad []string
	total := 0
	for _, e := range entries {
		switch path.Ext(e.Name()) {
		case ".bad":
			bad = append(bad, e.Name())
		case ".json":
			total++
			// io/fs cannot look at a path that is not valid UTF-8.
			root, is := m.recordedRoot(e.Name())
			if is && utf8.ValidString(root) && !m.holdsProcfile(root) {
				gone = append(gone, m.tilde(root))
			}
		}
	}
	switch {
	case len(bad) > 0:
		return warning(fmt.Sprintf("set aside because it could not be read: %s in %s",
			strings.Join(bad, ", "), m.tilde(m.paths.Projects())), "look at it and remove it")
	case len(gone) > 0:
		return warning(fmt.Sprintf("%d of %d projects on record are gone: %s",
			len(gone), total, strings.Join(gone, ", ")), "locald forget --gone")
	}
	return ok(fmt.Sprintf("%d on record, all where they were", total))
}

func (m *machine) recordedRoot(name string) (string, bool) {
	text, err := fs.ReadFile(m.Files(), inside(path.Join(m.paths.Projects(), name)))
	var record struct {
		Root bytestr.String `json:"root"`
	}
	if err != nil || json.Unmarshal(text, &record) != nil || record.Root == "" {
		return "", false
	}
	return string(record.Root), true
}

func (m *machine) holdsProcfile(root string) bool {
	for _, name := range landmark.Procfiles() {
		if _, err := m.stat(root + "/" + name); err == nil {
			return true
		}
	}
	return false
}
