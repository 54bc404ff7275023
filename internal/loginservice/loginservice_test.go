package loginservice

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func setup() Setup {
	return Setup{
		Executable: `/opt/my "loc"/100%/a$b\c<&`, Home: "/home/ann", ConfigHome: "/home/ann/.config", Log: "/data/50%/daemon.log",
		Env: []string{"XDG_DATA_HOME=/data/50% $x", `XDG_CONFIG_HOME=/c "q"`}, UID: 1000,
	}
}

func TestSystemd(t *testing.T) {
	s := For("linux", setup())
	for _, want := range []string{
		`ExecStart="/opt/my \"loc\"/100%%/a$$b\\c<&" daemon run` + "\n",
		`Environment="XDG_DATA_HOME=/data/50%% $x"` + "\n",
		`Environment="XDG_CONFIG_HOME=/c \"q\""` + "\n",
		"StandardError=append:/data/50%%/daemon.log\n", "KillMode=mixed\n", "Type=notify\n", "WantedBy=default.target\n",
	} {
		if !strings.Contains(s.Text, want) {
			t.Errorf("the unit lacks %q:\n%s", want, s.Text)
		}
	}
	if s.File != "/home/ann/.config/systemd/user/locald.service" {
		t.Error(s.File)
	}
	if got := strings.Join(s.Start, " "); got != "systemctl --user enable --now locald.service" {
		t.Error(got)
	}
}

func TestLaunchd(t *testing.T) {
	s := For("darwin", setup())
	var texts []string
	for dec := xml.NewDecoder(strings.NewReader(s.Text)); ; {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, s.Text)
		}
		if chars, ok := token.(xml.CharData); ok {
			texts = append(texts, string(chars))
		}
	}
	all := strings.Join(texts, "|")
	for _, want := range []string{`/opt/my "loc"/100%/a$b\c<&|`, "|XDG_DATA_HOME|/data/50% $x|", `/c "q"`, "|daemon|run|"} {
		if !strings.Contains(all, want) {
			t.Errorf("the agent lacks %q: %s", want, all)
		}
	}
	if got := strings.Join(s.Start, " "); got != "launchctl bootstrap gui/1000 /home/ann/Library/LaunchAgents/dev.locald.daemon.plist" {
		t.Error(got)
	}
}
