package project

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
)

// digestLabel keeps these digests apart from any other SHA-256, and from those of a later rule.
const digestLabel = "locald trust 1"

// Digest returns "sha256:" and 64 hexadecimal digits over everything that an approval covers: the
// canonical root, the exact content or absence of the files that decide what runs, and the decisive
// entries of the .env files.
func (f *Files) Digest() string {
	d := digester{sha256.New()}
	d.text(digestLabel)
	d.text(f.root)
	for _, file := range f.manifest {
		d.text(file.name)
		d.flag(file.present)
		d.text(string(file.text))
	}
	decisive := f.decisiveNames()
	for _, file := range f.env {
		d.text(file.name)
		d.flag(file.refused == nil)
		if file.refused != nil {
			// Nothing starts from a refused file, but what it holds is unknown, so all of it
			// counts.
			d.text(string(file.text))
			continue
		}
		entries := keep(file.entries, decisive)
		d.number(len(entries))
		for _, e := range entries {
			d.text(e.name)
			d.text(e.raw)
		}
	}
	return "sha256:" + hex.EncodeToString(d.Sum(nil))
}

// digester writes every item with its length or in a fixed width, so that no two lists of items
// read the same.
type digester struct{ hash.Hash }

func (d digester) number(n int) {
	_ = binary.Write(d, binary.BigEndian, uint64(n)) // a hash never fails
}

func (d digester) text(s string) {
	d.number(len(s))
	d.Write([]byte(s))
}

func (d digester) flag(set bool) {
	if set {
		d.number(1)
	} else {
		d.number(0)
	}
}

// DangerousEntries returns "NAME (.env:3)" for each entry that can change which program runs, in
// file order.
func (f *Files) DangerousEntries() []string {
	decisive := f.decisiveNames()
	var list []string
	for _, file := range f.env {
		for _, e := range keep(file.entries, decisive) {
			list = append(list, e.name+" ("+position(e.file, e.line)+")")
		}
	}
	return list
}

// EnvNames returns the names that .env and .env.local set, each once, in file order.
func (f *Files) EnvNames() []string {
	var names []string
	seen := map[string]bool{}
	for _, file := range f.env {
		for _, e := range file.entries {
			if !seen[e.name] {
				seen[e.name] = true
				names = append(names, e.name)
			}
		}
	}
	return names
}

// decisiveNames returns the dangerous names that the files set, and every name that their values
// refer to: whoever sets TOOLS decides what PATH="$TOOLS:$PATH" finds.
func (f *Files) decisiveNames() map[string]bool {
	byName := map[string][]entry{}
	var queue []string
	for _, file := range f.env {
		for _, e := range file.entries {
			byName[e.name] = append(byName[e.name], e)
			if DangerousName(e.name) {
				queue = append(queue, e.name)
			}
		}
	}
	decisive := map[string]bool{}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if decisive[name] {
			continue
		}
		decisive[name] = true
		for _, e := range byName[name] {
			// A value that cannot be parsed refers to nothing, and Parse refuses it.
			if value, err := parseValue(e); err == nil {
				queue = append(queue, value.references()...)
			}
		}
	}
	return decisive
}

func keep(entries []entry, names map[string]bool) []entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return !names[e.name] })
}
