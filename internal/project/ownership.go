package project

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/writers"
)

// owner is the user for whom files are read.
type owner struct{ writers.User }

func ownerOf(uid int) owner { return owner{writers.Of(uid)} }

// checkTree refuses a directory that somebody else could have filled. It goes from the top down:
// once a directory is known to be writable by its owner only, nobody else can replace what is
// checked below it.
func (o owner) checkTree(canonical string) error {
	for _, dir := range lineage(canonical) {
		info, err := os.Lstat(dir)
		if err != nil {
			return problemAt("read", dir, err)
		}
		if !info.IsDir() {
			// Canonical has no link in it, so one that is here now has just been put there.
			return &unsafeError{
				dir, "is " + kind(info.Mode()) + ", not a directory",
				"ls -ld " + plain.Word(dir),
			}
		}
		if err := o.check(dir, writers.At(dir), info); err != nil {
			return err
		}
	}
	return nil
}

// CheckPrivate refuses a path that leads, by way of links that nobody but user uid and root can
// turn, to a directory into which, or above which, anybody else could put something, or whose new
// files anybody else could write to. A sticky directory such as /tmp is shared by all, so that
// unlike above a project it does not do here.
func CheckPrivate(path string, uid int) error {
	o := ownerOf(uid)
	canonical, err := Canonical(path)
	if err != nil {
		return err
	}
	if _, err := o.follow(path); err != nil {
		return err
	}
	if err := o.checkTree(canonical); err != nil {
		return err
	}
	info, err := os.Lstat(canonical)
	if err != nil {
		return problemAt("read", canonical, err)
	}
	doubt := o.Writers(writers.At(canonical), info)
	if doubt == nil {
		doubt = o.Heirs(writers.At(canonical))
	}
	return doubted(canonical, doubt)
}

// CheckFile refuses a file that anybody but user uid and root could have written, or put in its
// place. Links to it are followed.
func CheckFile(path string, uid int) error {
	o := ownerOf(uid)
	file, err := o.follow(path)
	if err != nil {
		return err
	}
	if err := o.checkTree(filepath.Dir(file)); err != nil {
		return err
	}
	info, err := os.Lstat(file)
	if err != nil {
		return problemAt("read", file, err)
	}
	return o.check(file, writers.At(file), info)
}

// maxLinks is how many links the system follows on one path (path_resolution(7)).
const maxLinks = 40

// follow returns where an absolute path leads to, link by link. The directory of each link must be
// as safe as what it leads to: who can exchange the link decides what that is.
func (o owner) follow(path string) (canonical string, err error) {
	at, rest := "/", strings.Split(path, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		next := filepath.Join(at, name) // of ".." and "" too, since at has no links in it
		info, err := os.Lstat(next)
		switch {
		case err != nil:
			return "", problemAt("read", next, err)
		case info.Mode()&fs.ModeSymlink == 0:
			at = next
			continue
		}
		if err := o.checkLink(next, info); err != nil {
			return "", err
		}
		target, err := os.Readlink(next)
		if links++; err == nil && links > maxLinks {
			err = syscall.ELOOP
		}
		if err != nil {
			return "", problemAt("read", next, err)
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}

// checkLink refuses a link that somebody else could turn. In a sticky directory only its owner can.
func (o owner) checkLink(link string, info fs.FileInfo) error {
	if err := o.checkTree(filepath.Dir(link)); err != nil {
		return err
	}
	return doubted(link, o.Owner(info))
}

// lineage returns "/", ..., dir.
func lineage(dir string) []string {
	if parent := filepath.Dir(dir); parent != dir {
		return append(lineage(parent), dir)
	}
	return []string{dir}
}

// check refuses what belongs to, or can be written by, anybody but the user and root. What is in a
// sticky directory can be replaced by its owner only, whoever may add to it.
func (o owner) check(path string, place writers.Place, info fs.FileInfo) error {
	doubt := o.Owner(info)
	if sticky := info.IsDir() && info.Mode()&fs.ModeSticky != 0; doubt == nil && !sticky {
		doubt = o.Writers(place, info)
	}
	return doubted(path, doubt)
}

// doubted is a doubt about a path as an error, nil if there is none.
func doubted(path string, doubt *writers.Doubt) error {
	if doubt == nil {
		return nil
	}
	return &unsafeError{path, doubt.Reason, doubt.Mend + " " + plain.Word(path)}
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a file"
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}
