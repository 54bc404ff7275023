package bytestr

import (
	"encoding/json"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"/home/me/shop", `"/home/me/shop"`},
		{"caf\u00e9 \"quoted\"\n", `"café \"quoted\"\n"`},
		{"/tmp/a\xffb", `{"base64":"L3RtcC9h/2I="}`},
		{"", `""`},
	} {
		got, err := json.Marshal(String(tt.in))
		if err != nil || string(got) != tt.want {
			t.Errorf("Marshal(%q) = %s, %v; want %s", tt.in, got, err, tt.want)
		}
		var back String
		if err := json.Unmarshal(got, &back); err != nil || string(back) != tt.in {
			t.Errorf("Unmarshal(%s) = %q, %v; want %q", got, back, err, tt.in)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, in := range []string{`5`, `[]`, `{"base64":"*"}`} {
		var s String
		if err := json.Unmarshal([]byte(in), &s); err == nil {
			t.Errorf("Unmarshal(%s) = %q, want an error", in, s)
		}
	}
}

// FuzzUnmarshal: the short ways lead where encoding/json does.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{`"a"`, `"\u00e9\\"`, `{"base64":"QT0x"}`, `{"base64":"QQ==","x":"y"}`, "\"\xff\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got String
		if json.Unmarshal(data, &got) != nil {
			return
		}
		var text string
		var e encoded
		switch {
		case json.Unmarshal(data, &text) == nil:
			if string(got) != text {
				t.Fatalf("%q is %q, want %q", data, got, text)
			}
		case json.Unmarshal(data, &e) == nil:
			if back, err := json.Marshal(got); err != nil || json.Unmarshal(back, &text) != nil && json.Unmarshal(back, &e) != nil {
				t.Fatalf("%q is %q, which is sent as %s", data, got, back)
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("plain")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, in string) {
		data, err := json.Marshal(String(in))
		if err != nil {
			t.Fatal(err)
		}
		var back String
		if err := json.Unmarshal(data, &back); err != nil || string(back) != in {
			t.Fatalf("%q came back as %q (%v)", in, back, err)
		}
	})
}
