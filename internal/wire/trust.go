package wire

import (
	"github.com/locald/locald/internal/bytestr"
)

// AllowRequest asks what would be allowed (Digest empty), or allows exactly Digest.
type AllowRequest struct {
	Dir    bytestr.String `json:"dir"`
	Digest string         `json:"digest,omitempty"`
	Env    Environ        `json:"env,omitempty"`
}

// AllowReply describes the content of a project.
type AllowReply struct {
	Project  string         `json:"project"`
	Root     bytestr.String `json:"root"`
	Trust    Trust          `json:"trust"` // before this call
	Digest   string         `json:"digest"`
	File     string         `json:"file"` // Procfile or Procfile.dev
	Services []Change       `json:"services"`
	Settings []string       `json:"settings,omitempty"` // keys that locald.toml sets
	EnvNames []string       `json:"env_names,omitempty"`
	Dangers  []string       `json:"dangers,omitempty"` // entries that decide which program runs
	Warnings []string       `json:"warnings,omitempty"`
	Started  []string       `json:"started,omitempty"` // by this call
	// Entries are what is approved beside the commands. Compared says that the last approval was
	// one that tells which of them have changed.
	Entries  []Entry `json:"entries,omitempty"`
	Compared bool    `json:"compared,omitempty"`
}

// Change is a service and how it differs from what was allowed last: "+" new,
// "-" gone, "~" another command, "" as before.
type Change struct {
	Name    string         `json:"name"`
	Command bytestr.String `json:"command"`
	Change  Mark           `json:"change,omitempty"`
	Was     bytestr.String `json:"was,omitempty"` // the command that was allowed last, if another
}

// Entry is an entry of .env that decides what runs, or a key of locald.toml, and how it differs
// from what was allowed last: "+" new, "-" gone, "~" another value, "" as before.
type Entry struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`   // 0 for what is gone or a file as a whole
	Name   string `json:"name,omitempty"`   // "services.web.port"; "" for a whole file
	Reason string `json:"reason,omitempty"` // why it decides what runs, if it does
	Change Mark   `json:"change,omitempty"`
}

// DenyRequest refuses the project around Dir.
type DenyRequest struct {
	Dir bytestr.String `json:"dir"`
}

// DenyReply names what is still up: deny stops nothing.
type DenyReply struct {
	Project string         `json:"project"`
	Root    bytestr.String `json:"root"`
	Up      []string       `json:"up,omitempty"`
}
