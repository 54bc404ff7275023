package procid

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
)

// Place is where a process can be seen: its number means nothing elsewhere. A home directory may be
// shared by several places, which are then containers of one machine, or machines.
type Place struct {
	Boot    string // as in Identity
	Machine string // "" where nothing tells it from others
	Host    string // for a person
}

// Here is this process's place.
func Here() (Place, error) {
	boot, err := Boot()
	if err != nil {
		return Place{}, err
	}
	host, _ := os.Hostname() // a person is told without it, too
	return Place{Boot: boot, Machine: Machine(), Host: host}, nil
}

// Sees reports whether somebody here can say of a process of another place whether it has ended.
// Those of an earlier boot of this machine have. A machine that nothing tells from others is taken
// for the same one.
func (p Place) Sees(of Place) bool {
	if kernel(p.Boot) == kernel(of.Boot) {
		return p.Boot == of.Boot
	}
	return p.Machine == "" || of.Machine == "" || p.Machine == of.Machine
}

// Namespace is the PID and the time namespace, "" outside of containers.
func (p Place) Namespace() string {
	_, namespace, _ := strings.Cut(p.Boot, "/")
	return namespace
}

// kernel is the boot without the PID namespace.
func kernel(boot string) string {
	id, _, _ := strings.Cut(boot, "/")
	return id
}

// hashed keeps what it was made of to itself.
func hashed(id string) string {
	sum := sha256.Sum256([]byte("locald machine " + id))
	return hex.EncodeToString(sum[:8])
}
