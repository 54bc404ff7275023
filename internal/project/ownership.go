package project

import (
	"io/fs"
	"os"
	"path/filepath"

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

// CheckPrivate refuses a directory into which, or above which, anybody but user uid and root could
// put something, or whose new files anybody else could write to. A sticky directory such as /tmp is
// shared by all, so that unlike above a project it does not do here.
func CheckPrivate(canonical string, uid int) error {
	o := ownerOf(uid)
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

// CheckFile refuses a file that anybody but user uid and root could have written. A link to it is
// followed: both directories are looked at.
func CheckFile(path string, uid int) error {
	o := ownerOf(uid)
	dir, err := Canonical(filepath.Dir(path))
	if err != nil {
		return err
	}
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		return problemAt("read", path, err)
	}
	for _, dir := range []string{dir, filepath.Dir(file)} {
		if err := o.checkTree(dir); err != nil {
			return err
		}
	}
	info, err := os.Lstat(file)
	if err != nil {
		return problemAt("read", file, err)
	}
	return o.check(file, writers.At(file), info)
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
