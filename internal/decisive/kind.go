package decisive

import "strings"

// kind is what a variable's name says about its value. It excuses what looks like a path and is
// none; nothing excuses a path that says so by its beginning.
type kind uint8

const (
	secret  kind = 1 << iota // base64 and passwords have slashes
	zone                     // Europe/Berlin
	media                    // image/png
	slug                     // owner/name
	host                     // notion.so
	address                  // /static/
)

// words of a name, and the kind that they mean.
var kindWords = map[string]kind{
	"PASSWORD": secret, "PASS": secret, "PASSWD": secret, "PWD": secret, "PASSPHRASE": secret,
	"SECRET": secret, "SECRETS": secret, "TOKEN": secret, "KEY": secret, "KEYS": secret,
	"APIKEY": secret, "SALT": secret, "HASH": secret, "PEPPER": secret, "SIGNATURE": secret,
	"TZ": zone, "TIMEZONE": zone, "ZONE": zone,
	"MIME": media, "TYPE": media, "TYPES": media, "MIMETYPE": media, "MIMETYPES": media,
	"HOST": host, "HOSTS": host, "HOSTNAME": host, "DOMAIN": host, "DOMAINS": host, "FROM": host,
	"URL":   address,
	"IMAGE": slug, "IMG": slug, "REPO": slug, "REPOSITORY": slug, "MODEL": slug, "MODELS": slug,
}

func kindsOf(name string) (kinds kind) {
	for word := range strings.SplitSeq(strings.ToUpper(name), "_") {
		kinds |= kindWords[word]
	}
	return kinds
}

// excuse reports whether a text with a slash in it is no path.
func (k kind) excuse(text string) bool {
	first, rest, _ := strings.Cut(text, "/")
	switch {
	case isDate(text), isNetwork(text):
		return true
	case k&zone != 0:
		return zones[strings.ToLower(first)] && !strings.Contains(rest, ".")
	case k&media != 0:
		return mediaTypes[strings.ToLower(first)] && !strings.Contains(rest, "/")
	case k&slug != 0:
		return !strings.HasPrefix(text, ".") && !isCode(rest)
	}
	return false
}

// isDate tells 2026/01/31 and 31/1/26 from a path of numbers.
func isDate(text string) bool {
	parts := strings.Split(text, "/")
	for _, p := range parts {
		if p == "" || len(p) > 4 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return len(parts) == 3
}

var zones = setOf("africa america antarctica arctic asia atlantic australia etc europe indian " +
	"pacific us brazil canada chile mexico")

var mediaTypes = setOf("application audio font image message model multipart text video *")
