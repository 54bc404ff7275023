package procinfo

import (
	_ "embed"
	"errors"
	"strings"
	"testing"
)

//go:embed testdata/linux_proc_pid_limits
var procLimits string

func TestParseLimit(t *testing.T) {
	for name, want := range map[string]uint64{
		"Max cpu time": Unlimited, "Max open files": 1024, "Max realtime priority": 0,
		realtime: 1<<62 + 1,
	} {
		if got, err := parseLimit([]byte(procLimits), name); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", name, got, err, want)
		}
	}
	cut := strings.Index(procLimits, "46116")
	for name, odd := range map[string]string{
		"empty":                     "",
		"another row":               "Max cpu time 1 1 seconds\n",
		"cut off before the number": procLimits[:cut],
		"a longer name":             "Max realtime timeouts 5 5 us\n",
		"within a row":              "x Max realtime timeout 5 5 us\n",
	} {
		if got, err := parseLimit([]byte(odd), realtime); !errors.Is(err, errNoLimit) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	for _, odd := range []string{"-1", "x", "18446744073709551616"} {
		if got, err := parseLimit([]byte(realtime+" "+odd+" 1 us\n"), realtime); err == nil {
			t.Errorf("%s was read as %d", odd, got)
		}
	}
}

func FuzzLimit(f *testing.F) {
	f.Add([]byte(procLimits))
	f.Add([]byte("Max realtime timeout "))
	f.Fuzz(func(t *testing.T, limits []byte) {
		if got, err := parseLimit(limits, realtime); err != nil && got != 0 {
			t.Errorf("%q: %d beside %v", limits, got, err)
		}
	})
}
