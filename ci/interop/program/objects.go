// objects: finalizers waiting and queued, a profile of everything, types, many collections, a larger heap.
package main

import (
	"fmt"
	"io"
	"runtime"
	"time"
)

type node struct {
	left, right *node
	text        string
}

type tiny struct{ a, b, c byte }

// The first finalizer blocks the one goroutine that runs them, so that the others stay queued.
func finalizers() {
	for i := 0; i < 50; i++ {
		kept, dropped := new(node), new(node)
		runtime.SetFinalizer(kept, func(*node) {})
		runtime.SetFinalizer(dropped, func(*node) { <-silent })
		small := &tiny{a: 1}
		runtime.SetFinalizer(small, func(*tiny) {})
		keep = append(keep, kept, small)
	}
	runtime.GC()
	time.Sleep(20 * time.Millisecond)
}

func build(depth int) *node {
	if depth == 0 {
		return nil
	}
	return &node{build(depth - 1), build(depth - 1), fmt.Sprint(depth)}
}

func profile() {
	runtime.MemProfileRate = 1
	keep = append(keep, build(12))
	for i := 0; i < 1000; i++ {
		keep = append(keep, new(tiny), make([]byte, i))
	}
	_ = build(10)
}

type (
	first  struct{ n int }
	second struct{ p *int }
	third  []byte
	fourth func()
)

func (first) String() string  { return "first" }
func (second) String() string { return "second" }
func (third) String() string  { return "third" }
func (fourth) String() string { return "fourth" }

func itabs() {
	for _, value := range []interface{}{first{1}, second{new(int)}, third{1}, fourth(nop), 3, "text"} {
		if stringer, ok := value.(fmt.Stringer); ok {
			keep = append(keep, stringer)
		}
		if writer, ok := value.(io.Writer); ok {
			keep = append(keep, writer)
		}
	}
}

func gcs() {
	for i := 0; i < 300; i++ {
		keep = append(keep, new(node))
		runtime.GC()
	}
}

// 64 MB of every size, with and without pointers, with holes.
func heap() {
	total := 0
	for i := 0; total < 64<<20; i++ {
		size := 1 << (i % 17)
		bytes := make([]byte, size+i%7)
		pointers := make([]*node, 1+size/64)
		pointers[0] = new(node)
		if i%3 != 0 {
			keep = append(keep, bytes, pointers)
			total += size + size/8
		}
	}
	keep = append(keep, make([]byte, 3<<20), make([]*node, 1<<18))
	build(14)
}

// Garbage while the collector runs: the dump may fall into a sweep.
func churn() {
	runtime.SetFinalizer(new(node), func(*node) {})
	for i := 0; i < 200; i++ {
		keep = append(keep, build(8))
		build(10)
		if i%20 == 0 {
			go runtime.GC()
		}
	}
	go runtime.GC()
	runtime.Gosched()
}
