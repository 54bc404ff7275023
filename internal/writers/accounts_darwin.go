package writers

import "errors"

// systemAccounts has none: directory services keep them, local ones and those of a network, and
// groups that are in groups. Nothing but a process of its own (dscl, dseditgroup) lists them, for
// which a prompt cannot wait. A user's files have the group staff there, in which everybody is, and
// it may not write to them.
func systemAccounts() (accounts, error) {
	return accounts{}, errors.New("macOS keeps them in its directory services")
}
