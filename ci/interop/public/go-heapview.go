// go-heapview: what the public reader go-heapview finds in a dump, as the JSON object that `countercheck dump info` prints of
// the same: records by kind, bytes of objects, statistics. Built inside that reader's module, since its parser is internal.
package main

import (
	"bufio"
	"os"
	"reflect"

	"github.com/alexey-medvedchikov/go-heapview/internal/heapfile"
)

func readDump(path string) (*found, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f := &found{Records: map[string]int{"EOF": 1}}
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
			f.addStats(reflect.ValueOf(m))
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
