package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/shellhook"
	"github.com/locald/locald/internal/wire"
)

func hookCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "hook SHELL",
		Short: "print the hook for zsh, bash or fish",
		Long: "Prints the code that a shell evaluates once, in its rc file:\n" +
			"  zsh, bash:  eval \"$(locald hook zsh)\"\n  fish:       locald hook fish | source\n" +
			"If PATH has \".\" or another relative element before the directory of locald,\n" +
			"it prints nothing and fails: the directory decides then which locald runs.",
		ValidArgs: shellhook.Shells(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return wire.Usagef("cannot tell the shell: want one of %s",
					strings.Join(shellhook.Shells(), ", "))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			binary, err := invokedAs(args[0])
			if err != nil {
				return err
			}
			script, err := shellhook.Script(args[0], binary, landmark.SharedDirs())
			if err != nil {
				return wire.Usagef("%v", err)
			}
			_, err = fmt.Fprint(a.data(), script)
			return err
		},
	}
}

// invokedAs is the absolute path under which this program was called, its links not resolved: a
// packager's link stays when the version behind it goes.
//
// A shell that came upon a relative element of PATH first would have run whatever is called locald
// in the directory in which it happened to start. This time it was us; what the next shell of the
// same start-up file runs is anybody's choice, so the hook is refused until that is mended.
func invokedAs(shell string) (string, error) {
	name := os.Args[0]
	if strings.Contains(name, "/") {
		return filepath.Abs(name)
	}
	found, relative := onPath(name, os.Getenv("PATH"))
	var err error
	if found == "" {
		found, err = os.Executable()
	}
	if len(relative) == 0 || err != nil {
		return found, err
	}
	return "", &wire.Error{
		Code: wire.CodeFailure,
		Msg: fmt.Sprintf("cannot make a hook: PATH has %s before the directory of %s, so that "+
			"the directory in which a shell starts decides which program that is", relative[0],
			name),
		Hint: "take it out of PATH, or name the program: " + hookLine(shell, plain.Word(found)),
	}
}

// onPath finds a program in the directories of PATH that are the same for every shell. relative are
// the elements before it that are not, in words.
func onPath(name, path string) (found string, relative []string) {
	for _, dir := range filepath.SplitList(path) {
		if !isSame(dir) {
			relative = append(relative, relativeElement(dir))
			continue
		}
		if file, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return file, relative
		}
	}
	return "", relative
}

// isSame reports whether an element of PATH is the same directory for every process.
func isSame(dir string) bool {
	clean := filepath.Clean(dir) + "/"
	return filepath.IsAbs(dir) && !strings.HasPrefix(clean, "/proc/") &&
		!strings.HasPrefix(clean, "/dev/fd/")
}

func relativeElement(dir string) string {
	if dir == "" { // POSIX, Base Definitions 8.3
		return "an empty element, which is the current directory,"
	}
	return strconv.Quote(dir)
}

// hookLine is what a start-up file says.
func hookLine(shell, program string) string {
	if shell == "fish" {
		return program + " hook fish | source"
	}
	return fmt.Sprintf("eval \"$(%s hook %s)\"", program, shell)
}
