// Command worker asks the shop's web server for its catalog every few seconds. CATALOG_URL of .env points at it; where
// the worker runs without locald, WEB_URL may.
package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	url := cmp.Or(os.Getenv("CATALOG_URL"), os.Getenv("WEB_URL")+"/catalog")
	interval, err := time.ParseDuration(cmp.Or(os.Getenv("ORDER_INTERVAL"), "2s"))
	if err != nil || interval <= 0 {
		fmt.Fprintln(os.Stderr, "worker: ORDER_INTERVAL is not a duration such as 2s")
		os.Exit(1)
	}
	fmt.Println("packing orders from", url)
	for tick := time.Tick(interval); ; <-tick {
		if catalog, err := get(url); err != nil {
			fmt.Println("the shop is closed:", err)
		} else {
			fmt.Println("packed", catalog)
		}
	}
}

func get(url string) (string, error) {
	client := http.Client{Timeout: time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("it answered %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	return strings.TrimSpace(string(body)), err
}
