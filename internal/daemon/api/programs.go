package api

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/locald/locald/internal/daemon/engine"
	"github.com/locald/locald/internal/project"
	"github.com/locald/locald/internal/wire"
)

// checkPrograms finds commands that no start would find: the program is looked
// for on the PATH that the service gets, which a .env may have changed.
func checkPrograms(
	p *engine.Project, spec *project.Spec, base []string, in project.Injection,
) (findings []wire.Finding) {
	for _, line := range spec.Lines() {
		program := line.Program()
		if program == "" {
			continue
		}
		in.Service = line.Name
		env := spec.Environ(base, in)
		path, ok := env.Value("PATH")
		if !ok || inPath(program, path, p.Root) { // without a PATH the shell has one of its own
			continue
		}
		f := wire.Finding{
			Level: wire.LevelError, File: spec.Procfile, Line: line.Line,
			Reason: fmt.Sprintf("%s: %s is not on the PATH that it gets", line.Name, program),
			Hint: "install it, or see where that PATH comes from: " +
				"locald env --explain " + line.Name,
		}
		if strings.Contains(program, "/") {
			f.Reason = fmt.Sprintf(
				"%s: %s is not a program that can be executed", line.Name, program,
			)
			f.Hint = "build it, or: chmod +x " + program
		}
		findings = append(findings, f)
	}
	return findings
}

// inPath reports whether a shell in root would find the program.
func inPath(program, path, root string) bool {
	if strings.Contains(program, "/") {
		return executable(rooted(root, program))
	}
	for _, dir := range filepath.SplitList(path) { // an empty entry is the current directory
		if executable(filepath.Join(rooted(root, dir), program)) {
			return true
		}
	}
	return false
}

func rooted(root, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
