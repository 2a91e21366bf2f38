// found: what a public reader finds in a dump, as the JSON object that `countercheck dump info` prints of the same. Each
// reader's driver fills it; ci/interop/public/run puts this file beside the driver, into that reader's module.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
)

type found struct {
	Records     map[string]int    `json:"records"`
	Untold      []string          `json:"untold,omitempty"` // records that the reader does not count
	ObjectBytes uint64            `json:"object_bytes"`
	PointerSize uint64            `json:"pointer_size"`
	BigEndian   bool              `json:"big_endian"`
	ArenaStart  uint64            `json:"arena_start"`
	ArenaEnd    uint64            `json:"arena_end"`
	MemStats    map[string]uint64 `json:"memstats"`
}

// addStats adds the numbers of a struct by the names of its fields.
func (f *found) addStats(stats reflect.Value) {
	if f.MemStats == nil {
		f.MemStats = map[string]uint64{}
	}
	for i := 0; i < stats.NumField(); i++ {
		if field := stats.Field(i); field.CanUint() {
			f.MemStats[stats.Type().Field(i).Name] = field.Uint()
		}
	}
}

// main prints what the driver's readDump finds in the file.
func main() {
	f, err := readDump(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
