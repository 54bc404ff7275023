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
	decisions := f.decisions()
	for _, file := range f.env {
		d.text(file.name)
		whole := decisions.whole[file.name] != ""
		d.flag(!whole)
		if whole {
			d.text(string(file.text))
			continue
		}
		entries := decisions.of(file)
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
	reasons, others := f.decisions(), o.decisions()
	for name := range after {
		if before[name] != after[name] {
			list = append(list, cmp.Or(name, "a line")+" "+others.why(name))
		}
	}
	for name := range before {
		if _, stays := after[name]; !stays {
			list = append(list, cmp.Or(name, "a line")+" "+reasons.why(name))
		}
	}
	slices.Sort(list)
	return list
}

// decisiveText returns all that each decisive name is set to, and a whole file by its name.
func (f *Files) decisiveText() map[string]string {
	decisions := f.decisions()
	text := map[string]string{}
	for _, file := range f.env {
		if decisions.whole[file.name] != "" {
			text[file.name] = string(file.text)
			continue
		}
		for _, e := range decisions.of(file) {
			text[e.name] += file.name + "=" + e.raw + "\n"
		}
	}
	return text
}

// of returns what decides of a file, of which nothing needs to be known where it counts as a whole:
// its entries, and after them the lines that are none.
func (d decisions) of(file dotenv) []entry {
	entries := slices.DeleteFunc(slices.Clone(file.entries), func(e entry) bool {
		return d.reasons[e.name] == ""
	})
	return append(entries, file.strays...)
}

// why completes "NAME …", where no name is that of a line without one.
func (d decisions) why(name string) string {
	switch {
	case name == "":
		return "is not a setting, and may be code to what else reads it"
	case d.whole[name] != "":
		return "counts as a whole: " + d.whole[name]
	}
	return d.reasons[name]
}
