package scaffold

func rails(t tree) finding {
	if !t.has("bin/rails") {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "rails", command: "bin/rails server -p $PORT", reason: "bin/rails",
	}}}
}

func rack(t tree) finding {
	if !t.has("config.ru") || t.has("bin/rails") {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "rack", command: t.bundled("rackup -p $PORT"), reason: "config.ru: rackup has to be told its port",
	}}}
}

func jekyll(t tree) finding {
	config := t.first("_config.yml", "_config.yaml", "_config.toml")
	if config == "" || !t.mentions("jekyll", "Gemfile") && !t.has("_posts") && !t.has("_layouts") {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "jekyll", command: t.bundled("jekyll serve --port $PORT"),
		reason: config + ", of Jekyll: it has to be told its port",
	}}}
}

// bundled is a command of a gem, of the version that the project has chosen.
func (t tree) bundled(command string) string {
	if t.has("Gemfile") {
		return "bundle exec " + command
	}
	return command
}
