package scaffold

import "github.com/locald/locald/internal/devserver"

func hugo(t tree) finding {
	config := t.first("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json")
	// The names before Hugo 0.110.
	if config == "" && t.has("content") && (t.has("themes") || t.has("archetypes")) {
		config = t.first("config.toml", "config.yaml", "config.yml")
	}
	if config == "" {
		return finding{}
	}
	return finding{services: []candidate{{
		web: true, name: "hugo", command: devserver.With("hugo server", "hugo"),
		reason: config + ", of Hugo" + ignoresPort,
	}}}
}

// runner tells of bin/dev, which starts what a Procfile lists.
func runner(t tree) finding {
	if !t.has("bin/dev") {
		return finding{}
	}
	return finding{notes: []string{"bin/dev is a runner, not a service: " +
		"it starts what a Procfile lists, and so does locald"}}
}

// compose tells of containers, which Docker keeps running.
func compose(t tree) finding {
	file := t.first("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
	if file == "" {
		return finding{}
	}
	return finding{notes: []string{file + " is left alone: its containers are Docker's; " +
		"to have one of them beside the others, add: db: docker compose up db"}}
}
