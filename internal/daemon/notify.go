package daemon

import (
	"io"
	"net"
	"os"

	"github.com/locald/locald/internal/detach"
)

// SystemdNotifier tells systemd that the daemon listens (sd_notify(3)). Any other word is for the
// journal.
func SystemdNotifier(socket string) io.WriteCloser { return notifier{socket} }

type notifier struct{ socket string }

func (n notifier) Write(said []byte) (int, error) {
	if string(said) != detach.Ready {
		return os.Stderr.Write(said)
	}
	conn, err := net.Dial("unixgram", n.socket)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("READY=1")); err != nil {
		return 0, err
	}
	return len(said), nil
}

func (notifier) Close() error { return nil }
