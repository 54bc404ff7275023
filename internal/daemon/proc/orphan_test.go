package proc

import (
	"testing"
)

func TestEndOrphanSparesWhatIsNotOurs(t *testing.T) {
	none := func(string) bool { return false }
	_, stranger := orphan(t, "", "sleeper")
	// The test is the stranger's parent, as the daemon is an orphan's: here it
	// is registered as a leader, which nobody may end.
	h := newHost()
	h.leaders[stranger.PID] = true
	if h.EndOrphan(stranger.PID, none) || !stranger.Alive() {
		t.Error("a leader was taken for an orphan")
	}
	_, marked := orphan(t, "m-other", "sleeper")
	if newHost().EndOrphan(marked.PID, none) || !marked.Alive() {
		t.Error("a process of another daemon's run was taken for an orphan")
	}
	if h.EndOrphan(1, none) {
		t.Error("init was taken for an orphan")
	}
}

func TestEndOrphanEndsWhatARunLeft(t *testing.T) {
	ended := func(m string) bool { return m == "m-dead" }
	_, marked := orphan(t, "m-dead", "listener")
	if !newHost().EndOrphan(marked.PID, ended) || aliveNow(marked.PID) {
		t.Error("a process with the marker of a dead run was left alive")
	}
	_, adopted := orphan(t, "", "listener")
	if !newHost().EndOrphan(adopted.PID, ended) || aliveNow(adopted.PID) {
		t.Error("an adopted child was left alive")
	}
}

// aliveNow does not count zombies, which this test's own children become.
func aliveNow(pid int) bool {
	entries, err := table()
	if err != nil {
		return true
	}
	for _, e := range entries {
		if e.id.PID == pid {
			return !e.zombie
		}
	}
	return false
}
