package procinfo

import (
	_ "embed"
	"testing"
)

// netstatTCP is what netstat -an -p tcp prints on macOS.
//
//go:embed testdata/macos_netstat_an_tcp
var netstatTCP string

func TestParseTimeWait(t *testing.T) {
	for port, want := range map[int]bool{
		8080: true, 3000: true, 49152: true, 52515: true,
		8081:  false, // the other end's
		52514: false, 9229: false, 5000: false, 7000: false,
		0: false, 1: false, 808: false, 80: false,
	} {
		if got := parseTimeWait(netstatTCP, port); got != want {
			t.Errorf("port %d: %v, want %v", port, got, want)
		}
	}
	for _, odd := range []string{
		"", "\n", "tcp4", "tcp4 0 0 127.0.0.1.8080 127.0.0.1.5 TIME_", "tcp4 0 0 127.0.0.1.8080",
		"tcp4 0 0 *.* *.* TIME_WAIT", "tcp4 0 0 8080 8080 TIME_WAIT",
		"udp4 0 0 127.0.0.1.8080 *.* TIME_WAIT", "tcp4 0 0 127.0.0.1. 127.0.0.1.5 TIME_WAIT",
		"tcp4 0 0 127.0.0.1.80800 127.0.0.1.5 TIME_WAIT",
	} {
		if parseTimeWait(odd, 8080) || parseTimeWait(odd, 0) {
			t.Errorf("%q was taken for a closed connection", odd)
		}
	}
	if !parseTimeWait("tcp4 0 0 127.0.0.1.8080 127.0.0.1.5 TIME_WAIT", 8080) {
		t.Error("a last line without its end must count")
	}
}

func FuzzNetstat(f *testing.F) {
	f.Add(netstatTCP, 8080)
	f.Add("tcp4 0 0 *.* *.* TIME_WAIT", 0)
	f.Fuzz(func(t *testing.T, out string, port int) {
		if parseTimeWait(out, port) && (port < 1 || port > 65535) {
			t.Errorf("%q keeps port %d", out, port)
		}
	})
}
