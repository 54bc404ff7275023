package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locald/locald/internal/procid"
	"github.com/locald/locald/internal/testworld"
)

// kept is what the daemon has on disk of projects: each file with its content.
func kept(w *testworld.World) map[string]string {
	w.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(w.Data(), func(path string, e fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, w.Data())
		if err != nil || strings.HasPrefix(name, "/daemon.") {
			return err
		}
		out[name] = ""
		if e.Type().IsRegular() {
			text, err := os.ReadFile(path)
			out[name] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		w.Fatalf("%v", err)
	}
	return out
}

// Every operation that looks, and entering what is not allowed, takes no name, no port, no record
// and no directory for logs: of one project, and of 300.
func TestAGlanceTakesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.Project("mine", "Procfile", "web: service listen\n")
	w.Output(mine, "locald", "up")
	w.Output(mine, "locald", "down")
	start, err := procid.StartTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	before := kept(w)
	env := `"env":["PATH=/bin"]`
	for i := range 300 {
		dir := w.Project(fmt.Sprintf("seen/%d/shop", i), "Procfile", "web: service listen\n")
		quoted := fmt.Sprintf("%q", dir)
		for op, c := range map[string]struct{ body, want string }{
			"status": {`"dir":` + quoted, `"port":0`},
			"check":  {`"dir":` + quoted + `,` + env, `"port":0`},
			"env":    {`"dir":` + quoted + `,"target":"web",` + env, `has no PORT yet`},
			"spec":   {`"dir":` + quoted + `,` + env, `"port":0`},
			"allow":  {`"dir":` + quoted + `,` + env, `"digest":"sha256:`},
			"logs":   {`"dir":` + quoted + `,"tail":10`, `{"end":`},
			"wait":   {`"dir":` + quoted + `,"for":"ready","timeout_ms":1`, `"state":"stopped"`},
			"at": {
				fmt.Sprintf(`"pid":%d,"start":%d,"root":%s,%s`, os.Getpid(), start, quoted, env),
				`not allowed yet`,
			},
		} {
			request := fmt.Sprintf(`{"op":%q,"body":{%s}}`, op, c.body) + "\n"
			if got := asked(w, request, 2); !strings.Contains(got, c.want) {
				t.Fatalf("%s: %s, want %s", op, got, c.want)
			}
		}
		watch := fmt.Sprintf(`{"op":"watch","body":{"dir":%s}}`, quoted) + "\n"
		if got := asked(w, watch, 2); !strings.Contains(got, `"trust":"unknown"`) {
			t.Fatalf("watch: %s", got)
		}
	}
	after := kept(w)
	if diff := cmp.Diff(maps.Clone(before), after); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	// It is the one who is started that gets the name.
	own := w.Project("own/shop", "Procfile", "web: service listen\n")
	w.Output(own, "locald", "up")
	if status, err := w.Status(); err != nil {
		t.Error(err)
	} else if _, ok := status.Find("shop", "web"); !ok {
		t.Errorf("shop/web is not in %+v", status)
	}
}

// asked makes a request and returns the n-th frame of what comes, the hello being the first.
func asked(w *testworld.World, request string, n int) (frame string) {
	w.Helper()
	conn, lines := converse(w, hello+request)
	defer conn.Close()
	for range n {
		if !lines.Scan() {
			w.Fatalf("%s: the connection ends after %q: %v", request, frame, lines.Err())
		}
		frame = lines.Text()
	}
	return frame
}
