// Command locald starts a project's services when its directory is entered.
package main

import (
	"os"

	"github.com/locald/locald/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:])) }
