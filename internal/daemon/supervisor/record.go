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

// keeping is how what the actor decides comes to be on disk. It belongs to the actor's goroutine.
//
//	recorded ──a change──► dirty ──save──► saving ──ok──► recorded
//	                         ▲               │ failed: err is set, shown, and told to an order
//	                         └──retry────────┘
//
// dirty means that an attempt is due, err that the last one failed. They are two, because a failure
// must not be followed by another attempt at once, while a change must be: whoever ordered it waits
// to hear whether it is safe.
type keeping struct {
	dirty  bool
	saving bool
	// writing is closed when the Store has returned from the latest attempt, nil before the first.
	writing chan struct{}
	err     error         // of the last attempt; the record on disk is out of date while it is set
	runs    []runID       // to be let go once they are on record
	syncs   []chan error  // callers that wait for the next answer of the disk
	retry   *time.Timer   // armed while err is set and no attempt is under way
	pause   time.Duration // until the next retry
}

// unsaved is the reason why the record on disk is out of date, "" where it is not.
func (k *keeping) unsaved() string {
	if k.err == nil {
		return ""
	}
	return k.err.Error()
}

// save writes the record if it is out of date. While one save runs, the next waits: whatever
// changes meanwhile is in one write. It also waits for runs that are being forked, whose gates
// would otherwise wait for two.
func (p *Project) save() {
	k := &p.record
	if !k.dirty || k.saving || p.forking > 0 {
		return
	}
	if k.retry != nil { // this attempt is the one that it was to make
		k.retry.Stop()
		k.retry = nil
	}
	k.dirty, k.saving = false, true
	snapshot, runs := p.picture(), k.runs
	k.runs = nil
	writing := make(chan struct{})
	k.writing = writing
	go func() {
		err := p.store.Save(snapshot)
		close(writing)
		p.post(func() { p.saved(runs, err) })
	}()
}

// saved takes the answer to one attempt. A run that is on no record is never let go, whatever a
// later attempt will bring: by then somebody has been told that it failed.
func (p *Project) saved(runs []runID, err error) {
	k := &p.record
	before := k.unsaved()
	k.saving, k.err = false, err
	if k.unsaved() != before {
		p.published = false
	}
	if err == nil {
		k.pause = 0
	} else {
		p.retryLater()
	}
	for _, r := range runs {
		s := p.find(r.service)
		if s == nil {
			continue
		}
		if err != nil {
			p.step(s, event{Kind: evRecordFailed, Run: r.run, Reason: err.Error()})
		} else {
			p.step(s, event{Kind: evRecorded, Run: r.run})
		}
	}
}

// retryLater arms the next attempt. Only the attempts that the timer itself makes lengthen the
// pause: ten orders in a row on a full disk say nothing about how long it will be full.
func (p *Project) retryLater() {
	k := &p.record
	if k.pause == 0 {
		k.pause = firstRetry
	}
	k.retry = time.AfterFunc(k.pause, func() { p.post(p.retrySave) })
}

// retrySave makes an attempt due. A timer that was too late to be stopped finds that the record has
// been saved since, or is being saved.
func (p *Project) retrySave() {
	k := &p.record
	if k.err == nil || k.saving {
		return
	}
	k.dirty = true
	k.pause = min(2*k.pause, longestRetry)
}

// answerSyncs tells those who wait what became of the record. They hear of a failure at once: it
// may be hours until the disk has room, and an order must not hang for so long.
func (p *Project) answerSyncs() {
	k := &p.record
	if k.dirty || k.saving || p.forking > 0 {
		return
	}
	for _, s := range k.syncs {
		s <- k.err
	}
	k.syncs = nil
}

// Rewrite puts the record on disk although nothing has changed: somebody has removed it.
func (p *Project) Rewrite() {
	p.post(func() { p.record.dirty = true })
}

// Sync returns once the disk has answered for everything decided so far: nil when it is safe there,
// else why the latest attempt failed. Attempts go on after that by themselves.
func (p *Project) Sync(ctx context.Context) error {
	done := make(chan error, 1)
	if err := p.call(ctx, func() { p.record.syncs = append(p.record.syncs, done) }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
		return p.why
	}
}
