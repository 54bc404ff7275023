package userconfig

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Config{
		"":                            {},
		"# nothing\n":                 {},
		`log_limit = "64MB"`:          {LogLimit: 64 << 20},
		`log_total = "2 GB"`:          {LogTotal: 2 << 30},
		`log_limit = "1024KB"`:        {LogLimit: 1 << 20},
		`port_range = "30000-30009"`:  {FirstPort: 30000, LastPort: 30009},
		`port_range = "1024 - 65535"`: {FirstPort: 1024, LastPort: 65535},
		`auto_stop = "1h30m"`:         {AutoStop: 90 * time.Minute},
		"hints = false":               {Silent: true},
		"hints = true":                {},
		"[trust]":                     {},
		"[trust]\nprefixes = [\"~/src/mine/\", \"/srv//dev\"]": {Prefixes: []string{"~/src/mine", "/srv/dev"}},
	} {
		got, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", text, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"log_limit = \"64MB\"\nlog_limits = \"1MB\"": `line 2: there is no key "log_limits"; did you mean log_limit?`,
		"\nlog_limit = 64":                           "line 2: log_limit is not a size; write a number and KB, MB or GB",
		`log_limit = "64"`:                           "line 1: log_limit is not a size",
		`log_limit = "-1MB"`:                         "line 1: log_limit is not a size",
		`log_limit = "99999999999999999999GB"`:       "line 1: log_limit is not a size",
		`log_limit = "10KB"`:                         "line 1: log_limit is too small; the least is 1MB",
		`port_range = "20000"`:                       "line 1: port_range is not a range",
		`port_range = "a-b"`:                         "line 1: port_range is not a range",
		`port_range = [1, 2]`:                        "line 1: port_range is not a range",
		`port_range = "80-9000"`:                     "line 1: port_range holds ports that cannot be used",
		`port_range = "30000-99999"`:                 "line 1: port_range holds ports that cannot be used",
		`port_range = "30000-30001"`:                 "line 1: port_range is too small; it must hold at least 10 ports",
		`port_range = "30009-30000"`:                 "line 1: port_range is too small",
		`auto_stop = 30`:                             "line 1: auto_stop is not a time of a second or more",
		`auto_stop = "30"`:                           "line 1: auto_stop is not a time of a second or more",
		`auto_stop = "-5m"`:                          "line 1: auto_stop is not a time of a second or more",
		`hints = "no"`:                               "line 1: hints is a string; write true or false",
		`trust = "~/src"`:                            "line 1: trust is a string; write [trust]",
		"[trust]\nprefix = []":                       `line 2: there is no key "prefix" in [trust]; the key is: prefixes`,
		"[trust]\nprefixes = \"~/src\"":              "line 2: prefixes is a string; write a list",
		"[trust]\nprefixes = [\"src\"]":              `line 2: prefixes holds "src", which is not an absolute path`,
		"[trust]\nprefixes = [\"\"]":                 `line 2: prefixes holds "", which is not an absolute path`,
		"[trust]\nprefixes = [7]":                    `line 2: prefixes holds "7", which is not an absolute path`,
		"[trust]\nprefixes = [\"~ann/src\"]":         "which is not an absolute path",
		"[trust]\nprefixes = [\"~\"]":                `line 2: prefixes holds "~", under which everything lies`,
		"[trust]\nprefixes = [\"~/\"]":               "under which everything lies",
		"[trust]\nprefixes = [\"~/src/..\"]":         "under which everything lies",
		"[trust]\nprefixes = [\"/\"]":                "under which everything lies",
		"log_limit 64MB":                             "line 1: this is not TOML",
	} {
		got, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if !cmp.Equal(got, Config{}) {
			t.Errorf("%q: half of it holds: %+v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("log_limit = \"64MB\"\nport_range = \"20000-29999\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse([]byte(text))
		switch {
		case err != nil && !cmp.Equal(c, Config{}):
			t.Errorf("half of it holds: %+v", c)
		case c.LogLimit < 0 || c.LogTotal < 0 || c.FirstPort > c.LastPort:
			t.Errorf("%+v", c)
		}
	})
}
