package daemon

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/locald/locald/internal/detach"
)

// systemd takes the unit for started when it hears this on its socket.
func TestNotifier(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n := notifier{socket}
	if _, err := n.Write([]byte(detach.Ready)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	size, err := conn.Read(buf)
	if err != nil || string(buf[:size]) != "READY=1" {
		t.Errorf("heard %q, %v", buf[:size], err)
	}
}
