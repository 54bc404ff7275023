package shellhook

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// hang makes the next calls of the client wait until release is called.
func (w *world) hang() (release func()) {
	w.t.Helper()
	fifo := w.dir + "/fifo"
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.Run("export " + envHang + "=" + fifo)
	return func() {
		w.t.Helper()
		// Opening for writing waits for the reader, which is the client.
		f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		_ = f.Close()
	}
}

func TestWhileTheClientRuns(t *testing.T) {
	play(t, []scenario{
		{name: "type-ahead arrives whole", steps: func(w *world) {
			release := w.hang()
			w.Type("cd $D/proj\r")
			w.Expect("client is waiting")
			w.Type("echo typed ahead")
			release()
			w.AwaitPrompt()
			w.Type("\r")
			if got := w.AwaitPrompt(); got != "typed ahead\n" {
				w.t.Errorf("printed %q", got)
			}
			w.delivered("cd", "proj")
		}},
		{name: "ctrl-C gives the prompt back", steps: func(w *world) {
			release := w.hang()
			w.Type("cd $D/proj\r")
			w.Expect("client is waiting")
			w.Type("\x03")
			w.AwaitPrompt()
			w.delivered("cd", "proj")
			w.do("")
			w.prints("echo still here", "still here\n")
			// Not delivered, so the next change tries again.
			w.Type("cd sub\r")
			w.Expect("client is waiting")
			release()
			w.AwaitPrompt()
			w.delivered("cd sub", "proj")
			w.do("cd deep")
		}},
		{name: "the terminal keeps its settings", steps: func(w *world) {
			before := w.Run("stty -g")
			w.do("cd $D/proj", "proj")
			w.prints("stty -g", before)
		}},
	})
}

// The client sees the environment of the shell as it is at that prompt, which is how services get
// theirs.
func TestEnvironmentOfTheCall(t *testing.T) {
	play(t, []scenario{{name: "environment", steps: func(w *world) {
		w.Run("export NEWLY=set")
		w.Run("cd $D/proj")
		calls := w.calls()
		if len(calls) != 1 {
			w.t.Fatalf("%d calls, want one", len(calls))
		}
		for _, want := range []string{"NEWLY=set", "PWD=" + w.dir + "/proj", "HOME=" + w.Home()} {
			if !slices.Contains(calls[0].Env, want) {
				w.t.Errorf("the client's environment lacks %s", want)
			}
		}
	}}})
}

// The hook leaves nothing behind in a shell that ends, however it ends.
func TestEnd(t *testing.T) {
	play(t, []scenario{
		{name: "exit", setup: setup{dir: "proj"}, steps: func(w *world) {
			w.delivered("first prompt", "proj")
			w.Type("exit\r")
			w.Wait()
			w.delivered("exit")
		}},
		{name: "ctrl-D", setup: setup{dir: "proj"}, steps: func(w *world) {
			w.delivered("first prompt", "proj")
			w.Type("\x04")
			w.Wait()
			w.delivered("ctrl-D")
		}},
		{name: "closed terminal", setup: setup{dir: "proj"}, steps: func(w *world) {
			w.delivered("first prompt", "proj")
			w.Close()
			w.delivered("close")
		}},
	})
}
