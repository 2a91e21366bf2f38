// compare: does `countercheck dump info` say of a dump what the program that wrote it and another reader say?
//
// compare INFO.json DECODE.json [PROGRAM.json]: the counts of records are the other reader's; the MemStats record
// is what the program was told by runtime.ReadMemStats. Prints each number that differs and ends with
// 1. Between the program's read and the dump a stack may come or go: what that moves is compared in sum.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
)

// What a stack span, or a page released in the background, moves between the two reads.
var moving = map[string]bool{
	"HeapSys": true, "HeapIdle": true, "HeapReleased": true, "StackInuse": true, "StackSys": true,
	"NextGC": true,
}

func read(path string, into interface{}) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "compare: %s: %v\n", path, err)
		os.Exit(2)
	}
}

type summary struct {
	Memstats    map[string]json.RawMessage
	Records     map[string]uint64
	ObjectBytes uint64 `json:"object_bytes"`
}

var differences, compared int

func same(name string, theirs, ours interface{}) {
	compared++
	if !reflect.DeepEqual(theirs, ours) {
		fmt.Printf("  %s: %v, but the dump says %v\n", name, theirs, ours)
		differences++
	}
}

// compareStats compares all of MemStats but what a stack may move.
func compareStats(info summary, program runtime.MemStats) {
	var dump runtime.MemStats
	text, _ := json.Marshal(info.Memstats)
	if err := json.Unmarshal(text, &dump); err != nil {
		fmt.Fprintf(os.Stderr, "compare: %v\n", err)
		os.Exit(2)
	}
	ours, theirs := reflect.ValueOf(dump), reflect.ValueOf(program)
	for name := range info.Memstats {
		field := ours.FieldByName(name)
		if !field.IsValid() {
			same(name, "no field of Go's", "one")
		} else if !moving[name] {
			same(name, theirs.FieldByName(name).Interface(), field.Interface())
		}
	}
	same("HeapSys+StackSys", program.HeapSys+program.StackSys, dump.HeapSys+dump.StackSys)
	same("HeapObjects, as records", program.HeapObjects, info.Records["Object"])
	same("fields of MemStats", 26, len(info.Memstats))
}

func main() {
	var info, decoded summary
	var program runtime.MemStats
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: compare INFO.json DECODE.json [PROGRAM.json]")
		os.Exit(2)
	}
	read(os.Args[1], &info)
	read(os.Args[2], &decoded)
	same("records", decoded.Records, info.Records)
	same("object_bytes", decoded.ObjectBytes, info.ObjectBytes)
	if len(os.Args) == 4 {
		read(os.Args[3], &program)
		compareStats(info, program)
	}
	if differences > 0 {
		os.Exit(1)
	}
	fmt.Printf("  %d numbers agree\n", compared)
}
