package project

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/locald/locald/internal/tomlfile"
)

// Approved is an entry of .env that decides what runs, or a key of locald.toml: what an approval
// covers beside the commands.
type Approved struct {
	File   string
	Line   int
	Name   string // as in "services.web.port"; "" for a file that counts as a whole
	Reason string // why it decides what runs; "" for a setting that locald obeys
	value  string
}

// Approved returns all of them, those of .env first, in the order of their lines. Nobody changes
// the list, which is made once.
func (f *Files) Approved() []Approved {
	f.listing.Do(func() { f.approved = f.listApproved() })
	return f.approved
}

func (f *Files) listApproved() (list []Approved) {
	decisions := f.decisions()
	for _, file := range f.env {
		if why := decisions.whole[file.name]; why != "" && file.present {
			list = append(list, Approved{
				File: file.name, Reason: "counts as a whole: " + why, value: string(file.text),
			})
		}
		for _, e := range decisions.of(file) {
			name := cmp.Or(e.name, "a line") // that is no entry
			list = append(list, Approved{e.file, e.line, name, decisions.why(e.name), e.raw})
		}
	}
	table, err := tomlfile.Parse(bytes.TrimPrefix(f.toml().text, byteOrderMark))
	if err != nil {
		return list // then Files.Parse refuses it
	}
	for _, k := range keysOf("", table) {
		a := Approved{File: tomlName, Line: k.line, Name: k.name}
		a.value = fmt.Sprintf("%#v", k.value)
		switch {
		case k.variable != "" && decisions.reasons != nil:
			a.Reason = decisions.reasons[k.variable]
		case k.variable != "":
			a.Reason = "cannot be judged: there are too many entries or references"
		}
		list = append(list, a)
	}
	return list
}

// Marks returns a SHA-256 of each name with its values, by file and name. It is kept to tell later
// which of them has changed, and tells nothing else.
func Marks(list []Approved) map[string]string {
	marks := map[string]string{}
	for _, a := range list { // a name that is set twice has a mark over both
		d := digester{sha256.New()}
		d.text(a.File)
		d.text(a.Name)
		d.text(a.value)
		d.text(marks[a.Key()])
		marks[a.Key()] = hex.EncodeToString(d.Sum(nil))
	}
	return marks
}

// Key is the file and the name, which is how Marks knows it.
func (a Approved) Key() string { return a.File + " " + a.Name }
