package ipc

import (
	"context"
	"encoding/json"

	"github.com/locald/locald/internal/wire"
)

// Handler answers the requests for one operation.
type Handler struct {
	Op string
	// TakesInput says that the client may go on to say things.
	TakesInput bool
	// Holds keeps the connection after the answer until the client closes it or the daemon ends.
	Holds bool
	// Stays says that a request has no end of its own: what it tells goes on until the client goes.
	Stays bool

	serve func(context.Context, *Session, Request) error
}

// Serve answers one request. The error is still to be told to the client.
func (h Handler) Serve(ctx context.Context, s *Session, q Request) error {
	return h.serve(ctx, s, q)
}

// Answer is the handler of an operation that is answered at once.
func Answer[Req, Rep any](
	op wire.Op[Req, wire.None, Rep], do func(context.Context, Req) (Rep, error),
) Handler {
	return Either(
		op, func(Req) bool { return false },
		func(ctx context.Context, req Req, _ func(wire.None) error) (Rep, error) {
			return do(ctx, req)
		},
	)
}

// Stream is the handler of an operation that tells events before it ends. An error of emit means
// that the client has gone.
func Stream[Req, Ev, Rep any](
	op wire.Op[Req, Ev, Rep],
	do func(ctx context.Context, req Req, emit func(Ev) error) (Rep, error),
) Handler {
	return Either(op, func(Req) bool { return true }, do)
}

// Either is the handler of an operation that is streamed for whoever asks for it, and answered at
// once for others: then emit is nil.
func Either[Req, Ev, Rep any](
	op wire.Op[Req, Ev, Rep], streamed func(Req) bool,
	do func(ctx context.Context, req Req, emit func(Ev) error) (Rep, error),
) Handler {
	return Handler{Op: op.Name(), serve: func(ctx context.Context, s *Session, q Request) error {
		var req Req
		if err := q.decode(&req); err != nil {
			return err
		}
		if streamed(req) {
			return finish(s, func(emit func(Ev) error) (Rep, error) { return do(ctx, req, emit) })
		}
		reply, err := do(ctx, req, nil)
		if err != nil {
			return err
		}
		return s.write(Message{OK: reply})
	}}
}

// Converse is the handler of a Dialog. What the client says comes out of in, which ends with the
// connection and with the first thing that is not an input.
func Converse[Req, In, Ev, Rep any](
	op wire.Dialog[Req, In, Ev, Rep],
	do func(ctx context.Context, req Req, in func() (In, bool), emit func(Ev) error) (Rep, error),
) Handler {
	serve := func(ctx context.Context, s *Session, q Request) error {
		var req Req
		if err := q.decode(&req); err != nil {
			return err
		}
		next := func() (In, bool) { return hearNext[In](s.input) }
		return finish(s, func(emit func(Ev) error) (Rep, error) { return do(ctx, req, next, emit) })
	}
	return Handler{Op: op.Name(), TakesInput: true, serve: serve}
}

func finish[Ev, Rep any](s *Session, do func(emit func(Ev) error) (Rep, error)) error {
	reply, err := do(func(ev Ev) error { return s.write(Message{Ev: ev}) })
	if err != nil {
		return err
	}
	return s.write(Message{End: reply})
}

// hearNext passes over what does not have the shape of an input.
func hearNext[In any](input <-chan json.RawMessage) (In, bool) {
	for raw := range input {
		var in In
		if json.Unmarshal(raw, &in) == nil {
			return in, true
		}
	}
	var none In
	return none, false
}
