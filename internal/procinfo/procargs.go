package procinfo

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// errTruncated says that a block ends before what it announces.
var errTruncated = errors.New("the block of kern.procargs2 is cut off")

// parseProcArgs reads what sysctl(3) returns for kern.procargs2: the number of arguments as an int
// of 32 bits, the path of the program, NULs up to the next multiple of a pointer's size, the
// arguments, the environment, more NULs, and strings of the kernel's own for the loader, which are
// left out. Every string ends in NUL.
//
// An empty first argument cannot be told from the padding before it. The arguments then begin one
// too late, and with them the environment, which loses its first variable.
func parseProcArgs(block []byte) (args, env [][]byte, err error) {
	if len(block) < 4 {
		return nil, nil, errTruncated
	}
	argc := binary.NativeEndian.Uint32(block)
	_, rest, ok := bytes.Cut(block[4:], []byte{0})
	if !ok {
		return nil, nil, errTruncated
	}
	found := splitStrings(bytes.TrimLeft(rest, "\x00"))
	if uint64(argc) > uint64(len(found)) {
		return found, nil, errTruncated
	}
	args, env = found[:argc], found[argc:]
	for i, variable := range env {
		if len(variable) == 0 { // the padding after the environment
			env = env[:i]
			break
		}
	}
	return args, env, nil
}
