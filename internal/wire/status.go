package wire

import (
	"time"

	"github.com/locald/locald/internal/bytestr"
)

// StatusRequest asks how projects are.
type StatusRequest struct {
	Scope
	// Stream asks for an event for each project, and an end that has none: all of them need not fit
	// into one frame then.
	Stream bool `json:"stream,omitempty"`
}

// StatusEvent is one project of a status that is streamed.
type StatusEvent struct {
	Project Project `json:"project"`
}

// StatusReply is also what `locald status --json` prints.
type StatusReply struct {
	Daemon   Daemon    `json:"daemon"`
	Projects []Project `json:"projects"`
}

// Daemon is who answers.
type Daemon struct {
	PID     int    `json:"pid"`
	Version string `json:"version"`
}

// Project is one project in a status.
type Project struct {
	Name     string         `json:"name"`
	Root     bytestr.String `json:"root"`
	Trust    Trust          `json:"trust"`
	Wanted   bool           `json:"wanted"`
	Services []Service      `json:"services"`
	Warnings []string       `json:"warnings,omitempty"`
	Note     string         `json:"note,omitempty"`
	// Shells are the live shells in the project: its presence.
	Shells   []Present `json:"shells"`
	AutoStop *AutoStop `json:"auto_stop,omitempty"`
}

// Present is a shell in a project.
type Present struct {
	PID  int    `json:"pid"`
	Name string `json:"name"` // of its program, "zsh"
}

// AutoStop is what will be stopped by itself once nobody has been there for
// AfterMS: what entering started, and not what somebody asked for.
type AutoStop struct {
	Services []string   `json:"services"`
	AfterMS  int64      `json:"after_ms"`
	At       *time.Time `json:"at,omitempty"` // where nobody is there any more
}

// Service is one service in a status. PID is 0 and Exit null where there is
// none; Started is null where nothing is alive.
type Service struct {
	Name      string     `json:"name"`
	State     State      `json:"state"`
	Ready     bool       `json:"ready"`
	PID       int        `json:"pid"`
	Port      int        `json:"port"`
	Listening []int      `json:"listening"`
	URL       string     `json:"url"`
	Command   string     `json:"command"`
	Started   *time.Time `json:"started"`
	Restarts  int        `json:"restarts"`
	Run       int        `json:"run"`
	Exit      *Exit      `json:"exit"`
	Note      string     `json:"note"`
	Failure   Failure    `json:"failure,omitempty"`
	// Changed names what of it is other in the files now than in what runs:
	// "command", "PORT", "locald.toml", "Procfile" where it is no longer in that
	// one, and names of variables.
	Changed []string `json:"changed,omitempty"`
}

// Exit is {"code": 1} or {"signal": "SIGKILL"}.
type Exit struct {
	Code   *int   `json:"code,omitempty"`
	Signal string `json:"signal,omitempty"`
}
