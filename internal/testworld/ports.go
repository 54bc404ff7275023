package testworld

import (
	"fmt"
	"net"
	"os"
)

// The ports from firstPort on are cut into blocks, one for each world. Of a block the first port
// guards it, the next ones are for what a test itself wants a port for, and the daemon leases from
// the rest.
const (
	firstPort = 20000
	perBlock  = 250
	blocks    = 40
	unleased  = 110
)

// claim returns the first port of a block that no other world on this machine has: two daemons do
// not know of each other's leases. It is the system that keeps others out, for it lets one process
// listen on a port, and lets go of it however that process ends.
func claim(t TB) (first int) {
	t.Helper()
	for i := range blocks {
		first = firstPort + (os.Getpid()+i)%blocks*perBlock
		if guard, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", first)); err == nil {
			t.Cleanup(func() { guard.Close() })
			return first
		}
	}
	t.Fatalf(
		"all %d blocks of ports from %d on are taken, by tests or by servers", blocks, firstPort,
	)
	return 0
}

// leased tells the daemon which ports are this world's.
func leasedRange(w *World) string {
	return fmt.Sprintf("LOCALD_DEBUG_PORTS=%d-%d", w.first+unleased, w.first+perBlock-1)
}

// Port is one of the world's that its daemon leases to nobody by itself, by number from 1 to 109.
func (w *World) Port(n int) int {
	w.Helper()
	if n < 1 || n >= unleased {
		w.Fatalf("a world has no port %d of its own", n)
	}
	return w.first + n
}

// Owns reports whether a port is one of the world's.
func (w *World) Owns(port int) bool { return w.first < port && port < w.first+perBlock }
