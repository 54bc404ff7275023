package ipc

import (
	"os"
	"strconv"
	"syscall"
)

// SealDescriptors keeps what this process inherited from being inherited once
// more. A shell, a test runner or an editor may have left descriptors open in
// us; a daemon or a service that held on to one would keep its reader waiting
// for an end that never comes, as in $(locald up).
func SealDescriptors() {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return
	}
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
