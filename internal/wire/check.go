package wire

import (
	"github.com/locald/locald/internal/bytestr"
)

// CheckRequest asks what is wrong with the project around Dir.
type CheckRequest struct {
	Dir bytestr.String `json:"dir"`
	Env Environ        `json:"env,omitempty"`
}

// CheckReply is also what `locald check --json` prints.
type CheckReply struct {
	Project  string         `json:"project"`
	Root     bytestr.String `json:"root"`
	File     string         `json:"file"`
	Trust    Trust          `json:"trust"`
	Services []CheckService `json:"services"`
	Findings []Finding      `json:"findings"`
}

// CheckService is one service that would be started.
type CheckService struct {
	Name    string         `json:"name"`
	Command bytestr.String `json:"command"`
	Line    int            `json:"line"`
	Port    int            `json:"port"`
}

// Finding is something wrong. Level is "error" (nothing would start) or
// "warning". File is empty and Line 0 where it is about no line.
type Finding struct {
	Level  Level  `json:"level"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`
}
