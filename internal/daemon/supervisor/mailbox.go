package supervisor

import (
	"context"
	"sync"
)

// mailbox brings turns to the actor, one at a time, until it is told to end. Anybody may use it.
type mailbox struct {
	turns  chan turn     // unbuffered: whoever posts knows that the actor has begun with it
	done   chan struct{} // closed when the actor is to end
	ending sync.Once     // closes done
	why    error         // it ended; to be read only once done is closed
}

// turn is one message to the actor, and the only way to what the actor owns. over, where set, is
// closed when everything that the turn decided is visible in the snapshot.
type turn struct {
	do   func(*actor)
	over chan struct{}
}

func newMailbox() *mailbox {
	return &mailbox{turns: make(chan turn), done: make(chan struct{})}
}

// post hands something to the actor without waiting until it is done.
func (b *mailbox) post(do func(*actor)) {
	select {
	case b.turns <- turn{do: do}:
	case <-b.done:
	}
}

// call hands something to the actor and waits until it is done. The context counts only until the
// actor has begun: from then on it is done in any case, and the caller had better know how.
func (b *mailbox) call(ctx context.Context, do func(*actor)) error {
	over := make(chan struct{})
	select {
	case b.turns <- turn{do, over}:
	case <-ctx.Done():
		return ctx.Err()
	case <-b.done:
		return b.why
	}
	<-over
	return nil
}

// next waits for the next turn; false is the end. It is for the actor.
func (b *mailbox) next() (turn, bool) {
	if b.ended() { // a select alone would take one more turn now and then
		return turn{}, false
	}
	select {
	case t := <-b.turns:
		return t, true
	case <-b.done:
		return turn{}, false
	}
}

// end lets every later call return why, and the actor's goroutine stop. The first reason holds.
func (b *mailbox) end(why error) {
	b.ending.Do(func() {
		b.why = why
		close(b.done)
	})
}

// ended reports whether the actor has been told to end.
func (b *mailbox) ended() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}
