// Package loginservice says how the daemon is run by the user's own init: as a
// systemd user unit, or as a launchd agent. It makes texts and commands, which
// its caller writes and runs. It starts no goroutine.
package loginservice

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Setup is whose daemon it is.
type Setup struct {
	Executable string // absolute
	Home       string
	ConfigHome string   // $XDG_CONFIG_HOME, or what stands for it
	Log        string   // the daemon's own
	Env        []string // "NAME=value" that the init does not have
	UID        int
}

// Service is a login service as one system has it.
type Service struct {
	File, Text string
	Reload     []string // command, after the file has changed; nil where none is needed
	Active     []string // succeeds while it runs
	Start      []string // now and at each login
	Stop       []string // now and for good
	Linger     []string // prints "no" if a logout ends it; nil on systems without it
}

// For returns the service for an operating system, as Go names it. What is not
// macOS has systemd, or has none at all.
func For(goos string, s Setup) Service {
	if goos == "darwin" {
		return launchd(s)
	}
	return systemd(s)
}

const unitName = "locald.service"

// systemd has the daemon end its services itself (KillMode=mixed), for which
// they may take as long as their settings allow.
func systemd(s Setup) Service {
	var env strings.Builder
	for _, entry := range s.Env {
		fmt.Fprintf(&env, "Environment=%s\n", unitQuote(entry))
	}
	systemctl := func(args ...string) []string {
		return append([]string{"systemctl", "--user"}, args...)
	}
	return Service{
		File: filepath.Join(s.ConfigHome, "systemd", "user", unitName),
		Text: fmt.Sprintf(`[Unit]
Description=locald: the services of the projects that you enter

[Service]
Type=notify
ExecStart=%s daemon run
%sStandardError=append:%s
KillMode=mixed
TimeoutStopSec=11min
Restart=on-failure

[Install]
WantedBy=default.target
`, strings.ReplaceAll(unitQuote(s.Executable), "$", "$$"), env.String(),
			strings.ReplaceAll(s.Log, "%", "%%")),
		Reload: systemctl("daemon-reload"),
		Active: systemctl("is-active", "--quiet", unitName),
		Start:  systemctl("enable", "--now", unitName),
		Stop:   systemctl("disable", "--now", unitName),
		Linger: []string{
			"loginctl", "show-user", fmt.Sprint(s.UID), "--property=Linger", "--value",
		},
	}
}

// unitQuote writes one word of a unit (systemd.syntax(7), "Quoting").
func unitQuote(word string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(word) + `"`
}

const label = "dev.locald.daemon"

func launchd(s Setup) Service {
	var env strings.Builder
	for _, entry := range s.Env {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&env, "\t\t<key>%s</key><string>%s</string>\n", xmlText(name), xmlText(value))
	}
	file := filepath.Join(s.Home, "Library", "LaunchAgents", label+".plist")
	domain := fmt.Sprintf("gui/%d", s.UID)
	return Service{
		File: file,
		Text: fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key><string>%s</string>
	<key>ProgramArguments</key>
	<array><string>%s</string><string>daemon</string><string>run</string></array>
	<key>EnvironmentVariables</key>
	<dict>
%s	</dict>
	<key>StandardErrorPath</key><string>%s</string>
	<key>RunAtLoad</key><true/>
	<key>KeepAlive</key>
	<dict><key>SuccessfulExit</key><false/></dict>
	<key>ExitTimeOut</key><integer>660</integer>
</dict>
</plist>
`, label, xmlText(s.Executable), env.String(), xmlText(s.Log)),
		Active: []string{"launchctl", "print", domain + "/" + label},
		Start:  []string{"launchctl", "bootstrap", domain, file},
		Stop:   []string{"launchctl", "bootout", domain + "/" + label},
	}
}

// xmlText escapes what has a meaning between two tags.
func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
