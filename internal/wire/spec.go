package wire

import "github.com/locald/locald/internal/bytestr"

// SpecRequest asks what the files of the project around Dir say.
type SpecRequest struct {
	Dir bytestr.String `json:"dir"`
	// Env is of the shell that the services would be started from.
	Env Environ `json:"env,omitempty"`
}

// SpecReply is a project as its files describe it now, whatever runs. It has no value of a
// variable: whoever exports or shows a project needs their names and where they come from.
type SpecReply struct {
	Project  string         `json:"project"`
	Root     bytestr.String `json:"root"`
	File     string         `json:"file"` // Procfile or Procfile.dev
	Trust    Trust          `json:"trust"`
	Services []SpecService  `json:"services"`
	Warnings []string       `json:"warnings,omitempty"`
}

// SpecService is one service that the files describe.
type SpecService struct {
	Name          string    `json:"name"`
	Of            string    `json:"of"`     // its line of the Procfile
	Number        int       `json:"number"` // of the instance, from 1
	Line          int       `json:"line"`
	Command       string    `json:"command"`
	Port          int       `json:"port"`           // 0 where it has none yet
	Idle          bool      `json:"idle,omitempty"` // started by name, or because another needs it
	DependsOn     []string  `json:"depends_on,omitempty"`
	Restart       string    `json:"restart"`         // no, on-failure, always
	Ready         string    `json:"ready,omitempty"` // port, alive; absent where locald decides
	TTY           bool      `json:"tty"`
	StopSignal    string    `json:"stop_signal"`
	StopTimeoutMS int64     `json:"stop_timeout_ms"`
	Variables     []SpecVar `json:"variables"`
}

// SpecVar is one variable of a service's environment, without its value.
type SpecVar struct {
	Name     string   `json:"name"`
	Source   string   `json:"source"` // as in an EnvReply
	Overrode []string `json:"overrode,omitempty"`
}
