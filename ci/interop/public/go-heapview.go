// go-heapview: what the public reader go-heapview finds in a dump, as the JSON object that `countercheck dump info` prints of
// the same: records by kind, bytes of objects, statistics. Built inside that reader's module, since its parser is internal.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/alexey-medvedchikov/go-heapview/internal/heapfile"
)

type found struct {
	Records     map[string]int    `json:"records"`
	ObjectBytes uint64            `json:"object_bytes"`
	PointerSize uint64            `json:"pointer_size"`
	BigEndian   bool              `json:"big_endian"`
	ArenaStart  uint64            `json:"arena_start"`
	ArenaEnd    uint64            `json:"arena_end"`
	MemStats    map[string]uint64 `json:"memstats"`
}

func readDump(file *os.File) (*found, error) {
	f := &found{Records: map[string]int{"EOF": 1}, MemStats: map[string]uint64{}}
	count := func(name string) error { f.Records[name]++; return nil }
	reader := heapfile.DumpReader{
		OnObjectFn: func(o heapfile.Object) error {
			f.ObjectBytes += uint64(len(o.Contents))
			return count("Object")
		},
		OnDumpParamsFn: func(p heapfile.DumpParams) error {
			f.PointerSize, f.BigEndian = p.PointerSize, p.BigEndian
			f.ArenaStart, f.ArenaEnd = p.HeapStartAddr, p.HeapEndAddr
			return count("Params")
		},
		OnMemStatsFn: func(m heapfile.MemStats) error {
			value := reflect.ValueOf(m)
			for i := 0; i < value.NumField(); i++ {
				if value.Field(i).Kind() == reflect.Uint64 {
					f.MemStats[value.Type().Field(i).Name] = value.Field(i).Uint()
				}
			}
			return count("MemStats")
		},
		OnOtherRootFn:        func(heapfile.OtherRoot) error { return count("OtherRoot") },
		OnTypeDescFn:         func(heapfile.TypeDesc) error { return count("Type") },
		OnGoroutineFn:        func(heapfile.Goroutine) error { return count("Goroutine") },
		OnStackFrameFn:       func(heapfile.StackFrame) error { return count("StackFrame") },
		OnFinalizerFn:        func(heapfile.Finalizer) error { return count("Finalizer") },
		OnItabFn:             func(heapfile.Itab) error { return count("Itab") },
		OnOSThreadFn:         func(heapfile.OSThread) error { return count("OSThread") },
		OnQueuedFinalizerFn:  func(heapfile.Finalizer) error { return count("QueuedFinalizer") },
		OnDataSegmentFn:      func(heapfile.Segment) error { return count("Data") },
		OnBSSSegmentFn:       func(heapfile.Segment) error { return count("BSS") },
		OnDeferFn:            func(heapfile.Defer) error { return count("Defer") },
		OnPanicFn:            func(heapfile.Panic) error { return count("Panic") },
		OnAllocProfileFn:     func(heapfile.AllocProfile) error { return count("MemProf") },
		OnAllocStackSampleFn: func(heapfile.AllocStackSample) error { return count("AllocSample") },
	}
	return f, reader.Read(bufio.NewReader(file))
}

func main() {
	file, err := os.Open(os.Args[1])
	if err == nil {
		var f *found
		if f, err = readDump(file); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(f)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
