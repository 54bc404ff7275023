package supervisor

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalName is the name a person knows, such as SIGKILL.
func SignalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return sig.String()
}
