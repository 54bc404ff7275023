// Package version knows which build this is. It starts no goroutine.
package version

import "runtime/debug"

// number is set by the release build with -ldflags -X.
var number = ""

// String is the build's version: the released number, else what the Go
// toolchain recorded of the checkout, else "devel".
func String() string {
	if number != "" {
		return number
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
