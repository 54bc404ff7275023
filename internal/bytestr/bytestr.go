// Package bytestr carries strings of arbitrary bytes through JSON.
//
// A path or an environment value on Unix is bytes, not text, and encoding/json
// replaces what is not UTF-8 without a word. A project in such a directory
// would then be looked for under a name that does not exist. The package
// starts no goroutine.
package bytestr

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// String is a JSON string where its bytes are valid UTF-8, and otherwise the
// object {"base64": "…"}, so that ordinary values stay readable.
type String string

type encoded struct {
	Base64 string `json:"base64"`
}

// MarshalJSON implements json.Marshaler.
func (s String) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(s)) {
		return json.Marshal(string(s))
	}
	return json.Marshal(encoded{base64.StdEncoding.EncodeToString([]byte(s))})
}

// UnmarshalJSON implements json.Unmarshaler. It accepts both forms.
func (s *String) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(s))
	}
	var e encoded
	if err := json.Unmarshal(data, &e); err != nil {
		return errors.New(`cannot read a string: it must be a JSON string or {"base64": "…"}`)
	}
	raw, err := base64.StdEncoding.DecodeString(e.Base64)
	if err != nil {
		return errors.New("cannot read a string: its base64 is not valid")
	}
	*s = String(raw)
	return nil
}

// List converts plain strings.
func List(in []string) []String {
	out := make([]String, len(in))
	for i, s := range in {
		out[i] = String(s)
	}
	return out
}

// Strings converts back.
func Strings(in []String) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}
