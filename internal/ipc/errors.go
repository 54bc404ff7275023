package ipc

import (
	"errors"
)

// Error travels over the wire and decides a command's exit code.
type Error struct {
	Code string `json:"code"`
	Msg  string `json:"msg"`            // "cannot …: why"
	Hint string `json:"hint,omitempty"` // what to type next
}

func (e *Error) Error() string { return e.Msg }

// The codes: a closed set.
const (
	CodeFailure         = "failure"
	CodeUsage           = "usage"
	CodeNotReady        = "not_ready"
	CodeNoProject       = "no_project"
	CodeNoService       = "no_service"
	CodeServiceFailed   = "service_failed"
	CodeNotAllowed      = "not_allowed"
	CodePortTaken       = "port_taken"
	CodeUnreachable     = "unreachable"
	CodeTimeout         = "timeout"
	CodeBadFrame        = "bad_frame"
	CodeUnknownOp       = "unknown_op"
	CodeVersionMismatch = "version_mismatch"
	CodeWrongDaemon     = "wrong_daemon"
	CodeShuttingDown    = "shutting_down"
)

// exitCodes is the one table of exit statuses. docs/commands.md shows it.
var exitCodes = map[string]int{
	CodeFailure:         1,
	CodeUsage:           2,
	CodeNotReady:        3,
	CodeNoProject:       4,
	CodeNoService:       4,
	CodeServiceFailed:   5,
	CodeNotAllowed:      6,
	CodePortTaken:       7,
	CodeUnreachable:     8,
	CodeVersionMismatch: 8,
	CodeWrongDaemon:     8,
	CodeShuttingDown:    8,
	CodeTimeout:         124,
}

// ExitCode is the exit status for an error: 1 for one that has no code.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*Error](err); ok {
		if code, ok := exitCodes[e.Code]; ok {
			return code
		}
	}
	return 1
}
