package proc

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// reserved is how many descriptors are kept back: reading the table of processes takes one, looking
// into a process two, signalling it two.
const reserved = 4

// reserve keeps descriptors back for when there are no others: to end a run, its processes have to
// be found, and each of them opened.
type reserve struct {
	mu    sync.Mutex
	files []*os.File
}

// use calls do, and, if descriptors had run out, once more with the reserve given up.
func (r *reserve) use(do func() error) error {
	err := do()
	if !exhausted(err) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.files {
		f.Close()
	}
	r.files = nil
	err = do()
	r.fill()
	return err
}

// fill takes what it can get.
func (r *reserve) fill() {
	for len(r.files) < reserved {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return
		}
		r.files = append(r.files, f)
	}
}

// headroom is how many descriptors the last service to be started leaves for records, logs,
// clients, and for the end of those that run.
const headroom = 32

// descriptorsScarce reports whether f, which has just been opened, has one of the last numbers: the
// kernel gives the lowest that is free.
func descriptorsScarce(f *os.File) (limit uint64, scarce bool) {
	var rlimit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &rlimit); err != nil {
		return 0, false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, false
	}
	_ = conn.Control(func(fd uintptr) { scarce = uint64(fd)+headroom >= rlimit.Cur })
	return rlimit.Cur, scarce
}

// exhausted reports whether there are no descriptors left, for us or at all.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
