package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/shellhook"
	"github.com/locald/locald/internal/wire"
)

func hookCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "hook SHELL",
		Short: "print the hook for zsh, bash or fish",
		Long: "Prints the code that a shell evaluates once, in its rc file:\n" +
			"  zsh, bash:  eval \"$(locald hook zsh)\"\n  fish:       locald hook fish | source",
		ValidArgs: shellhook.Shells(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return wire.Usagef("cannot tell the shell: want one of %s",
					strings.Join(shellhook.Shells(), ", "))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			binary, err := invokedAs()
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

// invokedAs is the absolute path under which this program was called, its
// links not resolved: a packager's link stays when the version behind it goes.
func invokedAs() (string, error) {
	path := os.Args[0]
	if !strings.Contains(path, "/") {
		found, err := exec.LookPath(path)
		if err != nil {
			return os.Executable()
		}
		path = found
	}
	return filepath.Abs(path)
}
