// compare: is the MemStats record of a dump what the program that wrote it was told by runtime.ReadMemStats?
//
// compare PROGRAM.json INFO.json; prints each number that differs and ends with 1. Between the two
// reads a stack may come or go: what that moves is compared in sum only, and said.
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

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: compare PROGRAM.json INFO.json")
		os.Exit(2)
	}
	var program runtime.MemStats
	var info struct {
		Memstats map[string]json.RawMessage
		Records  map[string]uint64
	}
	read(os.Args[1], &program)
	read(os.Args[2], &info)
	var dump runtime.MemStats
	text, _ := json.Marshal(info.Memstats)
	if err := json.Unmarshal(text, &dump); err != nil {
		fmt.Fprintf(os.Stderr, "compare: %s: %v\n", os.Args[2], err)
		os.Exit(2)
	}
	differences, compared := 0, 0
	ours, theirs := reflect.ValueOf(dump), reflect.ValueOf(program)
	differ := func(name string, program, dump interface{}) {
		compared++
		if !reflect.DeepEqual(program, dump) {
			fmt.Printf("  %s: the program %v, the dump %v\n", name, program, dump)
			differences++
		}
	}
	for name := range info.Memstats {
		field := ours.FieldByName(name)
		if !field.IsValid() {
			fmt.Printf("  %s: Go has no such field\n", name)
			differences++
		} else if !moving[name] {
			differ(name, theirs.FieldByName(name).Interface(), field.Interface())
		}
	}
	differ("HeapSys+StackSys", program.HeapSys+program.StackSys, dump.HeapSys+dump.StackSys)
	differ("records of Object", program.HeapObjects, info.Records["Object"])
	if len(info.Memstats) != 26 {
		fmt.Printf("  %d fields of MemStats, not 26\n", len(info.Memstats))
		differences++
	}
	if differences > 0 {
		os.Exit(1)
	}
	fmt.Printf("  %d numbers agree\n", compared)
}
