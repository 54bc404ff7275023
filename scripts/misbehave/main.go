// Command misbehave is a service that does what services do to those who supervise them. It starts
// no goroutine of its own; the roles are those of the package misbehave.
package main

import (
	"os"

	"github.com/locald/locald/internal/testworld/misbehave"
)

func main() { misbehave.Main(os.Args[1:]) }
