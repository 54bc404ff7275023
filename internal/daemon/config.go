package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/userconfig"
)

// configure reads the user's configuration, once: it holds until the daemon is
// restarted. A mistake in it must not keep the daemon from cleaning up after
// the one before: then the defaults hold, and every order says so.
func (d *Daemon) configure() {
	path := d.paths.Config()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		d.config, err = userconfig.Parse(text)
	}
	if err != nil {
		d.configTrouble = fmt.Sprintf("%s does not hold: %v; then: locald daemon restart", tilde(path, d.paths.Home), err)
		d.log.Warn(d.configTrouble)
	}
}

// configWarnings is what of the configuration does not hold.
func (d *Daemon) configWarnings() []string {
	if d.configTrouble != "" {
		return []string{d.configTrouble}
	}
	return d.badPrefixes()
}

// logSegments is in how many pieces a service's log is kept, the oldest of
// which goes when there is one more.
const logSegments = 4

func (d *Daemon) logLimits() logs.Limits {
	limits := logs.DefaultLimits()
	if limit := d.config.LogLimit; limit > 0 {
		limits.SegmentBytes, limits.Segments = limit/logSegments, logSegments
	}
	if d.config.LogTotal > 0 {
		limits.TotalBytes = d.config.LogTotal
	}
	return limits
}

// portRange is where ports are leased from. Tests that run several daemons of
// one machine side by side give each its own with LOCALD_DEBUG_PORTS=FIRST-LAST:
// two daemons do not know of each other's leases.
func (d *Daemon) portRange() ports.Range {
	r := ports.DefaultRange
	if _, err := fmt.Sscanf(os.Getenv("LOCALD_DEBUG_PORTS"), "%d-%d", &r.First, &r.Last); err == nil {
		return r
	}
	if d.config.FirstPort > 0 {
		return ports.Range{First: d.config.FirstPort, Last: d.config.LastPort}
	}
	return ports.DefaultRange
}
