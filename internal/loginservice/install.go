package loginservice

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/locald/locald/internal/atomicfile"
	"github.com/locald/locald/internal/plain"
)

// Write puts the service where the init looks for it.
func (s Service) Write() error {
	if err := os.MkdirAll(filepath.Dir(s.File), 0o755); err != nil {
		return fmt.Errorf("cannot install: %w", err)
	}
	return atomicfile.Write(s.File, []byte(s.Text))
}

// PutBack undoes Write. The init need not be told: it refused to hear.
func (s Service) PutBack(before []byte) error {
	if before != nil {
		return atomicfile.Write(s.File, before)
	}
	return os.Remove(s.File)
}

// Command runs one command of the init, none where there are no words. Its error has what that
// printed.
func Command(words []string) error {
	if words == nil {
		return nil
	}
	cmd := exec.Command(words[0], words[1:]...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n"); line != "" {
		return fmt.Errorf("%s: %s", strings.Join(words, " "), plain.Text(line))
	}
	return fmt.Errorf("%s: %w", strings.Join(words, " "), err)
}
