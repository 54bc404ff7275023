// Command web is the shop's web server. It listens on its PORT, as every service should, and for this machine only.
//
// GET /crash ends it with exit status 1, to see what happens then.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

func serve() error {
	port := os.Getenv("PORT")
	if port == "" {
		return errors.New("there is no PORT: start it with locald, or set one")
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	fmt.Println("listening on", listener.Addr())
	return http.Serve(listener, routes(cmp.Or(os.Getenv("SHOP_NAME"), "A shop")))
}

func routes(name string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s is open.\n", name)
	})
	mux.HandleFunc("GET /catalog", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "apples, bread, cheese")
	})
	mux.HandleFunc("GET /crash", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "something went very wrong")
		os.Exit(1)
	})
	return mux
}
