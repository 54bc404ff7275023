package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

// TestCrowd: 600 connections of one program, half of them with a frame that has no end, keep
// nobody from being served and no service from being started; who had to go was told.
func TestCrowd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.Project("shop", "Procfile", "web: service listen\n")
	w.Output(shop, "locald", "daemon", "start")
	half := hello + `{"op":"status","body":{"dir":"` + strings.Repeat("x", 100_000)
	var all []net.Conn
	for i := range 600 {
		conn, err := net.Dial("unix", w.Socket())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if all = append(all, conn); i%2 == 0 {
			_, _ = io.WriteString(conn, half) // it may be told to go half-way
		}
	}
	if got := w.Output(shop, "locald", "up"); !strings.Contains(got, "ready") {
		t.Errorf("up says %s", got)
	}
	if got := w.Output(shop, "locald", "status"); !strings.Contains(got, "ready") {
		t.Errorf("status says %s", got)
	}
	for _, i := range []int{0, 1, 200} {
		told, err := io.ReadAll(bufio.NewReader(all[i]))
		// On a machine that is busy itself, the time for a request may be over first.
		if !strings.Contains(string(told), `"code":"busy"`) &&
			!strings.Contains(string(told), "did not come within") {
			t.Errorf("client %d was told %q (%v)", i, told, err)
		}
	}
	w.Output(shop, "locald", "down")
}
