package procinfo

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
)

// What could not be read for want of a descriptor is asked for again; what has ended, or is another
// user's, is not.
func TestOnceRemembersAnswersOnly(t *testing.T) {
	s := NewScan(nil)
	for name, c := range map[string]struct {
		err   error
		reads int
	}{
		"read":           {nil, 1},
		"has ended":      {syscall.ENOENT, 1},
		"just ended":     {syscall.ESRCH, 1},
		"another user's": {syscall.EACCES, 1},
		"not permitted":  {syscall.EPERM, 1},
		"no descriptor":  {syscall.EMFILE, 3},
		"broken":         {errors.New("broken"), 3},
	} {
		reads, known := 0, make(map[int]string)
		for range 3 {
			once(s, known, 7, func() (string, error) {
				reads++
				return "", c.err
			})
		}
		if reads != c.reads {
			t.Errorf("%s: read %d times, want %d", name, reads, c.reads)
		}
	}
}

// Whoever asks while a scan is being taken gets the next one: the one under way may have passed by
// what they want to see.
func TestAScanBeginsAfterItWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, proceed := 0, make(chan struct{})
		s := &Scanner{Retry: func(func() error) error {
			begun++
			<-proceed
			return nil
		}}
		scans := make(chan *Scan, 3)
		ask := func() { scans <- s.Scan() }
		go ask()
		synctest.Wait() // the first is under way
		go ask()
		go ask()
		synctest.Wait()
		proceed <- struct{}{}
		first := <-scans
		proceed <- struct{}{}
		second, third := <-scans, <-scans
		if first == second || second != third || begun != 2 {
			t.Errorf("three who asked got %p, %p, %p of %d scans", first, second, third, begun)
		}
	})
}
