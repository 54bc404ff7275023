package state

import (
	"slices"
	"strings"
)

// UmaskName stands in an environment for what is not a variable: the shell's umask, in octal.
// Services get it as their umask.
const UmaskName = "LOCALD_UMASK"

// kept are the names of a shell's environment that a record holds, so that services can be started
// again after a crash with the shell's toolchain. None of them is a secret by its nature.
var kept = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL",
	"LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "COLORTERM",
	"XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME",
	"GOPATH", "GOROOT", "GOBIN", "CARGO_HOME", "RUSTUP_HOME", "JAVA_HOME",
	"NVM_DIR", "NVM_BIN", "FNM_DIR", "FNM_MULTISHELL_PATH", "VOLTA_HOME", "N_PREFIX", "PNPM_HOME",
	"RBENV_ROOT", "RBENV_VERSION", "GEM_HOME", "GEM_PATH",
	"PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV",
	"ASDF_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR", "MISE_SHELL", "SDKMAN_DIR",
	"NIX_PROFILES", "NIX_SSL_CERT_FILE",
	UmaskName,
}

// Keep returns those entries ("NAME=value") that may be written to disk.
func Keep(env []string) []string {
	var out []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains(kept, name) || strings.HasPrefix(name, "LC_") {
			out = append(out, entry)
		}
	}
	return out
}

// KeptNames is the list for the documentation.
func KeptNames() []string { return slices.Concat(kept, []string{"LC_*"}) }
