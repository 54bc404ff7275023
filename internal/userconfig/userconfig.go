// Package userconfig reads what a user has set for all projects, in
// ~/.config/locald/config.toml. It is pure: the caller reads the file. It
// starts no goroutine.
package userconfig

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/locald/locald/internal/tomlfile"
)

// Config is what the file says. A field that is 0 is not set.
type Config struct {
	LogLimit            int64 // bytes of log that are kept of a service
	LogTotal            int64 // bytes of log that are kept of all projects
	FirstPort, LastPort int   // ports are leased from these, both included

	AutoStop time.Duration // how long what entering started stays up when nobody is there
	Prefixes []string      // absolute, or below "~/": directories all of whose projects are allowed
	Silent   bool          // the hook prints nothing
}

// PrefixDir is the directory that one of Prefixes names, for the owner of home.
func PrefixDir(prefix, home string) string {
	if below, ok := strings.CutPrefix(prefix, "~/"); ok {
		return filepath.Join(home, below)
	}
	return prefix
}

// keys of the file.
var keys = map[string]func(*Config, tomlfile.Entry) error{
	"log_limit":  func(c *Config, e tomlfile.Entry) error { return size(&c.LogLimit, e) },
	"log_total":  func(c *Config, e tomlfile.Entry) error { return size(&c.LogTotal, e) },
	"port_range": portRange,
	"auto_stop":  autoStop,
	"hints":      hints,
	"trust":      trustTable,
}

// Parse reads the text of the file. Its error is the *tomlfile.Error of the
// first line with something wrong; what else the file says does not hold either,
// so that nobody takes half of it for the whole.
func Parse(text []byte) (Config, error) {
	top, err := tomlfile.Parse(text)
	if err != nil {
		if refused, ok := errors.AsType[*tomlfile.Error](err); ok {
			refused.Hint = `as in: log_limit = "64MB"`
		}
		return Config{}, err
	}
	var c Config
	for _, e := range top {
		set, ok := keys[e.Key]
		if !ok {
			return Config{}, e.Unknown(slices.Collect(maps.Keys(keys)), "")
		}
		if err := set(&c, e); err != nil {
			return Config{}, err
		}
	}
	return c, nil
}

func refuse(e tomlfile.Entry, reason, hint string) error {
	return &tomlfile.Error{Line: e.Line, Reason: reason, Hint: hint}
}

// smallest is a log that still holds the last words of a crash.
const smallest = 1 << 20

var units = map[string]uint64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}

func size(into *int64, e tomlfile.Entry) error {
	text, _ := e.Value.(string)
	cut := max(len(text)-len("MB"), 0)
	n, err := strconv.ParseUint(strings.TrimSuffix(text[:cut], " "), 10, 32)
	unit := units[text[cut:]]
	if err != nil || unit == 0 {
		return refuse(e, fmt.Sprintf("%s is not a size", e.Key),
			`write a number and KB, MB or GB, as in: "64MB"`)
	}
	if *into = int64(n * unit); *into < smallest { // 32 bits times 2³⁰ fit
		return refuse(e, fmt.Sprintf("%s is too small", e.Key), "the least is 1MB")
	}
	return nil
}

// fewestPorts is one block of a project.
const fewestPorts = 10

func portRange(c *Config, e tomlfile.Entry) error {
	text, _ := e.Value.(string)
	first, last, ok := strings.Cut(text, "-")
	var errs [2]error
	c.FirstPort, errs[0] = strconv.Atoi(strings.TrimSpace(first))
	c.LastPort, errs[1] = strconv.Atoi(strings.TrimSpace(last))
	switch {
	case !ok || errors.Join(errs[:]...) != nil:
		return refuse(e, "port_range is not a range",
			`write the first and the last port, as in: "20000-29999"`)
	case c.FirstPort < 1024 || c.LastPort > 65535:
		return refuse(e, "port_range holds ports that cannot be used",
			"they lie between 1024 and 65535")
	case c.LastPort-c.FirstPort+1 < fewestPorts:
		return refuse(e, "port_range is too small",
			fmt.Sprintf("it must hold at least %d ports", fewestPorts))
	}
	return nil
}

func autoStop(c *Config, e tomlfile.Entry) error {
	d, ok := e.Duration()
	if !ok || d < time.Second {
		return refuse(e, "auto_stop is not a time of a second or more",
			`write a number and a unit, as in: "30m"; to stop nothing, leave it out`)
	}
	c.AutoStop = d
	return nil
}

func hints(c *Config, e tomlfile.Entry) error {
	show, ok := e.Value.(bool)
	if !ok {
		return refuse(e, "hints is "+e.Kind(), "write true or false")
	}
	c.Silent = !show
	return nil
}

// trustTable reads [trust], whose only key is prefixes.
func trustTable(c *Config, e tomlfile.Entry) error {
	table, ok := e.Value.(tomlfile.Table)
	if !ok {
		return refuse(e, "trust is "+e.Kind(),
			`write [trust] on a line of its own, and below it: prefixes = ["~/src/mine"]`)
	}
	for _, entry := range table {
		if entry.Key != "prefixes" {
			return entry.Unknown([]string{"prefixes"}, "in [trust]")
		}
		if err := prefixes(c, entry); err != nil {
			return err
		}
	}
	return nil
}

func prefixes(c *Config, e tomlfile.Entry) error {
	list, ok := e.Value.([]any)
	if !ok {
		return refuse(e, "prefixes is "+e.Kind(), `write a list, as in: ["~/src/mine"]`)
	}
	for _, item := range list {
		text, _ := item.(string)
		dir := filepath.Clean(text)
		switch {
		case text == "" || !filepath.IsAbs(dir) && dir != "~" && !strings.HasPrefix(dir, "~/"):
			return refuse(e,
				fmt.Sprintf("prefixes holds %q, which is not an absolute path", fmt.Sprint(item)),
				`begin it with / or ~/, as in: "~/src/mine"`)
		case dir == "/" || dir == "~":
			return refuse(e,
				fmt.Sprintf("prefixes holds %q, under which everything lies, downloads included",
					text),
				"name the directory that holds nothing but projects of yours")
		}
		c.Prefixes = append(c.Prefixes, dir)
	}
	return nil
}
