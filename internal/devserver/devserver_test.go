package devserver

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	for line, want := range map[string]string{
		"vite":                         "Vite",
		"vite --host":                  "Vite",
		"vite ./web":                   "Vite",
		"vite preview":                 "Vite",
		"vite && echo":                 "Vite",
		"vite build --watch":           "",
		"./node_modules/.bin/vite dev": "Vite",
		"next":                         "Next.js",
		"next start":                   "Next.js",
		"next build":                   "",
		"next build && next start":     "Next.js",
		"ng":                           "",
		"ng serve --open":              "Angular",
		"vue-cli-service serve":        "Vue CLI",
		"vue-cli-service build":        "",
		"webpack --watch":              "",
		"webpack serve":                "webpack-dev-server",
		"webpack-dev-server --hot":     "webpack-dev-server",
		"bin/rails s":                  "Rails",
		"bin/rails db:migrate":         "",
		"rackup":                       "Rack",
		"rackup config.ru":             "Rack",
		"./manage.py runserver":        "Django",
		"manage.py migrate":            "",
		"flask --app shop run":         "Flask",
		"hugo":                         "",
		"hugo server -D":               "Hugo",
		"node vite":                    "",
		"vite.js":                      "",
	} {
		words := strings.Fields(line)
		got, ok := Of(words[0], words[1:])
		if got.Name != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", line, got.Name, want)
		}
	}
}

func TestWith(t *testing.T) {
	if got, want := With("bundle exec jekyll serve", "jekyll"), "bundle exec jekyll serve --port $PORT"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := With("node server.js", "node"); got != "node server.js" {
		t.Errorf("%q: what is not in the table needs nothing", got)
	}
}

// A row that can never be found, or tells nothing, is a slip.
func TestTable(t *testing.T) {
	for _, s := range servers {
		words := s.Serves
		if s.Bare {
			words = nil
		} else if len(words) == 0 {
			t.Errorf("%s serves nothing", s.Program)
		}
		if found, ok := Of(s.Program, words); !ok || found.Program != s.Program || found.Name == "" {
			t.Errorf("%s is not found: %+v", s.Program, found)
		}
		if !strings.Contains(s.Option, "$PORT") {
			t.Errorf("%s does not take $PORT: %s", s.Program, s.Option)
		}
	}
}
