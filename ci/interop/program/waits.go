// waits: goroutines in every wait that a program can reach by itself.
package main

import (
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

var (
	silent  = make(chan int)
	full    = make(chan int, 1)
	mutex   sync.Mutex
	rwmutex sync.RWMutex
	group   sync.WaitGroup
)

func blockOnCond() {
	var condMutex sync.Mutex
	cond := sync.NewCond(&condMutex)
	condMutex.Lock()
	cond.Wait()
}

func blockInSyscall() {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		fail(err)
	}
	runtime.LockOSThread()
	var one [1]byte
	syscall.Read(ends[0], one[:])
}

func blockInPoll() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { // a machine without a network
		<-silent
	}
	listener.Accept()
}

func blockInFile() {
	reader, _, err := os.Pipe()
	if err != nil {
		fail(err)
	}
	reader.Read(make([]byte, 1))
}

func waits() {
	mutex.Lock()
	rwmutex.Lock()
	group.Add(1)
	full <- 1
	blocks := []func(){
		func() { <-silent },
		func() { full <- 2 },
		func() {
			select {
			case <-silent:
			case full <- 3:
			}
		},
		func() { select {} },
		func() { var none chan int; <-none },
		func() { var none chan int; none <- 1 },
		func() { time.Sleep(time.Hour) },
		func() { <-time.After(time.Hour) },
		func() { mutex.Lock() },
		func() { rwmutex.RLock() },
		func() { rwmutex.Lock() },
		func() { group.Wait() },
		func() {
			for range silent {
			}
		},
		blockOnCond, blockInSyscall, blockInPoll, blockInFile,
	}
	for _, block := range blocks {
		if block != nil {
			go block()
			go deep(100, block)
		}
	}
}

// deep blocks under a stack that has grown.
func deep(depth int, block func()) {
	var room [128]byte
	if depth == 0 {
		block()
		return
	}
	deep(depth-1, block)
	runtime.KeepAlive(&room)
}
