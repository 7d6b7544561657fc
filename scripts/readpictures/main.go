// Command readpictures reads a folder of pictures, and says how long that took and how much memory.
//
//	go run ./scripts/readpictures DIR HEIGHT WIDTH
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/data/picture"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: readpictures DIR HEIGHT WIDTH")
	}
	height, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	width, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	start := time.Now()
	set, _, err := picture.Reader{Shape: data.Shape{Height: height, Width: width, Channels: 3}}.Folder(context.Background(), os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: %.1f s, %d MiB of pixels\n", set, time.Since(start).Seconds(), len(set.Pixels())>>20)
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "VmHWM") {
				fmt.Print("at its peak: ", line)
			}
		}
	}
}
