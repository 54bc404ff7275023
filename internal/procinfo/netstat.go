package procinfo

import "strings"

// parseTimeWait reports whether netstat -an shows a connection of port in TIME_WAIT, in lines such
// as
//
//	tcp4       0      0  127.0.0.1.8080         127.0.0.1.50000        TIME_WAIT
//
// whose fourth column is our end. An address and its port are separated by a dot; a long one is
// shortened, but never its port.
func parseTimeWait(out string, port int) bool {
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasPrefix(f[0], "tcp") || f[5] != "TIME_WAIT" {
			continue
		}
		if local, ok := portAfter(f[3], '.'); ok && local == port {
			return true
		}
	}
	return false
}
