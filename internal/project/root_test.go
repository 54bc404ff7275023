package project

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/quick"

	"github.com/locald/locald/internal/landmark"
	"github.com/locald/locald/internal/plain"
)

func TestFind(t *testing.T) {
	base := write(t, nil)
	at := func(elem ...string) string { return filepath.Join(append([]string{base}, elem...)...) }
	for _, dir := range []string{"home/shop/sub/deep", "home/shop/nested", "home/plain/x", "home/dev", "home/odd/sub", "out/x", "home/outer/Procfile/x"} {
		mkdir(t, at(dir))
	}
	for _, file := range []string{"home/Procfile", "home/shop/Procfile", "home/shop/nested/Procfile", "home/dev/Procfile.dev", "home/outer/Procfile.dev"} {
		writeFile(t, at(file), "web: x\n")
	}
	mkdir(t, at("home/odd/Procfile"))
	mkdir(t, at("home/shop/oddchild/Procfile"))
	for link, target := range map[string]string{"home/link": "home/shop/sub", "home/shop/out": "out/x", "homelink": "home"} {
		if err := os.Symlink(at(target), at(link)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, dir, home, want string
	}{
		{"the root itself", at("home/shop"), at("home"), at("home/shop")},
		{"deep below", at("home/shop/sub/deep"), at("home"), at("home/shop")},
		{"a slash at the end", at("home/shop/sub") + "/", at("home"), at("home/shop")},
		{"nested is its own", at("home/shop/nested"), at("home"), at("home/shop/nested")},
		{"Procfile.dev alone", at("home/dev"), at("home"), at("home/dev")},
		{"home ends the walk", at("home/plain/x"), at("home"), ""},
		{"home is no project", at("home"), at("home"), ""},
		{"home spelled with a slash", at("home/plain"), at("home") + "/", ""},
		{"home through a link", at("home/plain"), at("homelink"), ""},
		{"another home does not end it", at("home/plain/x"), at("out"), at("home")},
		{"no home", at("home/plain/x"), "", at("home")},
		{"physical where logical finds nothing", at("home/link/deep"), at("home"), at("home/shop")},
		{"logical before physical", at("home/shop/out"), at("home"), at("home/shop")},
		{"a Procfile that is no file is found", at("home/odd/sub"), at("home"), at("home/odd")},
		{"but after every one that is", at("home/shop/oddchild"), at("home"), at("home/shop")},
		{"from within a directory called Procfile", at("home/outer/Procfile/x"), at("home"), at("home/outer")},
		{"a directory that is gone", at("home/shop/gone"), at("home"), at("home/shop")},
		{"relative", "shop", at("home"), ""},
		{"the root directory", "/", at("home"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Find(test.dir, test.home)
			if got != test.want || ok != (test.want != "") {
				t.Errorf("Find(%q, %q) = %q, %v; want %q", test.dir, test.home, got, ok, test.want)
			}
		})
	}
}

func TestSharedDirectoriesAreNoProjects(t *testing.T) {
	everywhere := func(string) bool { return true }
	for _, dir := range landmark.SharedDirs() {
		if got, ok := climb(dir, nil, everywhere); ok && got == dir {
			t.Errorf("climb(%s) = itself", dir)
		}
		if below := filepath.Join(dir, "x"); !landmark.IsShared(below) {
			if got, _ := climb(below, nil, everywhere); got != below {
				t.Errorf("climb(%s) = %q, want itself", below, got)
			}
		}
	}
	if got, _ := climb("/var/tmp", nil, everywhere); got != "/var" {
		t.Errorf("climb(/var/tmp) = %q, want the next directory up", got)
	}
}

func TestCanonical(t *testing.T) {
	root := write(t, map[string]string{"file": ""})
	link := filepath.Join(root, "link")
	mkdir(t, filepath.Join(root, "real"))
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	for _, spelling := range []string{link, link + "/", root + "/./real", root + "/link/../real"} {
		got, err := Canonical(spelling)
		if want := filepath.Join(root, "real"); got != want || err != nil {
			t.Errorf("Canonical(%q) = %q, %v; want %q", spelling, got, err, want)
		}
	}
	for path, want := range map[string]string{
		"gone": "cannot resolve " + root + "/gone: no such file or directory",
		"file": "cannot use " + root + "/file: it is not a directory: name the directory that holds the Procfile",
	} {
		if _, err := Canonical(filepath.Join(root, path)); err == nil || err.Error() != want {
			t.Errorf("Canonical(%s) = %v, want %s", path, err, want)
		}
	}
}

func TestName(t *testing.T) {
	tests := []struct{ root, want string }{
		{"/src/shop", "shop"},
		{"/src/shop 2", "shop 2"},
		{"/src/größe", "größe"},
		{"/src/shop~3f2a", `shop\x7e3f2a`},
		{"/src/a\x1b[31mb", `a\x1b[31mb`},
		{"/src/a\nb", `a\x0ab`},
		{"/src/a\xffb", `a\xffb`},
		{`/src/a\x1b`, `a\x5cx1b`},
		{"/src/a\u202eb", `a\xe2\x80\xaeb`},
		{"/src/\u0085", `\xc2\x85`},
		{"/src/$(touch X)'\"`", "$(touch X)'\"`"},
		{"/", `\x2f`},
		{"", "."},
	}
	for _, test := range tests {
		if got := Name(test.root); got != test.want {
			t.Errorf("Name(%q) = %q, want %q", test.root, got, test.want)
		}
	}
}

func TestNamesDifferWhereElementsDo(t *testing.T) {
	differ := func(a, b string) bool { return (plain.Visible(a, `/~\`) == plain.Visible(b, `/~\`)) == (a == b) }
	if err := quick.Check(differ, nil); err != nil {
		t.Error(err)
	}
}

func TestHash(t *testing.T) {
	if got, want := Hash("/src/shop"), "3cb8c763ca500a39"; got != want {
		t.Errorf("Hash = %s, want %s: records on disk are found by it", got, want)
	}
	if Hash("/src/shop") == Hash("/src/shop2") {
		t.Error("two roots have one hash")
	}
}

func TestFileSlug(t *testing.T) {
	allowed := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,39}-[0-9a-f]{16}$`)
	for root, want := range map[string]string{
		"/src/shop":                        "shop",
		"/src/.hidden":                     "_hidden",
		"/src/-rf":                         "_rf",
		"/src/..":                          "_.",
		"/":                                "_",
		"/src/a b\n\x1b":                   "a_b__",
		"/src/ö":                           "__",
		"/src/" + strings.Repeat("x", 200): strings.Repeat("x", 40),
	} {
		got := FileSlug(root)
		if got != want+"-"+Hash(root) || !allowed.MatchString(got) {
			t.Errorf("FileSlug(%q) = %q, want %q and the hash", root, got, want)
		}
	}
}
