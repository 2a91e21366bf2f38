// records: what a public reader with ReadHeader() and ReadRecord() finds in a dump, as the JSON object that `countercheck
// dump info` prints of the same. ci/interop/public/run puts the reader's package in place of READER_PACKAGE. The readers
// differ in names alone: these are looked up by reflection, whatever their case.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"strings"

	reader "READER_PACKAGE"
)

// Our name of each record, by the names that the readers have for it.
var names = map[string]string{
	"eof": "EOF", "object": "Object", "otherroot": "OtherRoot", "typedescriptor": "Type", "goroutine": "Goroutine",
	"stackframe": "StackFrame", "dumpparams": "Params", "registeredfinalizer": "Finalizer", "itab": "Itab",
	"osthread": "OSThread", "memstats": "MemStats", "queuedfinalizer": "QueuedFinalizer", "datasegment": "Data",
	"bsssegment": "BSS", "defer": "Defer", "panic": "Panic", "allocfreeprofile": "MemProf",
	"allocstacktracesample": "AllocSample",
}

// field is the first field of a record that has one of the names.
func field(record reflect.Value, names ...string) reflect.Value {
	for _, name := range names {
		if value := record.FieldByName(name); value.IsValid() {
			return value
		}
	}
	panic(fmt.Sprintf("%s has none of the fields %v", record.Type(), names))
}

func (f *found) add(record reflect.Value) string {
	// "DeferRecord", "DeferRecordRecord": the same
	name := strings.ToLower(record.Type().Name())
	for strings.HasSuffix(name, "record") {
		name = strings.TrimSuffix(name, "record")
	}
	name = names[name]
	f.Records[name]++
	switch name {
	case "Object":
		f.ObjectBytes += uint64(field(record, "Contents").Len())
	case "Params":
		f.BigEndian = field(record, "BigEndian").Bool()
		f.PointerSize = field(record, "PointerSize", "PtrSize").Uint()
		f.ArenaStart = field(record, "HeapStart", "HeapStartAddr").Uint()
		f.ArenaEnd = field(record, "HeapEnd", "HeapEndAddr").Uint()
	case "MemStats":
		f.addStats(record)
	}
	return name
}

func readDump(path string) (*found, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f := &found{Records: map[string]int{}}
	buffered := bufio.NewReader(file)
	if err := reader.ReadHeader(buffered); err != nil {
		return nil, err
	}
	for {
		record, err := reader.ReadRecord(buffered)
		if err != nil {
			return nil, err
		}
		if f.add(reflect.ValueOf(record).Elem()) == "EOF" {
			return f, nil
		}
	}
}
