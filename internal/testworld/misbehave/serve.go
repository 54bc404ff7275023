package misbehave

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// listen serves HTTP on addresses such as "8080", "[::1]:$PORT" or, where none is given, on $PORT.
func listen(addresses []string) {
	if len(addresses) == 0 {
		addresses = []string{"$PORT"}
	}
	for _, a := range addresses {
		a = os.ExpandEnv(a)
		address := a
		if !strings.Contains(a, ":") {
			address = "127.0.0.1:" + a
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			fail(err)
		}
		fmt.Println("listening on", a)
		go serve(l, answer)
	}
	block(nil)
}

func serve(l net.Listener, one func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go one(c)
	}
}

func hangUp(c net.Conn) { c.Close() }

// answer is as much of HTTP as a test asks for, which keeps a large package out of a program that
// is started often. "GET /env/NAME" answers with a variable, "GET /crash" ends the program with
// status 3, everything else tells who answers.
func answer(c net.Conn) {
	defer c.Close()
	request := bufio.NewReader(c)
	line, err := request.ReadString('\n')
	if err != nil {
		return // somebody looked whether there is a listener
	}
	for header := line; err == nil && strings.TrimSpace(header) != ""; {
		header, err = request.ReadString('\n')
	}
	_, path, _ := strings.Cut(line, " ")
	path, _, _ = strings.Cut(path, " ")
	name := os.ExpandEnv("$LOCALD_PROJECT/$LOCALD_SERVICE")
	text := fmt.Sprintf("%s from PID %d\n", name, os.Getpid())
	if name, ok := strings.CutPrefix(path, "/env/"); ok {
		text = os.Getenv(name)
	}
	if path == "/crash" {
		fmt.Println("crashing as asked")
		syscall.Exit(3)
	}
	fmt.Fprintf(c, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s", text)
}

// share listens on $PORT in two processes at once, as servers with a worker for each core do.
func share(args []string) {
	if len(args) == 0 {
		start(inheriting(self("share", "worker")))
	}
	l := optioned("tcp", unix.SO_REUSEPORT, 1)
	fmt.Println("sharing as", os.Getpid())
	serve(l, hangUp)
}

// exclusive binds $PORT without SO_REUSEADDR, and leaves a connection in TIME_WAIT behind when it
// has served one.
func exclusive([]string) {
	l := optioned("tcp4", unix.SO_REUSEADDR, 0)
	go serve(l, hangUp)
	block(nil)
}

// optioned listens on $PORT after its socket was given an option.
func optioned(network string, option, value int) net.Listener {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var refused error
		err := c.Control(func(fd uintptr) {
			refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, option, value)
		})
		return errors.Join(err, refused)
	}}
	l, err := config.Listen(context.Background(), network, "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fail(err)
	}
	return l
}

// report listens on any port, says so by a connection to an address, and ends with that: "report
// ADDRESS".
func report(args []string) {
	if _, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
		fail(err)
	}
	c, err := net.Dial("tcp", args[0])
	if err != nil {
		fail(err)
	}
	_, _ = io.Copy(io.Discard, c)
}
