package scaffold

import "github.com/locald/locald/internal/devserver"

func rails(t tree) finding {
	if !t.has("bin/rails") {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "rails", command: devserver.With("bin/rails server", "rails"),
		reason: "bin/rails",
	}}}
}

func rack(t tree) finding {
	if !t.has("config.ru") || t.has("bin/rails") {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "rack", command: devserver.With(t.bundled("rackup"), "rackup"),
		reason: "config.ru, of Rack" + ignoresPort,
	}}}
}

func jekyll(t tree) finding {
	config := t.first("_config.yml", "_config.yaml", "_config.toml")
	if config == "" || !t.mentions("jekyll", "Gemfile") && !t.has("_posts") && !t.has("_layouts") {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "jekyll", command: devserver.With(t.bundled("jekyll serve"), "jekyll"),
		reason: config + ", of Jekyll" + ignoresPort,
	}}}
}

// bundled is a command of a gem, of the version that the project has chosen.
func (t tree) bundled(command string) string {
	if t.has("Gemfile") {
		return "bundle exec " + command
	}
	return command
}
