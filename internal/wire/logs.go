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
	// After is a cursor of an earlier answer: what that one looked at, asked for or not, is left
	// out. Tail does not count then, so that nothing is missed.
	After string `json:"after,omitempty"`
}

// LogEvent is a batch of lines.
type LogEvent struct {
	Lines []Line `json:"lines"`
	// Cursor stands exactly behind the last of the lines, and behind all that was looked at
	// meanwhile and not asked for.
	Cursor string `json:"cursor,omitempty"`
	// Dropped says of which services lines were removed before they could be read.
	Dropped []Dropped `json:"dropped,omitempty"`
}

// Dropped says that lines of a service were removed, because the logs were too large or by
// somebody, before they could be read. Nobody knows how many lines those were.
type Dropped struct {
	Project string `json:"project"`
	Service string `json:"service"`
	// Segments is how many files of the log had been removed, 0 where that is not known.
	Segments int `json:"segments,omitempty"`
}

// LogsReply ends a stream of lines.
type LogsReply struct {
	Cursor string `json:"cursor,omitempty"` // as in a LogEvent
	// More says that the search took too long: what is left comes after the cursor.
	More bool `json:"more,omitempty"`
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
