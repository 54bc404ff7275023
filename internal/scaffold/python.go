package scaffold

import (
	"strings"

	"github.com/locald/locald/internal/devserver"
)

func django(t tree) finding {
	if !t.mentions("django", "manage.py") {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "django",
		command: devserver.With(t.python("python")+" manage.py runserver", "manage.py"),
		reason:  "manage.py, of Django" + ignoresPort,
	}}}
}

func flask(t tree) finding {
	if !t.mentions("flask", "requirements.txt", "pyproject.toml", "Pipfile", "setup.py") {
		return finding{}
	}
	app := ""
	for _, file := range []string{"app.py", "wsgi.py", "main.py", "run.py", "server.py"} {
		if strings.Contains(t.text(file), "Flask(") || file == "wsgi.py" && t.has(file) {
			app = file
			break
		}
	}
	if app == "" {
		return finding{notes: []string{
			"the project uses Flask, but its application was not found: " +
				devserver.With("flask --app NAME run", "flask"),
		}}
	}
	command := t.python("flask")
	if app != "app.py" && app != "wsgi.py" { // flask finds these two
		command += " --app " + strings.TrimSuffix(app, ".py")
	}
	return finding{services: []candidate{{
		web: true, name: "flask", command: devserver.With(command+" run", "flask"),
		reason: app + ", of Flask" + ignoresPort,
	}}}
}

// python is how a program of the project's own environment is called.
func (t tree) python(program string) string {
	for _, tool := range []struct{ lock, run string }{
		{"uv.lock", "uv run "},
		{"poetry.lock", "poetry run "},
		{"Pipfile.lock", "pipenv run "},
		{"pdm.lock", "pdm run "},
	} {
		if t.has(tool.lock) {
			return tool.run + program
		}
	}
	for _, venv := range []string{".venv", "venv"} {
		if path := venv + "/bin/" + program; t.has(path) {
			return path
		}
	}
	return program
}
