// go_rate_of_zero: an allocation is sampled although the profile's rate is 0.
//
// go run go_rate_of_zero.go
// Debian: golang-1.24-go 1.24.4
// Status 1: the defect shows.
package main

import (
	"fmt"
	"os"
	"runtime"
)

var first, second []byte

// Objects of 1,024 bytes that the profile has.
func sampled() (count int64) {
	for i := 0; i < 4; i++ { // it is up to two cycles old
		runtime.GC()
	}
	records := make([]runtime.MemProfileRecord, 256)
	n, _ := runtime.MemProfile(records, true)
	for _, record := range records[:n] {
		if record.AllocObjects > 0 && record.AllocBytes == 1024*record.AllocObjects {
			count += record.AllocObjects
		}
	}
	return count
}

func main() {
	runtime.MemProfileRate = 1
	first = make([]byte, 48)
	runtime.MemProfileRate = 0 // "To turn off profiling entirely"
	second = make([]byte, 1000)
	count := sampled()
	fmt.Printf("%s: rate 0, an object of 1000 bytes: %d sampled\n", runtime.Version(), count)
	if count > 0 {
		os.Exit(1)
	}
}
