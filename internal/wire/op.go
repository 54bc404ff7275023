// Package wire is what the daemon and its clients say to each other: every operation with the
// types of its request, its events and its reply, the closed sets of words in them, and the
// errors with the exit statuses that they lead to. Both ends import it, and it imports nothing
// of theirs. It starts no goroutine.
package wire

// Op is one operation. Its types tie together what it is asked with, what it tells on the way and
// what it ends with, so that a wrong combination does not compile on either end.
//
// An operation without events (None) is answered by one {"ok": …}; one with events by any number
// of {"ev": …} and then {"end": …}.
type Op[Req, Ev, Rep any] struct{ name string }

// Name is what a request calls the operation.
func (o Op[Req, Ev, Rep]) Name() string { return o.name }

// Dialog is an operation to which the client may go on to say things, as {"in": …}.
type Dialog[Req, In, Ev, Rep any] struct{ Op[Req, Ev, Rep] }

// None stands for what an operation does not have.
type None struct{}

// The operations. docs/protocol.md has a section for each.
var (
	At      = Op[AtRequest, None, AtReply]{"at"}
	Allow   = Op[AllowRequest, None, AllowReply]{"allow"}
	Deny    = Op[DenyRequest, None, DenyReply]{"deny"}
	Up      = Op[OrderRequest, OrderEvent, OrderReply]{"up"}
	Down    = Op[OrderRequest, OrderEvent, OrderReply]{"down"}
	Restart = Op[OrderRequest, OrderEvent, OrderReply]{"restart"}
	Wait    = Op[WaitRequest, OrderEvent, OrderReply]{"wait"}
	Status  = Op[StatusRequest, StatusEvent, StatusReply]{"status"} // see StatusRequest.Stream
	Watch   = Op[Scope, WatchEvent, None]{"watch"}
	Logs    = Op[LogsRequest, LogEvent, LogsReply]{"logs"}
	Attach  = Dialog[AttachRequest, Keys, AttachEvent, AttachReply]{
		Op[AttachRequest, AttachEvent, AttachReply]{"attach"},
	}
	Env          = Op[EnvRequest, None, EnvReply]{"env"}
	Check        = Op[CheckRequest, None, CheckReply]{"check"}
	Spec         = Op[SpecRequest, None, SpecReply]{"spec"}
	Forget       = Op[ForgetRequest, None, ForgetReply]{"forget"}
	DaemonStatus = Op[None, None, DaemonReply]{"daemon"}
	StopDaemon   = Op[StopRequest, None, StopReply]{"stop"}
)

// Names are the operations, in the order of the protocol's documentation.
func Names() []string {
	return []string{
		At.name, Allow.name, Deny.name, Up.name, Down.name, Restart.name, Wait.name, Status.name,
		Watch.name, Logs.name, Attach.name, Env.name, Check.name, Spec.name,
		Forget.name, DaemonStatus.name, StopDaemon.name,
	}
}
