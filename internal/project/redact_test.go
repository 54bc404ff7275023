package project

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestValuesDoNotLeak(t *testing.T) {
	root := write(t, map[string]string{"Procfile": "web: a\n", ".env": "SECRET=hunter2\n"})
	files := read(t, root)
	spec, err := files.Parse()
	if err != nil {
		t.Fatal(err)
	}
	env := environ(t, spec, []string{"OTHER=hunter2"}, Injection{Project: "shop"})
	i := 0
	for env.Vars[i].Name != "SECRET" {
		i++
	}
	things := map[string]struct {
		value any
		want  string
	}{
		"Variable":    {env.Vars[i], "SECRET (.env:1)"},
		"variables":   {env.Vars, "SECRET (.env:1)"},
		"Environment": {env, "SECRET (.env:1)"},
		"*Spec":       {spec, root + ": Procfile: web"},
		"*Files":      {files, root + ": Procfile"},
		"in a struct": {struct{ Env Environment }{env}, "SECRET (.env:1)"},
		"in an error": {fmt.Errorf("cannot start: %v", env), "SECRET (.env:1)"},
	}
	for name, thing := range things {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
				text := fmt.Sprintf(verb, thing.value)
				if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) || strings.Contains(text, "104 117") {
					t.Errorf("%s leaks: %s", verb, text)
				}
			}
			if text := fmt.Sprint(thing.value); !strings.Contains(text, thing.want) {
				t.Errorf("%s does not say %s", text, thing.want)
			}
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("x", "thing", thing.value)
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "thing", thing.value)
			if err := json.NewEncoder(&b).Encode(thing.value); err != nil {
				t.Error(err)
			}
			if strings.Contains(b.String(), "hunter2") {
				t.Errorf("a log or JSON leaks: %s", b.String())
			}
		})
	}
}
