package procinfo

import (
	"net"
	"slices"
	"testing"
)

func TestBothWaysToReadTheSocketTableAgree(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		t.Run(address, func(t *testing.T) {
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ours := socketAt(t, l)
			for name, read := range map[string]func(state) ([]tcpSocket, error){
				"sock_diag": readTCP, "/proc": readProcTCP,
			} {
				found, err := read(listen)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !slices.Contains(found, ours) {
					t.Errorf("%s does not show %+v", name, ours)
				}
			}
		})
	}
}

func socketAt(t *testing.T, l net.Listener) tcpSocket {
	t.Helper()
	port := l.Addr().(*net.TCPAddr).Port
	found, err := readProcTCP(listen)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.port == port {
			return f
		}
	}
	t.Fatalf("nobody listens on %d", port)
	return tcpSocket{}
}

func TestAClosedConnectionKeepsItsPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if TimeWait(port) {
		t.Fatal("before any connection")
	}
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server.Close() // who closes first keeps it
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Fatal("the end was not seen")
	}
	client.Close()
	l.Close()
	if !TimeWait(port) {
		t.Errorf("port %d is not kept", port)
	}
}
