package decisive

// families is the one table of names that decide. docs/trust.md shows it, and a test keeps the two
// equal. A name of two families is told the reason of the first.
var families = []Family{
	{"Search paths", "where programs or their parts are looked up", []string{
		"*PATHS", "*PATH", "IFS", "PERLLIB", "PERL5LIB", "RUBYLIB", "PWD", "OLDPWD", "*_DIRS",
		"*_LIB", "*_LIBS", "INCLUDE", "*_LIBRARY", "*_PLUGINS", "*_PLUGIN", "*_MODULES", "*_MODULE",
		"RAKULIB",
	}},
	{"Loaders", "what is loaded into programs", []string{
		"LD_*", "DYLD_*", "*PRELOAD", "GCONV_*", "LOCPATH", "NLSPATH", "MALLOC_*", "GLIBC_*",
		"*_IMPORT", "*_IMPORTS", "*_REQUIRE", "*_LOADER", "*_PROFILER", "*_PROFILER_PATH",
		"OPENSSL_*", "*_INIT_SCRIPT", "LDEMULATION", "MAILCAPS", "ODBC*",
	}},
	{"Options", "which options programs run with", []string{
		"*OPT", "*OPTS", "*OPTIONS", "*FLAGS", "*_ARGS", "*_ARGUMENTS", "*_PARAMS", "*_ARGV",
		"MORE", "GREP_*", "TAR_*", "GZIP", "XZ_*", "ZIP*", "UNZIP*", "PYTHONWARNINGS", "LESS*",
		"MAN_ORIG_LESS", "SYSTEMD_LESS",
	}},
	{"Programs", "which program runs", []string{
		"*_SHELL", "*_WRAPPER", "*_COMMAND", "*_CMD", "*_BIN", "*_BINARY", "*_EXEC",
		"*_EXECUTABLE", "*_EXE", "*_PROGRAM", "*_PROG", "*_RUNNER", "*_LAUNCHER", "*_INTERPRETER",
		"*ASKPASS", "*_HOOK", "*_HOOKS", "*_HELPER", "*_HANDLER", "*_SCRIPT", "*_SCRIPTS",
		"*_TERMINAL", "*_SSH", "*_RSH", "*_ENTRYPOINT", "*_CALLBACK", "*_WORKER_CLASS",
		"*_LOGGER_CLASS", "*_COMMANDS", "*_CMDS", "JAVACMD", "*NULLCMD", "DBUS_*",
		"*_ALLOW_EXECUTABLES",
	}},
	{"Editors and pagers", "which editor, pager or browser runs", []string{
		"VISUAL", "FCEDIT", "*PAGER", "*_BROWSER", "*_VIEWER", "*_DIFF", "*_MERGE",
		"*EDITOR", "VIM", "VIMINIT", "VIMRUNTIME", "GVIMINIT", "EXINIT", "NVIM_*",
	}},
	{"Configuration and homes", "which configuration programs read", []string{
		"*HOME", "*_CONFIG_*", "*CONFIG", "*CONF", "XDG_*", "*RC", "*_RCFILE", "*_INI", "*_PROFILE",
		"*_ENVFILE", "*_SETTINGS", "*_SETTINGS_MODULE", "*_DIRECTORY", "*_FILE", "PREFIX", "TMP",
		"TEMP", "TERMINFO", "TERMCAP", "HOSTALIASES", "RES_OPTIONS", "LOCALDOMAIN", "KRB5*", "*DIR",
		"*ROOT", "CONFIG_*", "SSLKEYLOGFILE",
	}},
	{"Shells", "what a shell does", []string{
		"BASH*", "ENV", "ZDOTDIR", "ZSH*", "FISH_*", "KSH_*", "SHELLOPTS", "PS0", "PS1", "PS2",
		"PS3", "PS4", "PROMPT*", "CDPATH", "FPATH", "HISTFILE", "INPUTRC", "COMPREPLY",
	}},
	{"Languages", "what an interpreter or a virtual machine runs", []string{
		"PYTHON*", "RUBY*", "PERL*", "PHPRC", "PHP_INI_*", "PHP_VALUE", "PHP_ADMIN_VALUE", "JAVA_*",
		"JDK_*", "_JAVA_*", "JRE_*", "LUA_*", "ERL_*", "ELIXIR_*", "DOTNET_*", "CORECLR_*", "COR_*",
		"COMPLUS_*", "MONO_*", "R_*", "JULIA_*", "GHC*", "OCAML*", "DENO_*", "BUN_*", "TS_NODE_*",
		"TSX_*", "ELECTRON_*", "SPRING_APPLICATION_JSON", "LOADER_*", "RAKE*", "UVICORN_*",
		"UWSGI_*", "FLASK_APP", "DJANGO_SETTINGS_MODULE", "CELERY_APP", "VIRTUAL_ENV", "CONDA_*",
		"SCALA_*", "GROOVY_*", "CATALINA_*", "TCL*", "JVM_*", "NODE_*", "MPLBACKEND", "GEVENT_*",
		"COVERAGE_*",
	}},
	{"Build tools", "what a build runs", []string{
		"GNUMAKEFLAGS", "MAKE*", "CC", "CXX", "CPP", "LD", "AR", "AS", "NM", "RANLIB", "FC", "CC_*",
		"CXX_*", "CMAKE_*", "CARGO*", "RUSTC*", "RUSTDOC*", "RUSTUP_*", "RUSTFLAGS", "GOENV",
		"GOROOT", "GOBIN", "GOPATH", "GOFLAGS", "GOTOOLCHAIN", "GOTOOLDIR", "GOPROXY", "GOPRIVATE",
		"GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOVCS", "GOWORK", "CGO_*", "GOAUTH", "GRADLE_*",
		"MAVEN_*", "MVN_*", "ANT_*", "SBT_*", "BAZEL_*", "ESBUILD_*", "BABEL_*", "WEBPACK_*",
		"SASS_*", "PKG_CONFIG*", "CCACHE_*", "SCCACHE_*", "DISTCC_*", "YACC", "LEX", "GOCACHE",
		"GOCACHEPROG", "GOMODCACHE", "GODEBUG", "GOEXPERIMENT", "GCC_*", "COLLECT_*",
		"DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES", "LDLIBS", "LOADLIBES", "TARGET_ARCH",
		"TARGET_MACH", "RM", "CO", "GET", "LINT", "OUTPUT_OPTION", "CTANGLE", "CWEAVE", "TANGLE",
		"WEAVE", "TEX", "TEXI2DVI", "F77", "PC", "M2C", "M4", "OBJC", "BAZELISK_*",
		"TURBO_API", "NX_*",
	}},
	{"Package managers", "which packages are installed and run", []string{
		"NPM_*", "YARN_*", "PNPM_*", "COREPACK_*", "NVM_*", "VOLTA_*", "FNM_*", "N_PREFIX",
		"BUNDLE_*", "BUNDLER_*", "GEM_*", "RBENV_*", "PYENV_*", "NODENV_*", "ASDF_*", "MISE_*",
		"RTX_*", "PIP_*", "PIPENV_*", "PIPX_*", "POETRY_*", "UV_*", "COMPOSER*", "HEX_*",
		"MIX_ARCHIVES", "MIX_DEPS_*", "MIX_EXS", "MIX_BUILD_*", "MIX_INSTALL_*", "MIX_REBAR*",
		"REBAR_*", "CABAL_*", "STACK_*", "NIX_*", "HOMEBREW_*", "LUAROCKS_*", "CPAN*", "NUGET_*",
		"SDKMAN_*", "DIRENV_*", "HUSKY*", "OPAM*", "*_MIRROR", "*_CDNURL",
	}},
	{"Version control and remote shells", "what git, ssh and their kin run", []string{
		"GIT_*", "HG*", "SVN_*", "SSH_ASKPASS*", "SSH_AUTH_SOCK", "GNUPGHOME", "GPG_AGENT_INFO",
		"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "COMPOSE_FILE", "KUBECONFIG",
		"ANSIBLE_*", "TF_CLI_*", "VAGRANT_*", "PSQLRC", "PGSERVICEFILE", "PGSYSCONFDIR",
		"PGPASSFILE", "MYSQL_HOME",
	}},
}

// harmless are names that a family would have, although no value of theirs makes anything run.
var harmless = []string{
	"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONIOENCODING",
	"PYTHONUTF8", "PYTHONFAULTHANDLER", "PYTHONASYNCIODEBUG", "PYTHONTRACEMALLOC",
	"PYTHONCOERCECLOCALE", "PYTHONDEVMODE", "PYTHON_VERSION", "RUBY_VERSION", "RUBY_GC_*",
	"RUBY_YJIT_*", "*_SRC", "SESSION_PATH", "*COOKIE_PATH", "*BASE_PATH", "*CONTEXTPATH",
	"*CONTEXT_PATH", "*_TOKEN", "JAVA_VERSION", "POETRY_VERSION", "YARN_VERSION",
	"PNPM_VERSION", "NODE_VERSION", "NODE_ENV", "NODE_HOST", "NODE_PORT", "NODE_NO_WARNINGS",
	"NODE_TLS_REJECT_UNAUTHORIZED", "GIT_SHA", "GIT_COMMIT", "GIT_BRANCH", "GIT_TAG",
	"ZIP_CODE", "ZIPCODE", "FEATURE_FLAGS",
}
