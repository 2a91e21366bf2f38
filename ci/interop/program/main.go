// main: brings a Go program into a known state and takes its heap dump beside its own MemStats.
//
// program SCENARIO DUMP prints runtime.MemStats as JSON, read just before the dump with the collector
// stopped and every other goroutine blocked, so that the dump's MemStats record must say the same. The
// scenario "churn" dumps in the middle of things: then only the dump counts.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"time"
)

// keep holds what must be alive in the dump.
var keep []interface{}

var scenarios = map[string]func(){
	"empty":      func() {},
	"waits":      waits,
	"defers":     defers,
	"panics":     panics,
	"finalizers": finalizers,
	"profile":    profile,
	"itabs":      itabs,
	"gcs":        gcs,
	"heap":       heap,
	"churn":      churn,
}

func list() {
	var names []string
	for name := range scenarios {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(name)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "program:", err)
	os.Exit(1)
}

// dump writes the dump beside the statistics, and again when the runtime allocated something in between.
func dump(file *os.File, descriptor uintptr, before *runtime.MemStats) {
	var after runtime.MemStats
	for attempt := 0; attempt < 20; attempt++ {
		if _, err := file.Seek(0, 0); err != nil {
			fail(err)
		}
		if err := file.Truncate(0); err != nil {
			fail(err)
		}
		runtime.ReadMemStats(before)
		debug.WriteHeapDump(descriptor)
		runtime.ReadMemStats(&after)
		if before.Mallocs == after.Mallocs && before.Frees == after.Frees {
			return
		}
	}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "list" {
		list()
		return
	}
	if len(os.Args) != 3 || scenarios[os.Args[1]] == nil {
		fail(fmt.Errorf("usage: program SCENARIO DUMP, or program list"))
	}
	file, err := os.Create(os.Args[2])
	if err != nil {
		fail(err)
	}
	descriptor := file.Fd()
	var stats runtime.MemStats
	debug.SetGCPercent(-1)
	scenarios[os.Args[1]]()
	if os.Args[1] != "churn" {
		time.Sleep(50 * time.Millisecond) // until the others are blocked
		runtime.GC()
		runtime.GC() // the profile shows completed cycles
		time.Sleep(20 * time.Millisecond)
	}
	dump(file, descriptor, &stats)
	if err := file.Close(); err != nil {
		fail(err)
	}
	runtime.KeepAlive(keep)
	if err := json.NewEncoder(os.Stdout).Encode(&stats); err != nil {
		fail(err)
	}
}
