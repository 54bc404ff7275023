package wire

import (
	"time"
)

// LogsRequest asks for lines.
type LogsRequest struct {
	Scope
	Tail   int  `json:"tail"` // the last so many of those selected; below 0: all
	Follow bool `json:"follow,omitempty"`
	// WhileUp ends what is followed once nothing of it is up any more.
	WhileUp bool      `json:"while_up,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Until   time.Time `json:"until,omitzero"`
	Run     int       `json:"run,omitempty"`  // 0: any; -1: each service's last
	Grep    string    `json:"grep,omitempty"` // RE2, on the text without its colours
}

// LogEvent is a batch of lines.
type LogEvent struct {
	Lines []Line `json:"lines"`
}

// Line is one line of a log. Bytes that are not UTF-8 are replaced.
type Line struct {
	Time    time.Time `json:"time"`
	Project string    `json:"project"`
	Service string    `json:"service"`
	Run     int       `json:"run"`
	Stream  Stream    `json:"stream"`
	Line    string    `json:"line"`
	// Open: the service has not ended the line yet. What follows has Joins
	// set, or replaces it.
	Open  bool `json:"open,omitempty"`
	Joins bool `json:"joins,omitempty"`
}
