package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/locald/locald/internal/daemon/logs"
	"github.com/locald/locald/internal/daemon/ports"
	"github.com/locald/locald/internal/paths"
	"github.com/locald/locald/internal/plain"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/userconfig"
)

// configuration reads the user's configuration, once: it holds until the daemon is restarted. A
// mistake in it must not keep the daemon from cleaning up after the one before: then the defaults
// hold, and trouble is why. What somebody else could have written there trusts no directory.
func configuration(p paths.Paths) (config userconfig.Config, trouble string) {
	path := p.Config()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return config, ""
	}
	if err == nil {
		config, err = userconfig.Parse(text)
	}
	if err != nil {
		trouble = fmt.Sprintf(
			"%s is ignored: %v; correct it, then: locald daemon restart",
			plain.Tilde(path, p.Home), err,
		)
	}
	if len(config.Prefixes) == 0 {
		return config, trouble
	}
	if err := project.CheckFile(path, os.Geteuid()); err != nil {
		config.Prefixes = nil
		trouble = fmt.Sprintf("trust.prefixes of %s is ignored: %v; run: %s; then: "+
			"locald daemon restart", plain.Tilde(path, p.Home), err, project.Remedy(err))
	}
	return config, trouble
}

// logSegments is in how many pieces a service's log is kept, the oldest of which goes when there is
// one more.
const logSegments = 4

func logLimits(config userconfig.Config) logs.Limits {
	limits := logs.DefaultLimits()
	if limit := config.LogLimit; limit > 0 {
		limits.SegmentBytes, limits.Segments = limit/logSegments, logSegments
	}
	if config.LogTotal > 0 {
		limits.TotalBytes = config.LogTotal
	}
	return limits
}

// portRange is where ports are leased from. Tests that run several daemons of one machine side by
// side give each its own with LOCALD_DEBUG_PORTS=FIRST-LAST: two daemons do not know of each
// other's leases.
func portRange(config userconfig.Config) ports.Range {
	var r ports.Range
	_, err := fmt.Sscanf(os.Getenv("LOCALD_DEBUG_PORTS"), "%d-%d", &r.First, &r.Last)
	if err == nil {
		return r
	}
	if config.FirstPort > 0 {
		return ports.Range{First: config.FirstPort, Last: config.LastPort}
	}
	return ports.DefaultRange
}

// debugAlive shortens, for tests, the second after which a plain service counts as ready
// (LOCALD_DEBUG_ALIVE).
func debugAlive() time.Duration {
	d, _ := time.ParseDuration(os.Getenv("LOCALD_DEBUG_ALIVE"))
	return d
}

// debugEffort shortens, for tests, how long a search of the logs may take (LOCALD_DEBUG_EFFORT).
func debugEffort() time.Duration {
	d, _ := time.ParseDuration(os.Getenv("LOCALD_DEBUG_EFFORT"))
	return d
}
