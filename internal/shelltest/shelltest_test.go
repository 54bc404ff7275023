package shelltest

import (
	"testing"
)

func TestShell(t *testing.T) {
	for _, kind := range []string{"bash", "zsh", "fish"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := Start(t, kind, Options{Env: []string{"GREETING=hi"}, RC: "echo from-rc"})
			for _, c := range []struct {
				line, want string
				status     int
			}{
				{"echo one; echo two", "one\ntwo\n", 0},
				{"", "", 0},
				{"sh -c 'exit 7'", "", 7},
				{"echo $GREETING $HOME", "hi " + s.Home() + "\n", 0},
				{"printf no-newline", "no-newline", 0},
			} {
				if got := s.Run(c.line); got != c.want {
					t.Errorf("Run(%q) = %q, want %q", c.line, got, c.want)
				}
				if s.Status() != c.status {
					t.Errorf("Status after %q = %d, want %d", c.line, s.Status(), c.status)
				}
			}
			s.Resize(40, 80)
			if got := s.Run("stty size"); got != "40 80\n" {
				t.Errorf("size after Resize = %q", got)
			}
			s.Type("sh -c 'echo up; cat'\r")
			s.Expect("up\r\n")
			s.Type("echoed\r")
			s.Expect("echoed\r\nechoed")
			s.Type("\x03")
			s.AwaitPrompt()
			s.Type("exit\r")
			s.Wait()
			s.Close()
		})
	}
}
