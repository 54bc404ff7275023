package decisive

import (
	"cmp"
	"iter"
	"net/netip"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unknown stands in a value for what only the entering shell knows. No file can hold it.
const Unknown = "\x00"

// Anything stands for what may even be several words, of which some begin a path.
const Anything = Unknown + "\x01"

// What a value does, as it completes "NAME …".
const (
	holdsCode      = "holds what a shell or make would run"
	carriesOption  = "carries an option"
	namesProject   = "names something in the project"
	namesOthers    = "names a place that others can write to"
	namesElsewhere = "names a place outside the directories of the system"
	namesUnknown   = "names a path of which only the shell knows a part"
)

// ByValue returns what makes a value decisive whatever its variable is called, "" if nothing does:
// it names a file or directory that is in the project, or where others can write or may be at home,
// or it carries an option. root is the project's canonical path.
func ByValue(root, name, value string) (reason string) {
	switch {
	case substitutes(value):
		return holdsCode
	case isCron(value):
		return ""
	}
	v := valueOf{root: strings.ToLower(root), kinds: kindsOf(name)}
	for word := range split(plainBlanks(value), separator) {
		if reason := v.word(word); reason != "" {
			return reason
		}
	}
	return ""
}

// plainBlanks turns the blanks of other scripts into ours.
func plainBlanks(value string) string {
	isOther := func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsSpace(r) }
	if strings.IndexFunc(value, isOther) < 0 {
		return value
	}
	return strings.Map(func(r rune) rune {
		if isOther(r) {
			return ' '
		}
		return r
	}, value)
}

// class is what a byte is within a value.
type class uint8

const (
	separator class = 1 << iota // between the words of a value, be it a line, a list or JSON
	joint                       // between the parts of a word, which may be paths
	notable                     // in all that is a path or an option
	timed                       // in the times of cron
)

var classes = func() (table [256]class) {
	for c, text := range map[class]string{
		separator: " \t\n\v\f\r'\"`,;|", joint: ":=&<>(){}[]", notable: "/.-~:" + Unknown,
		timed: "0123456789*/-,?#LW",
	} {
		for i := range len(text) {
			table[text[i]] |= c
		}
	}
	return table
}()

// isAll reports whether a text has bytes of a class only.
func isAll(text string, of class) bool {
	for i := range len(text) {
		if classes[text[i]]&of == 0 {
			return false
		}
	}
	return true
}

// substitutes reports whether a shell or make that reads the value in its file runs a part of it:
// $(x), `x`, or what is more than a ${NAME}.
func substitutes(value string) bool {
	if strings.Contains(value, "$(") || strings.Contains(value, "`") {
		return true
	}
	for {
		_, after, found := strings.Cut(value, "${")
		if !found {
			return false
		}
		value = strings.TrimLeft(after, nameBytes)
		if !strings.HasPrefix(value, "}") {
			return true
		}
	}
}

const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// isCron tells the five or six times of cron. Each has its slash after what repeats, such as */5 or
// 0-30/5, for 1/5 could be a file.
func isCron(value string) bool {
	times := strings.Fields(value)
	for _, t := range times {
		before, _, found := strings.Cut(t, "/")
		if !isAll(t, timed) || found && !strings.ContainsAny(before, "*-") {
			return false
		}
	}
	return len(times) == 5 || len(times) == 6
}

// split returns the parts between bytes of a class, but for those without anything notable.
func split(text string, at class) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, seen := 0, class(0)
		for i := range len(text) {
			c := classes[text[i]]
			if c&at == 0 {
				seen |= c
				continue
			}
			if seen&notable != 0 && !yield(text[start:i]) {
				return
			}
			start, seen = i+1, 0
		}
		if seen&notable != 0 {
			yield(text[start:])
		}
	}
}

// valueOf is what is known of a value's variable.
type valueOf struct {
	root  string // lower case: a file system may not tell the case of letters
	kinds kind
}

func (v valueOf) word(word string) string {
	if isOption(word) && v.kinds&secret == 0 {
		return carriesOption
	}
	if len(word) > 5 && strings.EqualFold(word[:5], "file:") {
		return namesProject
	}
	if before, after, found := strings.Cut(word, "://"); found {
		return v.url(before, after)
	}
	if isNetwork(word) {
		return ""
	}
	if v.isJoined(word) {
		return namesUnknown
	}
	return v.pieces(word)
}

// isJoined reports whether the shell has a part of a word. It may well be the slash: .$SHELL is
// ./bin/bash.
func (v valueOf) isJoined(word string) bool {
	return v.kinds&secret == 0 && strings.Contains(word, Unknown) &&
		word != Unknown && word != Anything
}

// isNetwork tells 10.0.0.0/8 and ::/0.
func isNetwork(text string) bool {
	if !strings.Contains(text, "/") {
		return false
	}
	_, err := netip.ParsePrefix(text)
	return err == nil
}

// isOption tells -x and --x from -1, a lone dash and -----BEGIN.
func isOption(word string) bool {
	text, found := strings.CutPrefix(word, "-")
	text = strings.TrimPrefix(text, "-")
	return found && text != "" && isLetter(text[0])
}

// url looks at "before://after". What a network's scheme is followed by is an address, save for a
// path that a list has after it.
func (v valueOf) url(before, after string) string {
	if strings.Contains(before, Unknown) || strings.Contains(after, Anything) {
		return namesUnknown
	}
	scheme := before[strings.LastIndexFunc(before, isNoScheme)+1:]
	if reason := v.pieces(strings.TrimSuffix(before, scheme)); reason != "" {
		return reason
	}
	base, _, _ := strings.Cut(strings.ToLower(scheme), "+")
	switch {
	case base == "sqlite" && isInMemory(after):
		return ""
	case !networks[base]:
		// What a library takes off is a slash: sqlite:///x is x.
		return cmp.Or(v.pieces(after), v.pieces(strings.TrimPrefix(after, "/")))
	}
	if !hasHost(after) {
		return namesProject
	}
	for _, mark := range []string{":./", ":../", "=./", "=../", ":~", "=~", "/../"} {
		if strings.Contains(after, mark) {
			return namesProject
		}
	}
	return ""
}

// hasHost reports whether an address begins with what can only be meant as a host. A plain word may
// not be: http://evil is the file evil in a directory that is called "http:".
func hasHost(address string) bool {
	host := address
	if end := strings.IndexAny(address, "/?#"); end >= 0 {
		host = address[:end]
	}
	return strings.EqualFold(host, "localhost") ||
		strings.ContainsAny(strings.Trim(host, ".:@"), ".:@")
}

// isNoScheme tells what cannot be in one.
func isNoScheme(r rune) bool {
	return r >= utf8.RuneSelf ||
		!isLetter(byte(r)) && !strings.ContainsRune("0123456789+.-", r)
}

// isInMemory tells a database of SQLite that is no file.
func isInMemory(address string) bool {
	where, _, _ := strings.Cut(address, "?")
	return strings.TrimLeft(strings.TrimPrefix(where, "localhost"), "/") == ":memory:"
}

// pieces looks at each path of what may be a list or an assignment.
func (v valueOf) pieces(text string) string {
	for piece := range split(text, joint) {
		if strings.HasPrefix(piece, "--") && isOption(piece) {
			return carriesOption
		}
		if reason := v.path(strings.TrimLeft(piece, "@")); reason != "" {
			return reason
		}
	}
	return ""
}

func (v valueOf) path(p string) string {
	switch {
	case p == "":
		return ""
	case p == ".", p == "..", strings.HasPrefix(p, "./"), strings.HasPrefix(p, "../"):
		return namesProject
	case p == "~", p[0] == '~' && strings.Contains(p, "/"), strings.HasPrefix(p, Unknown+"/"):
		return namesUnknown
	case p[0] == '/':
		return v.absolute(path.Clean(p))
	case v.kinds&secret != 0:
		return ""
	case strings.Contains(p, "/"):
		if v.kinds.excuse(p) {
			return ""
		}
		return namesProject
	case isCode(p) && v.kinds&host == 0 && !strings.Contains(p, "@"):
		return namesProject
	}
	return ""
}

func (v valueOf) absolute(p string) string {
	lower := strings.ToLower(p)
	isBelow := func(of string) func(dir string) bool {
		return func(dir string) bool { return within(of, dir) }
	}
	switch {
	case within(lower, v.root):
		return namesProject
	case p == "/", p == "/dev/null", p == "/dev/stdout", p == "/dev/stderr":
		return ""
	case slices.ContainsFunc(systemPlaces, isBelow(p)):
		return ""
	case slices.ContainsFunc(othersPlaces, isBelow(lower)):
		return namesOthers
	case v.kinds&address != 0 && strings.Count(p, "/") == 1:
		return "" // STATIC_URL=/static/ is a part of an address, and in / only root can write
	}
	return namesElsewhere
}

func within(p, dir string) bool {
	rest, below := strings.CutPrefix(p, dir)
	return below && dir != "" && (rest == "" || rest[0] == '/')
}

// systemPlaces are where only root writes, on any system: any other may be a link into the project,
// or a disk that everybody writes to. Their case counts, for elsewhere /USR is another directory.
var systemPlaces = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix/store",
	"/opt/homebrew",
}

// othersPlaces are where others can write or are at home, or which are other names of what is
// elsewhere, such as /proc/self/cwd.
var othersPlaces = []string{
	"/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp", "/dev", "/proc", "/run", "/var/run",
	"/var/lock", "/var/crash", "/var/folders", "/private/var/folders", "/home", "/users",
	"/volumes", "/mnt", "/media", "/net", "/cygdrive",
}

func isCode(file string) bool { return codeExtensions[strings.ToLower(path.Ext(file))] }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// networks are schemes whose addresses name no file.
var networks = setOf(`http https ws wss ftp ftps sftp ssh git tcp udp tls ssl grpc grpcs
	postgres postgresql postgis mysql mysql2 mariadb mongodb mssql sqlserver oracle cockroachdb
	clickhouse redis rediss valkey memcached amqp amqps nats kafka mqtt mqtts smtp smtps imap
	imaps pop3 ldap ldaps s3 gs neo4j neo4js bolt couchbase elasticsearch stun stuns turn turns
	rtmp rtmps rtsp statsd otlp ses mailgun sendgrid null`)

// codeExtensions are those of files that programs load, run or read as their configuration, so far
// as no host's name is likely to end so.
var codeExtensions = setOf(`.py .pyc .rb .js .mjs .cjs .ts .mts .cts .jsx .tsx .php .phar .jar .war
	.class .lua .so .dylib .dll .node .wasm .bash .zsh .fish .exe .bat .json .json5 .yml .yaml .toml
	.ini .cnf .conf .cfg .config .xml .properties .env .rc .sh .pl .mk .gradle .exs .beam`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
