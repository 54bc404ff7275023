package proc

import "github.com/locald/locald/internal/procinfo"

// What moved to procinfo, for callers that still ask for it here.
var (
	Watch       = procinfo.Watch
	NameOf      = procinfo.NameOf
	CommandOf   = procinfo.CommandOf
	ReadSockets = procinfo.ReadSockets
	TimeWait    = procinfo.TimeWait
)
