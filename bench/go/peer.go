// peer: Go's own heap, asked the same questions as bench_heap: the peer of the benchmarks.
//
// usage: peer SHAPE BYTES PROCS. See bench/bench_heap.c for the lines that it answers.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

type pointers struct{ words [8]*pointers }

var keep []interface{}

func fill(shape string, total int) {
	switch shape {
	case "small":
		objects := make([]*[64]byte, total/64)
		for i := range objects {
			objects[i] = new([64]byte)
			objects[i][0] = 0x5a
		}
		keep = append(keep, objects)
	case "pointers":
		var previous *pointers
		for i := 0; i < total/64; i++ {
			p := new(pointers)
			for w := range p.words {
				p.words[w] = previous
			}
			previous = p
		}
		keep = append(keep, previous)
	case "kilobyte":
		objects := make([]*[1024]byte, total/1024)
		for i := range objects {
			objects[i] = new([1024]byte)
			for j := range objects[i] {
				objects[i][j] = 0x5a
			}
		}
		keep = append(keep, objects)
	case "megabyte":
		for i := 0; i < total>>20; i++ {
			b := make([]byte, 1<<20)
			for j := range b {
				b[j] = 0x5a
			}
			keep = append(keep, b)
		}
	default:
		fmt.Fprintln(os.Stderr, "peer: unknown shape")
		os.Exit(2)
	}
}

// Every P gets a cache that was used: allocation on as many goroutines as there are Ps.
func useEveryP(procs int) {
	runtime.GOMAXPROCS(procs)
	var wait sync.WaitGroup
	for i := 0; i < procs*4; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for j := 0; j < 1000; j++ {
				_ = make([]byte, 16+j%1000)
				if j%100 == 0 {
					runtime.Gosched()
				}
			}
		}()
	}
	wait.Wait()
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: peer SHAPE BYTES PROCS")
		os.Exit(2)
	}
	total, _ := strconv.Atoi(os.Args[2])
	procs, _ := strconv.Atoi(os.Args[3])
	debug.SetGCPercent(-1)
	fill(os.Args[1], total)
	runtime.GC()
	useEveryP(procs)
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		var ns int64
		switch words[0] {
		case "dump":
			f, err := os.OpenFile(words[1], os.O_WRONLY|os.O_CREATE, 0o600)
			if err != nil {
				fmt.Fprintln(os.Stderr, "peer:", err)
				os.Exit(3)
			}
			start := time.Now()
			debug.WriteHeapDump(f.Fd())
			ns = time.Since(start).Nanoseconds()
			f.Close()
		case "stats":
			n, _ := strconv.Atoi(words[1])
			var m runtime.MemStats
			start := time.Now()
			for i := 0; i < n; i++ {
				runtime.ReadMemStats(&m)
			}
			ns = time.Since(start).Nanoseconds() / int64(n)
		default:
			fmt.Fprintln(os.Stderr, "peer: unknown request")
			os.Exit(2)
		}
		fmt.Println(ns)
	}
	runtime.KeepAlive(keep)
}
