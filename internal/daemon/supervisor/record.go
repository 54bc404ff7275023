package supervisor

import (
	"context"
	"time"
)

// A save that failed is tried again by itself: the disk was full, and what a person ordered
// meanwhile would otherwise be undone by the next crash. Each of these attempts doubles the time to
// the next, because a disk that is full for a day must not cost a wake-up a second.
const (
	firstRetry   = time.Second
	longestRetry = time.Minute
)

// Rewrite puts the record on disk although nothing has changed: somebody has removed it.
func (p *Project) Rewrite() {
	p.box.post(func(a *actor) { a.record.outdate() })
}

// Sync returns once the disk has answered for everything decided so far: nil when it is safe there,
// else why the latest attempt failed. Attempts go on after that by themselves.
func (p *Project) Sync(ctx context.Context) error {
	answer := make(chan error, 1)
	if err := p.box.call(ctx, func(a *actor) { a.record.tell(answer) }); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.Done():
		return p.Err()
	}
}

// saved is for the answer to one attempt, which the runs that it was to put on disk waited for.
func (a *actor) saved(runs []runID, err error) {
	if other := a.record.saved(err); other {
		a.changes.show()
	}
	a.services.recorded(runs, err)
}

// record is how what the actor decides comes to be on disk.
//
//	recorded ──a change──► dirty ──save──► saving ──ok──► recorded
//	                         ▲               │ failed: err is set, shown, and told to an order
//	                         └──retry────────┘
//
// dirty means that an attempt is due, err that the last one failed. They are two, because a failure
// must not be followed by another attempt at once, while a change must be: whoever ordered it waits
// to hear whether it is safe.
type record struct {
	box   *mailbox
	store Store

	dirty  bool
	saving bool
	// writing is closed when the Store has returned from the latest attempt, nil before the first.
	writing chan struct{}
	err     error         // of the last attempt; the record on disk is out of date while it is set
	syncs   []chan error  // callers that wait for the next answer of the disk
	timer   *time.Timer   // armed while err is set and no attempt is under way
	pause   time.Duration // until it fires
}

// outdate makes an attempt due.
func (r *record) outdate() { r.dirty = true }

// due reports whether the record is to be written now. While one save runs, the next waits:
// whatever changes meanwhile is in one write.
func (r *record) due() bool { return r.dirty && !r.saving }

// save makes one attempt. It is told to the actor, for these runs and all who wait.
func (r *record) save(now Snapshot, runs []runID) {
	r.disarm() // this attempt is the one that it was to make
	writing := make(chan struct{})
	r.dirty, r.saving, r.writing = false, true, writing
	go func() {
		err := r.store.Save(now)
		close(writing)
		r.box.post(func(a *actor) { a.saved(runs, err) })
	}()
}

// saved takes the answer to one attempt, and reports whether it says something else than the one
// before.
func (r *record) saved(err error) (other bool) {
	before := r.unsaved()
	r.saving, r.err = false, err
	if err == nil {
		r.pause = 0
	} else {
		r.retryLater()
	}
	return r.unsaved() != before
}

// retryLater arms the next attempt. Only the attempts that the timer itself makes lengthen the
// pause: ten orders in a row on a full disk say nothing about how long it will be full.
func (r *record) retryLater() {
	if r.pause == 0 {
		r.pause = firstRetry
	}
	r.timer = time.AfterFunc(r.pause, func() {
		r.box.post(func(a *actor) { a.record.retry() })
	})
}

// retry makes an attempt due. A timer that was too late to be stopped finds that the record has
// been saved since, or is being saved.
func (r *record) retry() {
	if r.err == nil || r.saving {
		return
	}
	r.outdate()
	r.pause = min(2*r.pause, longestRetry)
}

func (r *record) disarm() {
	if r.timer != nil {
		r.timer.Stop()
	}
}

// tell has the next answer of the disk sent to somebody who waits.
func (r *record) tell(answer chan error) { r.syncs = append(r.syncs, answer) }

// answerSyncs tells those who wait what became of the record. They hear of a failure at once: it
// may be hours until the disk has room, and an order must not hang for so long.
func (r *record) answerSyncs() {
	if r.dirty || r.saving {
		return
	}
	for _, answer := range r.syncs {
		answer <- r.err
	}
	r.syncs = nil
}

// unsaved is the reason why the record on disk is out of date, "" where it is not.
func (r *record) unsaved() string {
	if r.err == nil {
		return ""
	}
	return r.err.Error()
}

// fill says in a snapshot what is not on disk.
func (r *record) fill(out *Snapshot) { out.Unsaved = r.unsaved() }
