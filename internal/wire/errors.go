package wire

import (
	"errors"
	"fmt"
)

// Error travels over the wire and decides a command's exit code.
type Error struct {
	Code Code   `json:"code"`
	Msg  string `json:"msg"`            // "cannot …: why"
	Hint string `json:"hint,omitempty"` // what to type next
}

func (e *Error) Error() string { return e.Msg }

// Code tells errors apart: a closed set.
type Code string

// The codes.
const (
	CodeFailure         Code = "failure"
	CodeUsage           Code = "usage"
	CodeNotReady        Code = "not_ready"
	CodeNoProject       Code = "no_project"
	CodeNoService       Code = "no_service"
	CodeServiceFailed   Code = "service_failed"
	CodeNotAllowed      Code = "not_allowed"
	CodePortTaken       Code = "port_taken"
	CodeUnreachable     Code = "unreachable"
	CodeTimeout         Code = "timeout"
	CodeBadFrame        Code = "bad_frame"
	CodeUnknownOp       Code = "unknown_op"
	CodeVersionMismatch Code = "version_mismatch"
	CodeWrongDaemon     Code = "wrong_daemon"
	CodeShuttingDown    Code = "shutting_down"
	CodeBusy            Code = "busy" // too many clients, or too much of theirs
)

// exitCodes is the one table of exit statuses. docs/commands.md shows it.
var exitCodes = map[Code]int{
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
	CodeBusy:            8,
	CodeTimeout:         124,
}

// ExitCode is the exit status for an error: 1 for one that has no code.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code.ExitStatus()
	}
	return CodeFailure.ExitStatus()
}

// ExitStatus is that of a command which ends with the code. One that is not in the table, which a
// newer daemon may send, is a failure like any other.
func (c Code) ExitStatus() int {
	if status, ok := exitCodes[c]; ok {
		return status
	}
	return exitCodes[CodeFailure]
}

// Failuref is an error without a code of its own.
func Failuref(format string, args ...any) *Error {
	return &Error{Code: CodeFailure, Msg: fmt.Sprintf(format, args...)}
}

// Usagef is the error for a command line or a request that makes no sense.
func Usagef(format string, args ...any) *Error {
	return &Error{Code: CodeUsage, Msg: fmt.Sprintf(format, args...)}
}
