package project

import (
	"slices"
	"strings"
)

// dangerous is the one list of variables that can change which program runs, or which code a
// program loads before its own. A name that ends in '*' is a prefix. An entry of .env with such a
// name is part of what is approved; every other entry is free to change.
var dangerous = []string{
	"PATH",         // where programs are looked up
	"LD_*",         // the dynamic linker of Linux
	"DYLD_*",       // the dynamic linker of macOS
	"SHELL",        // what programs start as a shell
	"BASH_ENV",     // read by every bash script
	"ENV",          // read by sh
	"BASH_FUNC_*",  // functions that stand in for commands
	"SHELLOPTS",    // options of every bash script
	"BASHOPTS",     // the same
	"IFS",          // how a shell splits words
	"ZDOTDIR",      // where zsh finds what it reads
	"HOME",         // where every program finds its settings
	"NODE_OPTIONS", // --require
	"NODE_PATH",    // where node finds modules
	"NPM_CONFIG_*", // npm: script shell, registry
	"npm_config_*", // the same
	"PYTHON*",      // PYTHONPATH, PYTHONSTARTUP, PYTHONHOME
	"RUBY*",        // RUBYOPT, RUBYLIB
	"BUNDLE_*",     // which Gemfile decides
	"GEM_*",        // where gems are loaded from
	"PERL5*",       // PERL5OPT, PERL5LIB
	"PERLLIB",      // the same for old programs
	"JAVA_TOOL_OPTIONS",
	"JDK_JAVA_OPTIONS",
	"_JAVA_OPTIONS",
	"CLASSPATH",
	"PHPRC",            // which php.ini
	"PHP_INI_SCAN_DIR", // the same
	"GOFLAGS",          // -toolexec
	"RUSTC_WRAPPER",    // run in place of the compiler
	"GIT_*",            // GIT_SSH_COMMAND, GIT_EXEC_PATH, GIT_CONFIG_*
}

// DangerousName reports whether a variable of this name can change which program runs.
func DangerousName(name string) bool {
	return slices.ContainsFunc(dangerous, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(name, prefix)
		}
		return name == pattern
	})
}
