package writers

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var comparable = cmp.AllowUnexported(acl{})

// recorded is a value of system.posix_acl_access as ext4 gave it, in hexadecimal digits.
func recorded(t testing.TB, text string) []byte {
	t.Helper()
	value, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestPOSIX(t *testing.T) {
	const (
		head  = "02000000"
		owner = " 01000600ffffffff"
		group = " 04000400ffffffff"
		other = " 20000400ffffffff"
	)
	for name, c := range map[string]struct {
		text string
		want acl
	}{
		"nothing but the mode": {head + owner + group + other, acl{masks: true}},
		"a user who may write": {
			head + owner + " 02000600e9030000" + group + " 10000600ffffffff" + other,
			acl{masks: true, users: []int{1001}},
		},
		"a user who may read": {
			head + owner + " 02000400e9030000" + group + " 10000600ffffffff" + other,
			acl{masks: true},
		},
		"a user whom the mask bounds": {
			head + owner + " 02000600e9030000" + group + " 10000400ffffffff" + other,
			acl{masks: true},
		},
		"a group": {
			head + owner + group + " 08000700e9030000 10000700ffffffff" + other,
			acl{masks: true, groups: []int{1001}},
		},
		"its own group": {
			head + owner + " 04000600ffffffff 10000600ffffffff" + other,
			acl{masks: true, group: true},
		},
		"its own group, without a mask": {
			head + owner + " 04000600ffffffff" + other, acl{masks: true, group: true},
		},
		"its own group, bounded": {
			head + owner + " 04000600ffffffff 10000400ffffffff" + other, acl{masks: true},
		},
		"everybody, whom no mask bounds": {
			head + owner + group + " 10000400ffffffff 20000600ffffffff",
			acl{masks: true, others: true},
		},
		"a number of another namespace": {
			head + owner + " 02000600ffffffff" + group + " 10000600ffffffff" + other,
			acl{masks: true, users: []int{1<<32 - 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsePOSIX(recorded(t, c.text))
			if diff := cmp.Diff(c.want, got, comparable); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	for name, text := range map[string]string{
		"empty": "", "another version": "03000000", "cut": head + owner[:9],
		"an unknown tag": head + " 40000600ffffffff",
	} {
		if got, err := parsePOSIX(recorded(t, text)); !errors.Is(err, errForm) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// ace is an entry of a list of macOS.
type ace struct {
	identity      [16]byte
	flags, rights uint32
}

func kauthOf(prefix [12]byte, id uint32) (out [16]byte) {
	copy(out[:], prefix[:])
	binary.BigEndian.PutUint32(out[12:], id)
	return out
}

// kauth makes a list in the form of struct kauth_filesec (sys/kauth.h).
func kauth(entries ...ace) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.NativeEndian, v) }
	put(uint32(kauthMagic))
	put([32]byte{})
	put(uint32(len(entries)))
	put(uint32(0))
	for _, e := range entries {
		put(e.identity)
		put(e.flags)
		put(e.rights)
	}
	return b.Bytes()
}

func TestKauth(t *testing.T) {
	everyone, ann := kauthOf(kauthGroup, 12), kauthOf(kauthUser, 501)
	const write, read, file, inherited = 1 << 2, 1 << 1, 1 << 5, 1 << 4
	const deny, remove = 2, 1 << 4
	for name, c := range map[string]struct {
		value             []byte
		access, inherited acl
	}{
		"no list":    {nil, acl{}, acl{}},
		"an empty":   {kauth(), acl{}, acl{}},
		"not filled": {append(kauth()[:36], 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0), acl{}, acl{}},
		"a home's: everyone may not remove it": {
			kauth(ace{everyone, deny, remove}), acl{}, acl{},
		},
		"everyone reads": {kauth(ace{everyone, kauthPermit, read}), acl{}, acl{}},
		"everyone writes": {
			kauth(ace{everyone, kauthPermit, write}), acl{groups: []int{12}}, acl{},
		},
		"ann removes, which she got from above": {
			kauth(ace{ann, kauthPermit | inherited, remove}), acl{users: []int{501}}, acl{},
		},
		"what ann is to have in new files": {
			kauth(ace{ann, kauthPermit | file | kauthOnlyInherit, write}),
			acl{},
			acl{users: []int{501}},
		},
		"both": {
			kauth(ace{everyone, deny, remove}, ace{ann, kauthPermit | file, write}),
			acl{users: []int{501}},
			acl{users: []int{501}},
		},
		"one without a number": {
			kauth(ace{[16]byte{1, 2, 3}, kauthPermit, write}),
			acl{unknown: []string{
				"somebody whose identity is 01020300000000000000000000000000",
			}},
			acl{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			access, inherited, err := parseKauth(c.value)
			if diff := cmp.Diff(c.access, access, comparable); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff(c.inherited, inherited, comparable); diff != "" {
				t.Errorf("inherited (-want +got):\n%s", diff)
			}
		})
	}
	whole := kauth(ace{ann, kauthPermit, write})
	for name, value := range map[string][]byte{
		"a byte": {1}, "another magic": make([]byte, 100), "cut": whole[:len(whole)-1],
	} {
		if got, _, err := parseKauth(value); !errors.Is(err, errForm) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// nfsEntry is an entry of a list of NFSv4.
type nfsEntry struct {
	kind, flags, rights uint32
	who                 string
}

func nfsList(entries ...nfsEntry) (value []byte) {
	value = binary.BigEndian.AppendUint32(value, uint32(len(entries)))
	for _, e := range entries {
		for _, n := range []uint32{e.kind, e.flags, e.rights, uint32(len(e.who))} {
			value = binary.BigEndian.AppendUint32(value, n)
		}
		value = append(value, e.who...)
		value = append(value, make([]byte, (4-len(e.who)%4)%4)...)
	}
	return value
}

func TestNFS(t *testing.T) {
	const all, read = 0x1601bf, 0x120081
	plain := []nfsEntry{ // a file of mode 0644
		{0, 0, all, "OWNER@"}, {0, 0x40, read, "GROUP@"}, {0, 0, read, "EVERYONE@"},
	}
	with := func(more ...nfsEntry) []byte { return nfsList(append(more, plain...)...) }
	for name, c := range map[string]struct {
		value             []byte
		access, inherited []string
	}{
		"what the mode says": {nfsList(plain...), nil, nil},
		"a reader":           {with(nfsEntry{0, 0, read, "bob@x.org"}), nil, nil},
		"one who is denied":  {with(nfsEntry{1, 0, all, "bob@x.org"}), nil, nil},
		"a writer": {
			with(nfsEntry{0, 0, all, "bob@x.org"}), []string{`"bob@x.org" of its server`}, nil,
		},
		"a group, for what is made later": {
			with(nfsEntry{0, 0x40 | 0x8 | 0x1, all, "team@x.org"}),
			nil,
			[]string{`"team@x.org" of its server`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			access, inherited, err := parseNFS(c.value)
			if diff := cmp.Diff(c.access, access.unknown); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff(c.inherited, inherited.unknown); diff != "" {
				t.Errorf("inherited (-want +got):\n%s", diff)
			}
		})
	}
	whole := nfsList(plain...)
	for name, value := range map[string][]byte{
		"empty": nil, "cut": whole[:len(whole)-1], "cut early": whole[:9],
		"a name longer than all": nfsList(nfsEntry{who: "x"})[:20],
	} {
		if got, _, err := parseNFS(value); !errors.Is(err, errForm) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Whatever a file system hands out, it is read to its end or refused, and the same twice.
func FuzzLists(f *testing.F) {
	f.Add(recorded(f, "02000000 01000600ffffffff 02000600e9030000 04000400ffffffff"+
		"10000600ffffffff 20000400ffffffff"))
	f.Add(kauth(ace{kauthOf(kauthGroup, 12), kauthPermit | 1<<5, 1 << 2}))
	f.Add(nfsList(nfsEntry{0, 0, 0x2, "bob@x.org"}))
	f.Fuzz(func(t *testing.T, value []byte) {
		list, err := parsePOSIX(value)
		if again, _ := parsePOSIX(value); err == nil && !reflect.DeepEqual(list, again) {
			t.Errorf("%+v, and then %+v", list, again)
		}
		if err != nil && !reflect.DeepEqual(list, acl{}) {
			t.Errorf("refused, and yet %+v", list)
		}
		if len(list.users)+len(list.groups) > len(value)/8 {
			t.Errorf("%d entries in %d bytes", len(list.users)+len(list.groups), len(value))
		}
		nfs, _, err := parseNFS(value)
		if err == nil && len(nfs.unknown) > len(value)/16 {
			t.Errorf("%d entries in %d bytes", len(nfs.unknown), len(value))
		}
		access, _, err := parseKauth(value)
		if n := len(access.users) + len(access.groups) + len(access.unknown); err == nil &&
			n > len(value)/kauthEntry {
			t.Errorf("%d entries in %d bytes", n, len(value))
		}
	})
}
