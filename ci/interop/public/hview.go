// hview: what the parser of the public viewer hview finds in a dump, as the JSON object that `countercheck dump info` prints
// of the same. It keeps each type and itab but once, however often they are recorded: their records are `untold`.
package main

import (
	"encoding/binary"
	"reflect"

	"github.com/Upliner/heapdump14/read"
)

func one(present bool) int {
	if present {
		return 1
	}
	return 0
}

func readDump(path string) (*found, error) {
	dump := read.Read(path, "") // logs a line for each record; exits with 1 when it refuses
	f := &found{
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
	}
	for i := 0; i < dump.NumObjects(); i++ {
		f.ObjectBytes += dump.Size(read.ObjId(i))
	}
	f.addStats(reflect.ValueOf(*dump.Memstats))
	return f, nil
}
