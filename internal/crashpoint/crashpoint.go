// Package crashpoint lets tests kill the daemon at an exact place: between a
// record and the gate that it is written for, in the middle of a rotation. One
// of them panics instead, which the daemon is meant to outlive. In use nothing
// is armed and a point costs one comparison. It starts no goroutine.
package crashpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable arms a point: NAME, or NAME:3 for the third time that it is reached.
const Variable = "LOCALD_DEBUG_CRASH"

// Point is a place at which the daemon can be killed, or can panic.
type Point string

// The points, in the order in which a start, a stop and a new daemon reach them.
const (
	BeforeLease  Point = "before-lease"
	AfterLease   Point = "after-lease"
	AfterFork    Point = "after-fork"    // behind its gate, on no record
	BeforeRecord Point = "before-record" // the same, a moment later
	InRecord     Point = "in-record"     // the new record is written, the old one still in place
	AfterRecord  Point = "after-record"  // on record, the gate shut
	AfterGate    Point = "after-gate"    // the first of the set runs
	InStop       Point = "in-stop"       // told to end, not ended
	AfterStop    Point = "after-stop"    // ended, the record says that it runs
	InRotation   Point = "in-rotation"   // the current segment is renamed, the next one not begun
	InSweep      Point = "in-sweep"      // a new daemon has ended what was left, and not said so
	BeforeBind   Point = "before-bind"   // swept, not reachable yet
	InRequest    Point = "in-request"    // about to answer; a panic, and not the end
)

// All are all points.
var All = []Point{
	BeforeLease, AfterLease, AfterFork, BeforeRecord, InRecord, AfterRecord, AfterGate,
	InStop, AfterStop, InRotation, InSweep, BeforeBind, InRequest,
}

var (
	armed Point
	left  atomic.Int64 // times until it kills
)

// Arm reads the variable. It is called once, before any point is reached.
func Arm() {
	name, times, _ := strings.Cut(os.Getenv(Variable), ":")
	n, err := strconv.ParseInt(times, 10, 64)
	if err != nil {
		n = 1
	}
	armed = Point(name)
	left.Store(n)
}

// Reach kills this process, as nobody can prevent, if the point is armed. At InRequest it panics.
func Reach(p Point) {
	if p != armed || left.Add(-1) != 0 {
		return
	}
	if p == InRequest {
		panic("the point " + string(p) + " was reached")
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way
}
