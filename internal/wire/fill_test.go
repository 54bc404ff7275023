package wire_test

import (
	"reflect"
	"strings"
	"time"
	"unicode"
)

// fill gives every field of a message a value of its own that is not zero, made of the field's
// name, so that a field which is added, renamed or left out shows in the goldens by itself.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Struct:
		fillStruct(v)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), name+strings.Repeat("'", i))
		}
	case reflect.String:
		v.SetString(sample(name))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(-int64(len(name)))
	case reflect.Uint16, reflect.Uint64:
		v.SetUint(uint64(len(name)))
	default:
		panic("no sample for a " + v.Type().String())
	}
}

func fillStruct(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 25, 10, 30, 15, 123456789, time.UTC)))
		return
	}
	for i := range v.NumField() {
		fill(v.Field(i), v.Type().Field(i).Name)
	}
}

// sample has what JSON must not change on the way: quotes, a newline, characters of HTML. A byte
// that is not text is in those strings that are paths.
func sample(name string) string {
	text := strings.ToLower(name) + " \"<&>\" é\n"
	if strings.HasPrefix(name, "Root") || strings.HasPrefix(name, "Shown") {
		text = "/" + strings.TrimRightFunc(text, unicode.IsSpace) + "\xff"
	}
	return text
}
