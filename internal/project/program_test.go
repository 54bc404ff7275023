package project

import "testing"

func TestProgram(t *testing.T) {
	for command, want := range map[string]string{
		"npm start": "npm", "exec ./bin/web -p 1": "./bin/web", "A=1 B= exec rails s": "rails", "command make": "make",
		"npm": "npm", "npm;": "", "cd web && npm start": "", "$RUNNER serve": "", `"my prog"`: "", "while true": "",
		"A=$B npm": "", "(npm start)": "", "npm&": "", "": "", "exec -a x y": "", "A=1": "", "1=2 x": "1=2", "[ -f x ]": "",
	} {
		if got := (Service{Command: command}).Program(); got != want {
			t.Errorf("%q: %q, want %q", command, got, want)
		}
	}
}
