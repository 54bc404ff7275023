package decisive

import (
	"strings"
	"testing"
	"unicode"
)

func TestByName(t *testing.T) {
	decide := `PATH LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES BASH_ENV ENV SHELLOPTS IFS HOME
		NODE_OPTIONS PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONWARNINGS PYTHONBREAKPOINT RUBYOPT RUBYLIB
		PERL5OPT PERL5LIB JAVA_TOOL_OPTIONS GIT_SSH_COMMAND BUNDLE_GEMFILE npm_config_script_shell
		CDPATH OLDPWD MAKEFILES MAKEFLAGS GNUMAKEFLAGS XDG_CONFIG_HOME NPM_CONFIG_REGISTRY
		Npm_Config_Node_Options LESSOPEN LESSCLOSE PAGER MANPAGER EDITOR VISUAL GCONV_PATH
		OPENSSL_CONF CC CXX GOENV GOFLAGS RUSTC RUSTC_WRAPPER RUSTFLAGS CARGO_HOME
		CARGO_BUILD_RUSTC_WRAPPER CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER JAVA_HOME
		GUNICORN_CMD_ARGS RAKEOPT PS4 PROMPT_COMMAND GIT_EDITOR GIT_PAGER KUBE_EDITOR BROWSER
		MAVEN_OPTS GRADLE_OPTS JAVA_OPTS ERL_FLAGS CFLAGS LDFLAGS GHCRTS PHPRC PHP_INI_SCAN_DIR
		KUBECONFIG PSQLRC PGSERVICEFILE PIP_INDEX_URL UV_INDEX POETRY_HOME COMPOSER_HOME
		DOCKER_CONFIG COMPOSE_FILE FLASK_APP DJANGO_SETTINGS_MODULE path Path TMPDIR TZDIR
		BASH_FUNC_X SSH_ASKPASS SUDO_ASKPASS INPUTRC HISTFILE CORECLR_PROFILER DOTNET_STARTUP_HOOKS
		WHATEVER_OPTS WHATEVER_OPTIONS WHATEVERFLAGS WHATEVER_CONFIG WHATEVER_CONFIG_FILE
		GOCACHEPROG GCC_EXEC_PREFIX LDLIBS LOADLIBES TARGET_ARCH RM CO GET LINT OUTPUT_OPTION
		CTANGLE CWEAVE TEXI2DVI F77 PC M2C OBJC LESSKEYIN LESSKEY LESSKEY_CONTENT LESSKEY_SYSTEM
		VIMINIT EXINIT VIMRUNTIME VIM DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS
		READNULLCMD NULLCMD CONFIG_SITE PYTHONOPTIMIZE CMD COMMAND COMMANDS RUNNER WRAPPER EXEC
		SCRIPT ENTRYPOINT ARGS PLUGINS MODULES MODULE BIN DIR FILE ROOT SETTINGS HOOK SSH RSH DIFF
		MERGE TERMINAL PROGRAM REQUIRE IMPORT JAVACMD OPAMEDITOR CVSEDITOR GOTMPDIR IPYTHONDIR
		ODBCINI SDKROOT RAKULIB TEXTDOMAINDIR BUILD_COMMANDS BUILD_CMDS NODE_COMPILE_CACHE
		NODE_ICU_DATA OPAMFETCH MAILCAPS SYSTEMD_LESS MAN_ORIG_LESS M4 PRISMA_ENGINES_MIRROR
		BAZELISK_BASE_URL TURBO_API NX_CACHE MPLBACKEND GEVENT_LOOP COVERAGE_PROCESS_START
		NODE_REDIRECT_WARNINGS DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES SSLKEYLOGFILE
		GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES LIB PROMPT_COMMAND
		WHATEVER_HOME WHATEVER_PATH WHATEVER_PRELOAD WHATEVER_WRAPPER WHATEVER_COMMAND WHATEVER_CMD`
	for name := range strings.FieldsSeq(decide) {
		if ByName(name) == "" {
			t.Errorf("%s decides nothing", name)
		}
	}
	free := `PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONIOENCODING NODE_ENV RAILS_ENV APP_ENV
		DATABASE_URL REDIS_URL PORT HOST LD GITHUB_TOKEN ENVIRONMENT PS SECRET_KEY_BASE APP_KEY
		API_URL AWS_REGION AWS_ACCESS_KEY_ID SMTP_HOST LOG_LEVEL DEBUG TZ LANG LC_ALL TERM
		CACHE_DRIVER SESSION_DRIVER QUEUE_CONNECTION MAIL_FROM_ADDRESS SENTRY_DSN STRIPE_KEY
		PUSHER_APP_KEY WEB_CONCURRENCY RAILS_MAX_THREADS S3_BUCKET CORS_ORIGIN MIX_PUSHER_APP_KEY
		GIT_SHA GIT_COMMIT GIT_BRANCH GIT_TAG JAVA_VERSION ZIP_CODE GHCR_TOKEN FEATURE_FLAGS
		NODE_VERSION NODE_TLS_REJECT_UNAUTHORIZED VIMEO_KEY GOOGLE_CLIENT_ID GEMINI_KEY
		VITE_API_URL NEXT_PUBLIC_URL REACT_APP_API ALLOWED_HOSTS CSP_IMG_SRC`
	for name := range strings.FieldsSeq(free) {
		if reason := ByName(name); reason != "" && name != "LD" {
			t.Errorf("%s decides %s", name, reason)
		}
	}
}

func TestTable(t *testing.T) {
	seen := map[string]string{}
	for _, f := range Families() {
		if f.Title == "" || f.Reason == "" || len(f.Names) == 0 {
			t.Errorf("family %+v lacks something", f)
		}
		for _, name := range f.Names {
			if strings.ToUpper(name) != name || strings.Trim(name, "*") == "" {
				t.Errorf("%s: %q is no pattern in upper case", f.Title, name)
			}
			if first, twice := seen[name]; twice {
				t.Errorf("%s is in %s and in %s", name, first, f.Title)
			}
			seen[name] = f.Title
			for _, other := range f.Names {
				if other != name && match(other, strings.ReplaceAll(name, "*", "-")) {
					t.Errorf("%s: %s is one of %s", f.Title, name, other)
				}
			}
		}
	}
	for _, name := range Harmless() {
		if reason := ByName(strings.Trim(name, "*")); reason != "" {
			t.Errorf("%s is harmless and decides %s", name, reason)
		}
	}
}

const root = "/home/me/src/shop"

// TestValuesThatDecide has what a stranger could write who knows a variable that is on no list.
func TestValuesThatDecide(t *testing.T) {
	for reason, values := range map[string][]string{
		namesProject: {
			".", "..", "./evil", "../evil", "./", ".venv/bin/python", "evil/x", "evil/x.so", "a/b/c",
			"evil.py", "evil.SO", "lib.dylib", "config.yml", "x.conf",
			root, root + "/evil", "/home/ME/src/Shop/evil", "/usr/../home/me/src/shop",
			"/home//me/./src/shop/x", "a:./evil", "/usr/bin:./evil", "/usr/bin:evil/bin", "x=./evil",
			"x=evil/y", "a,./evil", "a;./evil", "a|./evil", "a ./evil", "a\t./evil", "a\n./evil",
			"a\u00a0./evil", "a\u2003./evil", "'./evil'", "\"./evil\"", "(./evil)",
			"[./evil]", "<./evil>", `{"plugin":"./evil"}`, `{"plugin":"evil/x"}`, "a&./evil",
			"@./evil", "@evil/x", "file:///etc/x", "file:./x", "FILE:x.db", "file:evil",
			"phar://evil/x", "phar://./evil.phar", "sqlite://./x.db",
			"jdbc:h2:./evil", "jar:file:evil!/x", "zip://evil/x", "expect://./x",
			"http://localhost:./evil", "https://a/x:../evil", "http://a?x=./evil", "./http://a",
			"evil/http://a", "evil/x:http://a", "unix://evil/sock", "x://a/b", "evil/Tokyo",
			"text/evil.so/x", "1/evil", "a@/tmp/x",
			"http://evil", "http://evil/a.b", "http://", "redis://evil/0", "http:///evil",
			"http://.", "http://../x", "http://a.b/../../evil", "http://evil?a.b", "http://:/x", "http://evil/@a",
			"http://@/x",
			"1/1", "24/7", "1/2/3/4", "1.2/3", "1/2.3", "*/5", "1/1 * * * *", "* * * * evil/x",
			"20260/1/1", "1//1", "evil.sh", "evil.pl", "10.0.0.0/8/x", "10.0.0/8",
		},
		namesOthers: {
			"/tmp", "/tmp/x", "/TMP/x", "/tmp/", "//tmp/x", "/usr/../tmp/x", "/./tmp/x", "/var/tmp/x",
			"/private/tmp/x", "/dev/shm/x", "/dev/fd/3", "/dev/stdin", "/proc/self/cwd/x",
			"/PROC/1/root", "/run/user/1000/x", "/run/lock/x", "/home/you/x", "/Users/Shared/x",
			"/mnt/x", "/media/x", "/usr/bin:/tmp/x", "x=/tmp/y", "unix:/tmp/sock", "unix:///tmp/sock",
			"sqlite:////tmp/x",
		},
		namesElsewhere: {
			"/srv/alias/p/evil", "/srv/scratch/evil", "/opt/x", "/data", "/scratch/x", "/workspace",
			"/var/home/you/x", "/var/spool/x", "/var/cache/x", "/var/lib/php/sessions", "/sys/x",
			"/root/x", "/login", "/USR/bin/x", "/usr/../srv/x", "/library/x", "/nix/x", "/opt/homebrewx",
			"/usr/bin:/srv/x", "x=/srv/y", "sqlite:////srv/x", "/etcetera",
			"sqlite:///./x.db?a=:memory:",
		},
		namesUnknown: {
			"~", "~/x", "~you/x", Unknown + "/x", "/usr/bin:" + Unknown + "/x", "a:~/x", "x=~/y",
			"." + Unknown, "e" + Unknown, Unknown + "e", Unknown + Unknown, "-" + Unknown,
			"a:" + Unknown, "x=" + Unknown, "a " + Unknown + "b", Unknown + "://a.b/c",
			"http://a.b/" + Anything, "x" + Anything,
		},
		holdsCode: {
			"`./evil`", "`", "$(x)", "a$(", "$((1))", "${shell x}", "${A}${B:-x}", "${A", "${",
		},
		carriesOption: {
			"-x", "--x", "-Dx=y", "a -x", "a --x", "a\t-x", "\"-x\"", "a,--x", "a;-x", "-jar evil",
			"x=--require", "x:--require", "-e", "--", "-I.",
		},
	} {
		for _, value := range values {
			if value == "--" {
				continue // the end of options is none
			}
			if got := ByValue(root, "UNHEARD_OF", value); got != reason {
				t.Errorf("%q %q, want %q", value, got, reason)
			}
		}
	}
}

// TestSecretsSayTheirPaths has paths that no kind of name excuses.
func TestSecretsSayTheirPaths(t *testing.T) {
	for _, name := range []string{"SSL_KEY", "DB_PASSWORD", "TZ", "MIME_TYPES", "IMAGE", "MODEL"} {
		for _, value := range []string{
			"./x", "../x", "/tmp/x", "~/x", root + "/x", "file:x", "a:./x", Unknown + "/x",
		} {
			if ByValue(root, name, value) == "" {
				t.Errorf("%s=%q is free", name, value)
			}
		}
	}
	for name, value := range map[string]string{
		"TZ": "evil/Tokyo", "ALLOWED_TYPES": "evil/x", "IMAGE": "evil/x.py", "MIME": "text/a/b",
		"ZONE": "Asia/x.so", "STATIC_URL": "/srv/x", "MEDIA_URL": "/tmp/", "LOG": "/srv/x",
	} {
		if ByValue(root, name, value) == "" {
			t.Errorf("%s=%q is free", name, value)
		}
	}
}

// TestPlainSettings has the daily work of a .env's owner.
func TestPlainSettings(t *testing.T) {
	for _, setting := range []string{
		"A=", "A=1", "A=-1", "A=-0.5", "A=1.5", "A=1,2,3", "A=true", "A=debug", "A=-", "A=--",
		"A=hello world", "A=a - b", "A=Foo - Bar -- Baz", "A=10-20", "A=a-b", "A=a--b", "A=2024-01-31",
		"A=2026/01/31", "A=01/02/2006", "A=...", "A=v1.2.3", "A=1.2.3-rc1",
		"AWS_REGION=eu-central-1", "HOST=0.0.0.0", "HOST=::1", "HOST=localhost:3000",
		"NETWORKS=10.0.0.0/8,192.168.0.0/16", "NETWORKS=::/0,x=10.0.0.0/8",
		"CRON=0-30/5 1,2 * * 1-5 *", "HOST=db.example.com", "HOST=api.notion.so",
		"CRON=*/5 * * * *", "CRON=0 9-17 * * 1-5", "CRON=0 0 1 */2 ?", "URL=http://api:8080/x", "URL=http://localhost/x",
		"URL=http://localhost:3000/a/b?c=d&e=/f#g", "URL=https://user:pa/ss@example.com/x.js",
		"DATABASE_URL=postgres://a:b@localhost:5432/shop?sslmode=require",
		"DATABASE_URL=postgresql+asyncpg://a:b@c/d", "DATABASE_URL=postgres://<user>:<password>@h/d",
		"DATABASE_URL=mysql2://a:b@c/d", "DATABASE_URL=mongodb+srv://a:b@c.mongodb.net/d",
		"DATABASE_URL=jdbc:postgresql://localhost/x", "REDIS_URL=redis://localhost:6379/0",
		"DATABASE_URL=sqlite://localhost/:memory:?x=true", "DATABASE_URL=sqlite://:memory:",
		"BROKERS=amqp://a:b@c/d,amqps://e:1/f", "ORIGINS=http://a:1,https://b.c/d",
		"CONN=Server=db;Database=shop;User Id=sa;Password=x-y;", "CALLBACK=myapp://callback",
		"DB_PASSWORD=a/b+c==", "SECRET_KEY_BASE=abc/def", "API_TOKEN=-abc", "API_KEY=sk-proj-a/b",
		"APP_KEY=base64:ab/cd+ef==", "JWT_SECRET=-----BEGIN RSA PRIVATE KEY-----",
		"CERT=-----BEGIN CERTIFICATE-----", "MAIL_FROM=Team Shop <team@mail.shop.so>",
		"ADMIN=me@example.py", "TZ=Europe/Berlin", "TIMEZONE=America/Argentina/Buenos_Aires",
		"ALLOWED_TYPES=image/png,application/vnd.api+json,*/*", "IMAGE=library/postgres:16-alpine",
		"IMAGE=ghcr.io/a/b:1.2", "DEFAULT_MODEL=openai/gpt-4o", "GITHUB_REPO=owner/name",
		"STATIC_URL=/static/", "PREFIX_URL=/api", "CA=/etc/ssl/x", "JAVA=/nix/store/x/y", "LOG=/dev/stdout", "LIBS=/usr/lib/x",
		"NAME=Müller – Söhne", "A=${B}", "A=$B", "A=$", "A={}$", "A=N", "HEADER=X-Request-Id", "PRICE=$5.00",
		"A=" + Unknown, "A=" + Anything, "A=a " + Unknown + ",b", "URL=http://a.b/" + Unknown + "/c",
		"DB_PASSWORD=a" + Unknown + "/c",
	} {
		name, value, _ := strings.Cut(setting, "=")
		if got := ByValue(root, name, value); got != "" {
			t.Errorf("%s %s", setting, got)
		}
	}
}

// FuzzByValue puts something that decides into any text and wants it found.
func FuzzByValue(f *testing.F) {
	for _, seed := range []string{"", "a", "http://a", "x=", "(", "a:b", "\xff", "/usr/bin", "-----"} {
		f.Add(seed, seed, uint8(0))
	}
	joints := []string{" ", "\t", "\n", "'", `"`, "`", ",", ";", "|", "\u00a0"}
	decide := []string{"./x", "../x", "/tmp/x", root + "/x", "~/x", "file:x", "-x", "--x", "a/b"}
	f.Fuzz(func(t *testing.T, before, after string, n uint8) {
		joint := joints[int(n)%len(joints)]
		for _, d := range decide {
			value := before + joint + d + joint + after
			if ByValue(root, "UNHEARD_OF", value) == "" {
				t.Errorf("%q is free", value)
			}
		}
		if ByValue(root, "A", before) != ByValue(root, "B", before) {
			t.Errorf("%q depends on a name that says nothing", before)
		}
		harmless := strings.Map(func(r rune) rune {
			if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				return r
			}
			return 'x'
		}, before)
		if got := ByValue(root, "A", harmless); got != "" {
			t.Errorf("%q %s", harmless, got)
		}
	})
}
