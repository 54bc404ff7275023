package project

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// BenchmarkStart is all that this package does for one start of a service in a project of usual
// size.
func BenchmarkStart(b *testing.B) {
	root, err := Canonical(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	var env strings.Builder
	for i := range 30 {
		fmt.Fprintf(&env, "NAME_%d=\"value $HOME %d\" # comment\n", i, i)
	}
	for name, text := range map[string]string{"Procfile": "web: a\nworker: b\ndb: c\n", ".env": env.String()} {
		if err := os.WriteFile(root+"/"+name, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	in := Injection{Project: "shop", Service: "web", Ports: map[string]int{"web": 1, "worker": 2, "db": 3}}
	for b.Loop() {
		files, err := Read(root, os.Getuid())
		if err != nil {
			b.Fatal(err)
		}
		files.Digest()
		spec, err := files.Parse()
		if err != nil {
			b.Fatal(err)
		}
		spec.Environ(os.Environ(), in)
	}
}

// BenchmarkLargestDotenv is the worst that a file of the largest size allowed holds: as many
// entries as fit.
func BenchmarkLargestDotenv(b *testing.B) {
	text := []byte(strings.Repeat("A=1\n", maxFileSize/4))
	for b.Loop() {
		if _, err := cutDotenv(source{name: ".env", present: true, text: text}).settings(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadAllowed is what entering a project pays for its files.
func BenchmarkReadAllowed(b *testing.B) {
	root := b.TempDir()
	for _, name := range []string{"Procfile", ".env"} {
		if err := os.WriteFile(root+"/"+name, nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := Read(root, os.Getuid()); err != nil {
			b.Fatal(err)
		}
	}
}
