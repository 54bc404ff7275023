// Command printer prints: "printer LINES PER-WRITE" lines of 100 bytes, or
// "printer stamps" the time in nanoseconds, every 3 ms.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	if os.Args[1] == "stamps" {
		for range time.Tick(3 * time.Millisecond) {
			fmt.Println(time.Now().UnixNano())
		}
	}
	lines, _ := strconv.Atoi(os.Args[1])
	perWrite, _ := strconv.Atoi(os.Args[2])
	block := bytes.Repeat(append(bytes.Repeat([]byte("x"), 99), '\n'), perWrite)
	for range lines / perWrite {
		if _, err := os.Stdout.Write(block); err != nil {
			os.Exit(1)
		}
	}
}
