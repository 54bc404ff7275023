package scaffold

import (
	"encoding/json"
	"fmt"
	"strings"
)

// node proposes the script dev of package.json, or else start.
func node(t tree) finding {
	text := t.text("package.json")
	if text == "" {
		return finding{}
	}
	var manifest struct {
		Scripts        map[string]string `json:"scripts"`
		PackageManager string            `json:"packageManager"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &manifest); err != nil {
		return finding{
			notes: []string{"package.json cannot be read: it is not the JSON of a package"},
		}
	}
	name := "dev"
	if manifest.Scripts[name] == "" {
		name = "start"
	}
	line := manifest.Scripts[name]
	if line == "" {
		return finding{notes: []string{"package.json has neither a script dev nor start"}}
	}
	manager := t.packageManager(manifest.PackageManager)
	return nodeScript(manager, name, line)
}

// packageManager goes by the lock file, which is what somebody really used.
func (t tree) packageManager(declared string) string {
	for _, lock := range []struct{ file, manager string }{
		{"pnpm-lock.yaml", "pnpm"},
		{"yarn.lock", "yarn"},
		{"bun.lock", "bun"},
		{"bun.lockb", "bun"},
		{"package-lock.json", "npm"},
	} {
		if t.has(lock.file) {
			return lock.manager
		}
	}
	switch name, _, _ := strings.Cut(declared, "@"); name {
	case "pnpm", "yarn", "bun":
		return name
	}
	return "npm"
}

func nodeScript(manager, name, line string) finding {
	s := readScript(line)
	c := candidate{
		web: true, name: "node",
		command: manager + " run " + name, reason: "the script " + name + " of package.json",
	}
	var notes []string
	if s.listens {
		c.name = s.server.Program
		c.reason += ", which is " + s.server.Name
	}
	switch {
	case s.several != "":
		notes = append(notes, fmt.Sprintf("the script %s starts several programs itself (%s): "+
			"a line for each would give each its own PORT, log and state", name, s.several))
	case s.usesPort:
	case s.ownPort != "":
		notes = append(notes, fmt.Sprintf("the script %s has a port of its own (%s): "+
			"write $PORT there, and locald keeps it free", name, s.ownPort))
	case s.listens:
		// npm keeps what stands before two dashes for itself; the others hand them on as they are.
		if manager == "npm" {
			c.command += " --"
		}
		c.command += " " + s.server.Option
		c.reason += ignoresPort
	default:
		c.reason += "; it should listen on $PORT"
	}
	return finding{services: []candidate{c}, notes: notes}
}
