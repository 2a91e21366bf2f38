// hview: what the parser of the public viewer hview finds in a dump, as the JSON object that `countercheck dump info` prints
// of the same. It keeps each type and itab but once, however often they are recorded: their records are `untold`.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/Upliner/heapdump14/read"
)

type found struct {
	Records     map[string]int    `json:"records"`
	Untold      []string          `json:"untold"`
	ObjectBytes uint64            `json:"object_bytes"`
	PointerSize uint64            `json:"pointer_size"`
	BigEndian   bool              `json:"big_endian"`
	ArenaStart  uint64            `json:"arena_start"`
	ArenaEnd    uint64            `json:"arena_end"`
	MemStats    map[string]uint64 `json:"memstats"`
}

func one(present bool) int {
	if present {
		return 1
	}
	return 0
}

func main() {
	dump := read.Read(os.Args[1], "") // logs a line for each record; exits with 1 when it refuses
	f := found{
		Records: map[string]int{
			"EOF": 1, "Params": 1, "Object": dump.NumObjects(), "OtherRoot": len(dump.Otherroots),
			"Goroutine": len(dump.Goroutines), "StackFrame": len(dump.Frames), "Finalizer": len(dump.Finalizers),
			"QueuedFinalizer": len(dump.QFinal), "OSThread": len(dump.Osthreads), "Data": one(dump.Data != nil),
			"BSS": one(dump.Bss != nil), "MemStats": one(dump.Memstats != nil), "Defer": len(dump.Defers),
			"Panic": len(dump.Panics), "MemProf": len(dump.MemProf), "AllocSample": len(dump.AllocSamples),
		},
		Untold:      []string{"Type", "Itab"},
		PointerSize: dump.PtrSize,
		BigEndian:   dump.Order == binary.ByteOrder(binary.BigEndian),
		ArenaStart:  dump.HeapStart,
		ArenaEnd:    dump.HeapEnd,
		MemStats:    map[string]uint64{"NumGC": uint64(dump.Memstats.NumGC)},
	}
	for i := 0; i < dump.NumObjects(); i++ {
		f.ObjectBytes += dump.Size(read.ObjId(i))
	}
	stats := reflect.ValueOf(*dump.Memstats)
	for i := 0; i < stats.NumField(); i++ {
		if stats.Field(i).Kind() == reflect.Uint64 {
			f.MemStats[stats.Type().Field(i).Name] = stats.Field(i).Uint()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
