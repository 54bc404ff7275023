package project

import (
	"cmp"
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
	decisions, known := f.decisions()
	for _, file := range f.env {
		d.text(file.name)
		known := known && file.refused == nil
		d.flag(known)
		if !known {
			// What decides is unknown, so all of it counts.
			d.text(string(file.text))
			continue
		}
		entries := keep(file.entries, decisions)
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

const asAWhole = "counts as a whole: " +
	"it has too many entries or references to tell which of them decide"

// DangerousEntries returns "NAME (.env:3) decides …" for each entry that is part of what is
// approved, in file order.
func (f *Files) DangerousEntries() []string {
	var list []string
	for _, a := range f.Approved() {
		switch {
		case a.File == tomlName:
		case a.Name == "":
			list = append(list, a.File+" "+a.Reason)
		default:
			list = append(list, a.Name+" ("+position(a.File, a.Line)+") "+a.Reason)
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

// Differing returns why an approval of f does not cover o: each name whose decisive entries differ,
// with the reason.
func (f *Files) Differing(o *Files) (list []string) {
	before, after := f.decisiveText(), o.decisiveText()
	reasons, _ := f.decisions()
	others, _ := o.decisions()
	for name := range after {
		if before[name] != after[name] {
			list = append(list, name+" "+cmp.Or(others[name], "cannot be read"))
		}
	}
	for name := range before {
		if _, stays := after[name]; !stays {
			list = append(list, name+" "+cmp.Or(reasons[name], "cannot be read"))
		}
	}
	slices.Sort(list)
	return list
}

// decisiveText returns all that each decisive name is set to, and a refused file by its name.
func (f *Files) decisiveText() map[string]string {
	decisions, known := f.decisions()
	text := map[string]string{}
	for _, file := range f.env {
		if !known || file.refused != nil {
			text[file.name] = string(file.text)
			continue
		}
		for _, e := range keep(file.entries, decisions) {
			text[e.name] += file.name + "=" + e.raw + "\n"
		}
	}
	return text
}

func keep(entries []entry, decisions map[string]string) []entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e entry) bool {
		return decisions[e.name] == ""
	})
}
