package procinfo

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"slices"
	"testing"
)

// Tables as the kernel prints them: of IPv4 with every state that matters, and of IPv6 with an
// inode beyond 32 bits.
var (
	//go:embed testdata/linux_proc_net_tcp
	procNetTCP string
	//go:embed testdata/linux_proc_net_tcp6
	procNetTCP6 string
)

func TestParseTCP(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		want  state
		found []tcpSocket
	}{
		"who listens":     {procNetTCP, listen, []tcpSocket{{8080, 31337}, {22, 20001}}},
		"who waits":       {procNetTCP, timeWait, []tcpSocket{{8081, 0}}},
		"IPv6":            {procNetTCP6, listen, []tcpSocket{{3000, 4294967301}}},
		"nothing":         {"", listen, nil},
		"a heading alone": {"  sl  local_address rem_address   st\n", listen, nil},
		"cut off":         {procNetTCP[:200], listen, nil},
		"no port":         {"0: 0100007F 0:0 0A 0:0 0:0 0 0 0 7 1\n", listen, nil},
		"no inode":        {"0: 0100007F:50 0:0 0A 0:0 0:0 0 0 0 x 1\n", listen, nil},
		"no state":        {"0: 0100007F:50 0:0 xx 0:0 0:0 0 0 0 7 1\n", listen, nil},
		"too large":       {"0: 0100007F:10050 0:0 0A 0:0 0:0 0 0 0 7 1\n", listen, nil},
		"small letters":   {"0: 7f:0bb8 0:0 0a 0:0 0:0 0 0 0 7 1", listen, []tcpSocket{{3000, 7}}},
	} {
		if got := parseTCP([]byte(c.table), c.want); !slices.Equal(got, c.found) {
			t.Errorf("%s: %v, want %v", name, got, c.found)
		}
	}
}

func TestParseDiag(t *testing.T) {
	body := make([]byte, diagLength)
	binary.BigEndian.PutUint16(body[diagPort:], 8080)
	binary.NativeEndian.PutUint32(body[diagInode:], 31337)
	if got, err := parseDiag(body); err != nil || got != (tcpSocket{8080, 31337}) {
		t.Errorf("%v, %v", got, err)
	}
	for n := range body {
		if _, err := parseDiag(body[:n]); err == nil {
			t.Errorf("%d bytes were taken for an answer", n)
		}
	}
}

func FuzzTCP(f *testing.F) {
	f.Add([]byte(procNetTCP))
	f.Add([]byte(procNetTCP6))
	f.Add(bytes.Repeat([]byte(": "), 40))
	f.Fuzz(func(t *testing.T, table []byte) {
		for _, s := range append(parseTCP(table, listen), parseTCP(table, timeWait)...) {
			if s.port < 0 || s.port > 65535 {
				t.Errorf("%q: port %d", table, s.port)
			}
		}
		if _, err := parseDiag(table); err == nil && len(table) < diagLength {
			t.Errorf("%d bytes were taken for an answer", len(table))
		}
	})
}
