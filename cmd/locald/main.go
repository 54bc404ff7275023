//go:build !manpages

// Command locald starts a project's services when its directory is entered.
//
// Each verb has a file of its own, which turns flags into a request to the
// daemon and prints the answer. No decision is taken here.
package main

import (
	"os"
)

func main() { os.Exit(run(os.Args[1:])) }
