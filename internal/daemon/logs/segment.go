package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const segmentSuffix = ".log"

// sentence is the one form of this package's errors. The path is in it once: an *fs.PathError would
// repeat it.
func sentence(verb, path string, err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	return fmt.Errorf("cannot %s %s: %w", verb, path, err)
}

// escapeName makes a service's name a part of a file name, whatever is in it. No dot is left, so
// that the parts of a segment's file name cannot be mistaken for one another, and no slash.
func escapeName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func unescapeName(s string) (string, bool) {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b = append(b, byte(c))
		i += 2
	}
	return string(b), escapeName(string(b)) == s
}

func segmentName(service string, number int) string {
	return fmt.Sprintf("%s.%06d%s", escapeName(service), number, segmentSuffix)
}

// parseSegmentName takes a file's name apart. number is 0 for the segment that is being written.
func parseSegmentName(file string) (service string, number int, ok bool) {
	base, ok := strings.CutSuffix(file, segmentSuffix)
	if !ok {
		return "", 0, false
	}
	base, digits, numbered := strings.Cut(base, ".")
	service, ok = unescapeName(base)
	if base == "" {
		return "", 0, false
	}
	if !ok || !numbered {
		return service, 0, ok
	}
	number, err := strconv.Atoi(digits)
	if err != nil || number < 1 || segmentName(service, number) != file {
		return "", 0, false
	}
	return service, number, true
}

// segmentFile is what a segment is written to.
type segmentFile interface {
	Write(p []byte) (int, error)
	Truncate(size int64) error
	Close() error
	// intact is false when the file was deleted, or has become shorter than it is known to be.
	intact(size int64) bool
}

type diskFile struct {
	*os.File
	fd int // asked for once: each File.Fd is a system call or two
}

// intact is asked before each write, so it is one call that allocates nothing.
func (f *diskFile) intact(size int64) bool {
	var s syscall.Stat_t
	err := syscall.Fstat(f.fd, &s)
	// If fstat fails nothing is known: then the write itself will tell.
	return err != nil || s.Nlink > 0 && s.Size >= size
}

// openForAppend opens or creates the segment at path, and its directory.
func openForAppend(path string) (segmentFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	const flags = os.O_WRONLY | os.O_APPEND | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	if err := requireRegular(f); err != nil {
		return nil, err
	}
	return &diskFile{f, int(f.Fd())}, nil
}

// openForRead does not follow a link and does not wait for the other end of a FIFO: neither is
// ours.
func openForRead(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := requireRegular(f); err != nil {
		return nil, err
	}
	return f, nil
}

func requireRegular(f *os.File) error {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file; remove it")
	}
	if err != nil {
		f.Close()
	}
	return err
}
