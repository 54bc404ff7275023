package logs

import (
	"cmp"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// showAfter is how long text may stay unseen because its line is unfinished.
	showAfter = 200 * time.Millisecond

	// drainBytes bounds Finish: more than any pipe or terminal holds, so what comes after it was
	// written since, by a process that outlived its service.
	drainBytes = 8 << 20
)

// readSize is what a pipe holds by default. With what a record adds to its text, the lines in it
// are one write.
const readSize = 64 << 10

// Capture reads one terminal or pipe into a log.
//
// It waits for the descriptor to be readable and holds no buffer meanwhile. Only while a line is
// unfinished and unseen does it ask to be woken at a time, so that a service that is quiet costs
// nothing.
type Capture struct {
	log  *Log
	run  int
	src  Source
	file *os.File
	once sync.Once
	taps taps
	done chan struct{} // closed when the goroutine has ended
	err  error         // why reading ended, if not because the input did; then what Finish returns

	mu        sync.Mutex // orders Finish's deadline and the goroutine's own
	finishing bool

	// What follows is the goroutine's own.
	split   splitter
	block   *block
	size    int       // bytes of block in use
	now     time.Time // of the bytes in block
	unseen  time.Time // since when the unfinished line has unseen text; zero if it has none
	armed   bool      // a deadline of the goroutine's own is set
	drain   bool      // end where reading would block
	drained int
	ended   error // what the input ended with
}

// Capture starts to read f, the reading end of a pipe or the master of a terminal, opened in a way
// that the runtime can wait for it (os.Pipe, os.OpenFile). From now on f is the capture's.
func (l *Log) Capture(run int, src Source, f *os.File) *Capture {
	c := &Capture{log: l, run: run, src: src, file: f, done: make(chan struct{})}
	go c.loop()
	return c
}

// Finish reads what the kernel still holds, ends an unfinished line, closes the file and returns.
// It is to be called when every process that could write has gone: one that goes on writing is cut
// off.
func (c *Capture) Finish() error {
	c.once.Do(func() {
		c.mu.Lock()
		c.finishing = true
		c.file.SetReadDeadline(time.Unix(1, 0))
		c.mu.Unlock()
		<-c.done
		if err := c.file.Close(); err != nil && c.err == nil {
			c.err = sentence("close the output of", c.log.name, err)
		}
	})
	return c.err
}

func (c *Capture) loop() {
	defer close(c.done)
	defer c.taps.end()
	err := c.read()
	c.log.append(time.Now(), c.run, c.src, c.split.end)
	// A terminal whose other end is closed by all says EIO.
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EIO) {
		c.err = sentence("read the output of", c.log.name, err)
	}
}

// read returns when the input has ended, or is drained.
func (c *Capture) read() error {
	conn, err := c.file.SyscallConn()
	if err != nil {
		return err
	}
	if err := setNonblocking(conn); err != nil {
		return err
	}
	take := c.take // one closure, not one for each block
	readable := func(fd uintptr) bool { return c.readable(fd, take) }
	for {
		err := conn.Read(readable)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return errors.Join(err, c.ended)
		}
		c.expired()
	}
}

// setNonblocking undoes what File.Fd does to a file: whoever set up the terminal may have called
// it, and then a read would hold a thread, and Finish could not end it.
func setNonblocking(conn syscall.RawConn) error {
	var err error
	controlErr := conn.Control(func(fd uintptr) { err = syscall.SetNonblock(int(fd), true) })
	if controlErr != nil {
		return controlErr
	}
	return err
}

// readable reads until it would block, and stores what it read. It returns false to be called again
// when there is more, true when there never will be.
func (c *Capture) readable(fd uintptr, take func(recorder)) bool {
	c.block = takeBlock()
	defer func() {
		c.block.release()
		c.block = nil
		c.split.rest()
	}()
	for {
		n, err := syscall.Read(int(fd), c.block[c.size:readSize])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			c.store(take)
			c.arm()
			return c.drain
		case err != nil || n == 0:
			c.store(take)
			c.ended = cmp.Or(err, io.EOF)
			return true
		}
		c.size += n
		if c.size == readSize {
			c.store(take)
		}
		if c.drain {
			if c.drained += n; c.drained > drainBytes {
				c.store(take)
				return true
			}
		}
	}
}

func (c *Capture) store(take func(recorder)) {
	if c.size > 0 {
		c.now = time.Now()
		c.taps.give(c.block[:c.size])
		c.log.append(c.now, c.run, c.src, take)
		c.size = 0
	}
}

// take gives the block to the splitter, and keeps account of how long an unfinished line has been
// unseen.
func (c *Capture) take(to recorder) {
	lines := c.split.lines
	c.split.write(c.block[:c.size], to)
	switch {
	case !c.split.unseen():
		c.unseen = time.Time{}
	case c.unseen.IsZero() || c.split.lines != lines:
		c.unseen = c.now
	default:
		c.showOverdue(to)
	}
}

func (c *Capture) showOverdue(to recorder) {
	if !c.unseen.IsZero() && c.now.Sub(c.unseen) >= showAfter {
		c.split.show(to)
		c.unseen = time.Time{}
	}
}

// arm asks to be woken when the unfinished line is to be shown. A deadline that was set for an
// earlier line is left as it is: it wakes once too often, which is cheaper than to move it for each
// block.
func (c *Capture) arm() {
	if c.armed || c.unseen.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.finishing {
		c.armed = c.file.SetReadDeadline(c.unseen.Add(showAfter)) == nil
	}
}

// expired is called when a deadline has passed: the one for an unfinished line, or Finish's.
func (c *Capture) expired() {
	c.mu.Lock()
	c.drain = c.finishing
	c.armed = false
	c.file.SetReadDeadline(time.Time{})
	c.mu.Unlock()
	c.now = time.Now()
	c.log.append(c.now, c.run, c.src, c.showOverdue)
}
