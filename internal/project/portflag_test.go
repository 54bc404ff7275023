package project

import (
	"strings"
	"testing"
)

func TestPortFlag(t *testing.T) {
	for line, want := range map[string]string{
		"vite":                                      "--port $PORT --strictPort",
		"npx vite --host":                           "--port $PORT --strictPort",
		"./node_modules/.bin/vite dev":              "--port $PORT --strictPort",
		"vite --port $PORT":                         "",
		"next dev":                                  "--port $PORT",
		"next build":                                "",
		"npx vite build --watch":                    "",
		"npx vue-cli-service serve":                 "--port $PORT",
		"bundle exec rackup":                        "-p $PORT",
		"pnpm astro dev":                            "--port $PORT",
		"ng serve --open":                           "--port $PORT",
		"bundle exec rails s":                       "-p $PORT",
		"bin/rails server":                          "-p $PORT",
		"bin/rails db:migrate":                      "",
		"python manage.py runserver":                "127.0.0.1:$PORT",
		"python3 ./manage.py migrate":               "",
		"flask --app shop run":                      "--port $PORT",
		"webpack-dev-server":                        "--port $PORT",
		"webpack serve --mode development":          "--port $PORT",
		"webpack --watch":                           "",
		"hugo server -D":                            "--port $PORT",
		"bundle exec jekyll serve":                  "--port $PORT",
		"npm run dev":                               "",
		"node server.js --name vite-like":           "",
		strings.Repeat("ng ", 150) + "serve":        "--port $PORT",
		strings.Repeat("ng ", 30_000) + "serve":     "", // to look there would take seconds
		"cd web && FORCE_COLOR=1 exec vite -l info": "--port $PORT --strictPort",
	} {
		if got := (Service{Name: "web", Command: line}).PortFlag(); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
