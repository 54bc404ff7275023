package proc

import (
	"testing"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/procinfo"
)

func TestEndOrphanSparesWhatIsNotOurs(t *testing.T) {
	h := newHost()
	_, stranger := orphan(t, "", "sleeper")
	_, marked := orphan(t, "m-other", "sleeper")
	_, branded := orphan(t, "", "sleeper")
	brandProcess(branded.PID, "m-other")
	for _, id := range []procid.Identity{stranger, marked, branded, {PID: 1}} {
		if h.EndOrphan(id.PID, []string{"m-dead", ""}) || id.PID != 1 && !id.Alive() {
			t.Errorf("PID %d was taken for an orphan", id.PID)
		}
	}
}

func TestEndOrphanEndsWhatARunLeft(t *testing.T) {
	_, marked := orphan(t, "m-dead", "listener")
	_, branded := orphan(t, "", "listener")
	brandProcess(branded.PID, "m-dead")
	for _, id := range []procid.Identity{marked, branded} {
		if !newHost().EndOrphan(id.PID, []string{"m-other", "m-dead"}) || aliveNow(id.PID) {
			t.Errorf("PID %d was left alive", id.PID)
		}
	}
}

// aliveNow does not count zombies, which this test's own children become.
func aliveNow(pid int) bool {
	entries, err := procinfo.Table()
	if err != nil {
		return true
	}
	for _, e := range entries {
		if e.ID.PID == pid {
			return !e.Zombie
		}
	}
	return false
}
