package ipc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/locald/locald/internal/wire"
)

func read(text string) (Frame, error) { return Read(bufio.NewReader(strings.NewReader(text))) }

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		line  string
		check func(Frame) bool
	}{
		{`{"op":"status","body":{"dir":"/"}}`, func(f Frame) bool {
			return f.Op == "status" && string(f.Body) == `{"dir":"/"}`
		}},
		{" { \"op\" : \"a\\u0062\" ,\t\"more\" : [ 1 , {} ] }\r", func(f Frame) bool {
			return f.Op == "ab" && f.Body == nil
		}},
		{`{"hello":{"proto_max":1,"new":"\\\""}}`, func(f Frame) bool { return f.Hello.ProtoMax == 1 }},
		{`{"err":{"code":"usage","msg":"a\"b"}}`, func(f Frame) bool { return f.Err.Msg == `a"b` }},
		{`{"ok":{}}`, func(f Frame) bool { return f.OK != nil && f.End == nil }},
		{`{"ev":{"a":"}"}}`, func(f Frame) bool { return string(f.Ev) == `{"a":"}"}` }},
		{`{"end":{}}`, func(f Frame) bool { return f.End != nil }},
		{`{"in":{"typed":"\\"}}`, func(f Frame) bool { return string(f.In) == `{"typed":"\\"}` }},
		{`{"op":"first","op":"last"}`, func(f Frame) bool { return f.Op == "last" }},
		{`{}`, func(f Frame) bool { return f.Op == "" }},
	} {
		if f, err := read(tt.line + "\n"); err != nil || !tt.check(f) {
			t.Errorf("%s: %+v, %v", tt.line, f, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1)
	for _, line := range []string{
		"", "GET / HTTP/1.1", "[]", "null", `"op"`, "{", `{"op"}`, `{"op":}`, `{"op":"a"`, `{"op":"a"}}`,
		`{"op":"a",}`, `{"op":"a"}{}`, `{"op":7}`, `{"hello":[]}`, `{"err":"no"}`, `{op:"a"}`,
		`{"body":"` + `\`, `{"body":` + deep, `{"body":[` + strings.Repeat(",", maxValues+1) + "]}",
		`{` + strings.Repeat(`"a":1,`, maxValues+1) + `"op":"a"}`,
	} {
		f, err := read(line + "\n")
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != wire.CodeBadFrame {
			t.Errorf("%.60q: %+v, %v; want bad_frame", line, f, err)
		}
	}
}

func TestReadLine(t *testing.T) {
	whole := strings.Repeat("x", MaxFrame-1) + "\n"
	for _, tt := range []struct {
		name, text string
		err        error
	}{
		{"the longest", whole, nil},
		{"one byte more", "x" + whole, ErrTooLong},
		{"without an end", strings.Repeat("x", 4*MaxFrame), ErrTooLong},
		{"nothing", "", io.EOF},
		{"white space", " \t", io.EOF},
		{"half of one", `{"op":`, io.ErrUnexpectedEOF},
	} {
		source := strings.NewReader(tt.text)
		line, err := readLine(bufio.NewReader(source), &share{})
		if !errors.Is(err, tt.err) || err == nil && string(line) != tt.text {
			t.Errorf("%s: %d bytes, %v; want %v", tt.name, len(line), err, tt.err)
		}
		if taken := len(tt.text) - source.Len(); taken > MaxFrame+4096 {
			t.Errorf("%s: %d bytes were taken in", tt.name, taken)
		}
	}
}

func TestWrite(t *testing.T) {
	var sent bytes.Buffer
	if err := Write(&sent, Message{OK: struct {
		A string `json:"a"`
	}{"<&>\n"}}); err != nil || sent.String() != `{"ok":{"a":"<&>\n"}}`+"\n" {
		t.Errorf("sent %q, %v", sent.String(), err)
	}
	sent.Reset()
	if err := Write(&sent, Message{OK: strings.Repeat("x", MaxFrame)}); !errors.Is(err, ErrTooLong) || sent.Len() > 0 {
		t.Errorf("a frame that is too long: %d bytes sent, %v", sent.Len(), err)
	}
	if err := Write(&sent, Message{OK: func() {}}); err == nil || sent.Len() > 0 {
		t.Errorf("what has no JSON: %d bytes sent, %v", sent.Len(), err)
	}
}

// FuzzRead: what encoding/json takes for a frame is taken, with the same members, unless it holds
// more than a frame may.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "{}", `{"op":"status","body":{"dir":"/","all":true}}`, `{"ev":{"a":"\\\"}"}}`,
		`{"hello":{"proto_min":1,"proto_max":1}}` + "\n" + `{"op":"x"}`, `{"in":[[[]],{}]}`, "{\"op\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(bufio.NewReader(bytes.NewReader(append(data, '\n'))))
		line, _, _ := bytes.Cut(data, []byte("\n"))
		var want struct {
			Op   string          `json:"op"`
			Body json.RawMessage `json:"body"`
			In   json.RawMessage `json:"in"`
		}
		var exact map[string]json.RawMessage // encoding/json also takes "OP" for "op"
		if json.Unmarshal(line, &want) != nil || json.Unmarshal(line, &exact) != nil || exact == nil {
			return
		}
		if errors.Is(err, io.EOF) || bytes.Count(line, []byte(",")) > maxValues || depth(line) > maxDepth {
			return
		}
		_, odd := exact["hello"]
		_, oddError := exact["err"]
		if err != nil && !odd && !oddError {
			t.Fatalf("%q: %v", line, err)
		}
		if err == nil && string(exact["body"]) != string(got.Body) {
			t.Fatalf("%q: body %q, want %q", line, got.Body, exact["body"])
		}
	})
}

func depth(line []byte) int { return bytes.Count(line, []byte("[")) + bytes.Count(line, []byte("{")) }
