package ipc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/locald/locald/internal/wire"
)

// recorded is a connection whose client has said everything, and closed its end.
type recorded struct {
	net.Conn
	said  *strings.Reader
	heard bytes.Buffer
}

func (c *recorded) Read(p []byte) (int, error)  { return c.said.Read(p) }
func (c *recorded) Write(p []byte) (int, error) { return c.heard.Write(p) }

func (*recorded) SetReadDeadline(time.Time) error  { return nil }
func (*recorded) SetWriteDeadline(time.Time) error { return nil }
func (*recorded) Close() error                     { return nil }

// answers are the frames that it was sent. Each must be one.
func (c *recorded) answers(t *testing.T) (out []Frame) {
	t.Helper()
	for line := range strings.Lines(c.heard.String()) {
		f, err := read(line)
		if err != nil || !json.Valid([]byte(line)) {
			t.Fatalf("it was sent %q: %v", line, err)
		}
		out = append(out, f)
	}
	return out
}

const greeting = `{"hello":{"proto_min":1,"proto_max":1,"version":"test","pid":1}}` + "\n"

var self = wire.Hello{Version: "daemon", PID: 7, Data: "/data"}

func TestGreeting(t *testing.T) {
	long := strings.Repeat("x", MaxFrame)
	for _, tt := range []struct {
		name, said string
		code       wire.Code // "" where there is a request
	}{
		{"a request", greeting + `{"op":"status"}` + "\n", ""},
		{"nothing", "", wire.CodeBadFrame},
		{"half a hello", `{"hello":`, wire.CodeBadFrame},
		{"no hello", `{"op":"status"}` + "\n", wire.CodeBadFrame},
		{"no JSON", "GET / HTTP/1.1\r\n\r\n", wire.CodeBadFrame},
		{"a hello of 1 MiB", `{"hello":{"version":"` + long + `"}}` + "\n", wire.CodeBadFrame},
		{"no request", greeting, wire.CodeBadFrame},
		{"half a request", greeting + `{"op":"sta`, wire.CodeBadFrame},
		{"two hellos", greeting + greeting, wire.CodeBadFrame},
		{"no operation", greeting + "{}\n", wire.CodeBadFrame},
		{"too new", `{"hello":{"proto_min":7,"proto_max":9}}` + "\n", wire.CodeVersionMismatch},
		{
			"of another version, which it tells at length",
			`{"hello":{"proto_min":7,"version":"` + long[:MaxFrame-100] + `"}}` + "\n", wire.CodeVersionMismatch,
		},
		{"another daemon's", `{"hello":{"proto_max":1,"data":"/other"}}` + "\n", wire.CodeWrongDaemon},
	} {
		conn := &recorded{said: strings.NewReader(tt.said)}
		q, err := NewSession(conn, nil).accept(self)
		sent := conn.answers(t)
		last := sent[len(sent)-1]
		switch {
		case tt.code == "" && (err != nil || q.Op != "status" || last.Hello == nil || last.Hello.Proto != 1):
			t.Errorf("%s: %+v, %v, sent %q", tt.name, q, err, conn.heard.String())
		case tt.code != "" && (err == nil || last.Err == nil || last.Err.Code != tt.code):
			t.Errorf("%s: %v, sent %.200q; want %s", tt.name, err, conn.heard.String(), tt.code)
		}
	}
}

// FuzzGreeting: whatever a client says, there is a request or it is told an error, in frames; and
// nobody takes in more than a frame and what a reader reads ahead, nor holds any of it afterwards.
func FuzzGreeting(f *testing.F) {
	for _, seed := range []string{
		"", "\n", greeting, greeting + `{"op":"status","body":{}}` + "\n",
		`{"hello":{"proto_min":9}}` + "\n", `{"hello":{"proto_max":1,"data":{"base64":"/w=="}}}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		conn := &recorded{said: strings.NewReader(string(said))}
		var b Budget
		session := NewSession(conn, &b)
		q, err := session.accept(self)
		sent := conn.answers(t)
		if session.Close(); b.used != 0 || len(b.shares) != 0 || b.peak > 2*MaxFrame {
			t.Fatalf("%d bytes are still held, %d at the most", b.used, b.peak)
		}
		if err == nil && (q.Op == "" || len(sent) != 1 || sent[0].Hello == nil) {
			t.Fatalf("%q: the request %+v after %q", said, q, conn.heard.String())
		}
		if err != nil && (len(sent) == 0 || sent[len(sent)-1].Err == nil) {
			t.Fatalf("%q: %v, and the client heard %q", said, err, conn.heard.String())
		}
		if taken := len(said) - conn.said.Len(); taken > 2*MaxFrame+4096 {
			t.Fatalf("%d bytes were taken in", taken)
		}
	})
}

func TestAgree(t *testing.T) {
	for _, tt := range []struct {
		client wire.Hello
		want   wire.Code
	}{
		{wire.Hello{ProtoMin: 1, ProtoMax: 1}, ""},
		{wire.Hello{ProtoMax: 1}, ""},
		{wire.Hello{ProtoMin: 1, ProtoMax: 99}, ""},
		{wire.Hello{}, wire.CodeVersionMismatch},
		{wire.Hello{ProtoMin: 2, ProtoMax: 9}, wire.CodeVersionMismatch},
		{wire.Hello{ProtoMin: -9, ProtoMax: -1}, wire.CodeVersionMismatch},
		{wire.Hello{ProtoMin: 1, ProtoMax: 1, Data: "/data"}, ""},
		{wire.Hello{ProtoMin: 1, ProtoMax: 1, Data: "/data/"}, wire.CodeWrongDaemon},
	} {
		err := agree(tt.client, self)
		e, _ := errors.AsType[*wire.Error](err)
		if err == nil && tt.want != "" || err != nil && e.Code != tt.want {
			t.Errorf("agree(%+v) = %v, want %q", tt.client, err, tt.want)
		}
	}
}

func TestFail(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want wire.Error
	}{
		{io.ErrClosedPipe, wire.Error{Code: wire.CodeFailure, Msg: io.ErrClosedPipe.Error()}},
		{wire.Usagef("no"), wire.Error{Code: wire.CodeUsage, Msg: "no"}},
		{
			wire.Usagef("%s", strings.Repeat("é", MaxFrame)),
			wire.Error{Code: wire.CodeUsage, Msg: strings.Repeat("é", maxSaid/2) + "…"},
		},
	} {
		conn := &recorded{}
		(&Session{conn: conn}).Fail(tt.err)
		if sent := conn.answers(t); len(sent) != 1 || *sent[0].Err != tt.want {
			t.Errorf("%.100v was told as %.200q", tt.err, conn.heard.String())
		}
	}
}

// What another kind of connection says of its other end is not to be relied on.
func TestCheckPeer(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	if err := CheckPeer(ours); err == nil || !strings.Contains(err.Error(), "not a Unix socket") {
		t.Errorf("a pipe: %v", err)
	}
	if _, err := NewSession(ours, nil).Accept(self); err == nil {
		t.Error("a pipe is served")
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer tcp.Close()
	conn, err := net.Dial("tcp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := CheckPeer(conn); err == nil {
		t.Error("a TCP connection passes for one of ours")
	}
}
