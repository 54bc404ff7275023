package client

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/locald/locald/internal/bytestr"
	"github.com/locald/locald/internal/wire"
)

// Explain gives every error a code, and what to type next where that is known.
func Explain(err error) *wire.Error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, ErrAbsent):
		return &wire.Error{
			Code: wire.CodeUnreachable, Msg: "cannot reach the daemon: none is running",
			Hint: "start it: locald daemon start",
		}
	case errors.Is(err, ErrSilent):
		return &wire.Error{
			Code: wire.CodeUnreachable, Msg: "cannot reach the daemon: it does not answer",
			Hint: "see which process it is: locald daemon status",
		}
	}
	return &wire.Error{Code: wire.CodeFailure, Msg: err.Error()}
}

// Environment is that of this process, with its umask, for the services that it has started.
func Environment() wire.Environ {
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	return bytestr.List(append(os.Environ(), fmt.Sprintf("%s=%04o", wire.UmaskName, umask)))
}
