// Package bytestr carries strings of arbitrary bytes through JSON.
//
// A path or an environment value on Unix is bytes, not text, and encoding/json
// replaces what is not UTF-8 without a word. A project in such a directory
// would then be looked for under a name that does not exist. The package
// starts no goroutine.
package bytestr

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
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
	switch {
	case !utf8.ValidString(string(s)):
		return json.Marshal(encoded{base64.StdEncoding.EncodeToString([]byte(s))})
	case strings.ContainsAny(string(s), "<>&"):
		return readable(string(s))
	}
	return json.Marshal(string(s))
}

// readable is JSON in which && is not \u0026\u0026: whether it must be escaped is known only to who
// encodes the whole.
func readable(s string) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	err := enc.Encode(s)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// UnmarshalJSON implements json.Unmarshaler. It accepts both forms.
func (s *String) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		if text, plain := verbatim(data); plain {
			*s = String(text)
			return nil
		}
		return json.Unmarshal(data, (*string)(s))
	}
	if inner, ok := bytes.CutPrefix(data, []byte(`{"base64":`)); ok { // as MarshalJSON writes it
		text, plain := verbatim(bytes.TrimSuffix(inner, []byte("}")))
		if raw, err := base64.StdEncoding.AppendDecode(nil, text); plain && err == nil {
			*s = String(raw)
			return nil
		}
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

// verbatim is what is in a JSON string that has no escapes, which is nearly every one: an
// environment is thousands of them, and a decoder for each would cost more than all else in a
// request. The data are a JSON value already, as every json.Unmarshaler may assume.
func verbatim(data []byte) (text []byte, ok bool) {
	if len(data) < 2 || data[0] != '"' || data[len(data)-1] != '"' {
		return nil, false
	}
	text = data[1 : len(data)-1]
	return text, bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text)
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
