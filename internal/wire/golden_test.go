package wire_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/locald/locald/internal/ipc"
	"github.com/locald/locald/internal/wire"
)

var update = flag.Bool("update", false, "write the goldens anew")

// operation is what is said in one operation, frame by frame: each with all there is to say, and
// with nothing.
type operation struct {
	name   string
	frames []frame
}

// frame makes one message. Its value is of the type that the operation has for it.
type frame struct {
	value reflect.Type
	wrap  func(value any) ipc.Message
}

func of[Req, Ev, Rep any](op wire.Op[Req, Ev, Rep]) operation {
	request := frame{reflect.TypeFor[Req](), func(v any) ipc.Message {
		return ipc.Message{Op: op.Name(), Body: v}
	}}
	event := frame{reflect.TypeFor[Ev](), func(v any) ipc.Message { return ipc.Message{Ev: v} }}
	reply := frame{reflect.TypeFor[Rep](), func(v any) ipc.Message { return ipc.Message{End: v} }}
	if event.value == reflect.TypeFor[wire.None]() {
		reply.wrap = func(v any) ipc.Message { return ipc.Message{OK: v} }
		return operation{op.Name(), []frame{request, reply}}
	}
	return operation{op.Name(), []frame{request, event, reply}}
}

// optional is an operation that is streamed for whoever asks for it, and answered at once otherwise.
func optional[Req, Ev, Rep any](op wire.Op[Req, Ev, Rep]) operation {
	out := of(op)
	atOnce := frame{reflect.TypeFor[Rep](), func(v any) ipc.Message { return ipc.Message{OK: v} }}
	out.frames = append(out.frames, atOnce)
	return out
}

func dialog[Req, In, Ev, Rep any](op wire.Dialog[Req, In, Ev, Rep]) operation {
	out := of(op.Op)
	input := frame{reflect.TypeFor[In](), func(v any) ipc.Message { return ipc.Message{In: v} }}
	out.frames = slices.Insert(out.frames, 1, input)
	return out
}

var operations = []operation{
	of(wire.At), of(wire.Allow), of(wire.Deny), of(wire.Up), of(wire.Down), of(wire.Restart),
	of(wire.Wait), optional(wire.Status), of(wire.Watch), of(wire.Logs), dialog(wire.Attach), of(wire.Env),
	of(wire.Check), of(wire.Spec), of(wire.Forget), of(wire.DaemonStatus), of(wire.StopDaemon),
	// What is around every operation.
	{"hello", []frame{{reflect.TypeFor[wire.Hello](), func(v any) ipc.Message {
		hello := v.(wire.Hello)
		return ipc.Message{Hello: &hello}
	}}}},
	{"err", []frame{{reflect.TypeFor[wire.Error](), func(v any) ipc.Message {
		e := v.(wire.Error)
		return ipc.Message{Err: &e}
	}}}},
}

// What is sent for a message is promised to clients that are older, newer, or somebody else's: a
// change of a golden is a change of the protocol, and is one for the better only where it adds.
func TestGoldens(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			var sent bytes.Buffer
			for _, f := range op.frames {
				for _, full := range []bool{true, false} {
					if err := ipc.Write(&sent, f.wrap(f.message(full).Interface())); err != nil {
						t.Fatal(err)
					}
				}
			}
			compare(t, filepath.Join("testdata", op.name+".golden"), sent.Bytes())
		})
	}
}

// message is one with all of its fields filled, or with none.
func (f frame) message(full bool) reflect.Value {
	v := reflect.New(f.value).Elem()
	if full {
		fill(v, "")
	}
	return v
}

func compare(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: sent\n%s, promised\n%s; if that is meant: go test ./internal/wire -update",
			golden, got, want)
	}
}

func TestEveryOperationHasGoldens(t *testing.T) {
	var have, files []string
	for _, op := range operations {
		have = append(have, op.name)
	}
	paths, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		files = append(files, strings.TrimSuffix(filepath.Base(path), ".golden"))
	}
	want := append(wire.Names(), "err", "hello")
	for _, list := range [][]string{have, files, want} {
		slices.Sort(list)
	}
	if !slices.Equal(have, want) || !slices.Equal(files, want) {
		t.Errorf("operations %q, in this test %q, goldens %q", want, have, files)
	}
}

// Nothing is lost on the way, and what the other side does not know does it no harm.
func TestRoundTrip(t *testing.T) {
	for _, op := range operations {
		for _, f := range op.frames {
			for _, full := range []bool{true, false} {
				message := f.message(full)
				data, err := json.Marshal(message.Interface())
				if err != nil {
					t.Fatal(err)
				}
				sameAgain(t, op.name, message, data)
				sameAgain(t, op.name+" of a newer side", message, withMore(data))
			}
		}
	}
}

func sameAgain(t *testing.T, what string, message reflect.Value, data []byte) {
	t.Helper()
	back := reflect.New(message.Type())
	if err := json.Unmarshal(data, back.Interface()); err != nil {
		t.Errorf("%s: %T: %v", what, message.Interface(), err)
	} else if !reflect.DeepEqual(back.Elem().Interface(), message.Interface()) {
		t.Errorf("%s: %+v\ncame back as\n%+v", what, message, back.Elem())
	}
}

// withMore adds a member that nobody knows to every object that has members.
func withMore(data []byte) []byte {
	text := strings.ReplaceAll(string(data), `{"`, `{"not_yet":{"a":[1]},"`)
	return []byte(strings.Replace(text, "{}", `{"not_yet":1}`, 1))
}

func TestNamesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range wire.Names() {
		if seen[name] || name == "" {
			t.Errorf("the operation %q is there twice or has no name", name)
		}
		seen[name] = true
	}
}
