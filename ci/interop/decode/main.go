// decode: a second reader of heap dumps, written as Go's own tools read them, so that ours are not only read by us.
//
// decode DUMP prints the count of each record and the bytes of all objects, as `countercheck dump info --json` names
// them. It shares nothing with the C reader but the format.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// What follows each tag: u number, b bytes of a length, f fields, s a stack of calls, p 256 numbers.
var records = []struct{ name, layout string }{
	{"EOF", ""}, {"Object", "ubf"}, {"OtherRoot", "bu"}, {"Type", "uubu"}, {"Goroutine", "uuuuuuuubuuuu"},
	{"StackFrame", "uuubuuubf"}, {"Params", "uuuubbu"}, {"Finalizer", "uuuuu"}, {"Itab", "uu"},
	{"OSThread", "uuu"}, {"MemStats", "uuuuuuuuuuuuuuuuuuuuuuuupu"}, {"QueuedFinalizer", "uuuuu"},
	{"Data", "ubf"}, {"BSS", "ubf"}, {"Defer", "uuuuuuu"}, {"Panic", "uuuuuu"}, {"MemProf", "uusuu"},
	{"AllocSample", "uu"},
}

type reader struct{ *bufio.Reader }

func fail(err error) {
	fmt.Fprintln(os.Stderr, "decode:", err)
	os.Exit(1)
}

func (r reader) number() uint64 {
	value, err := binary.ReadUvarint(r)
	if err != nil {
		fail(err)
	}
	return value
}

func (r reader) skip() uint64 {
	size := r.number()
	if _, err := io.CopyN(io.Discard, r, int64(size)); err != nil {
		fail(err)
	}
	return size
}

func (r reader) numbers(count uint64) {
	for ; count > 0; count-- {
		r.number()
	}
}

func (r reader) fields() {
	for r.number() != 0 {
		r.number()
	}
}

func (r reader) stack() {
	for count := r.number(); count > 0; count-- {
		r.skip()
		r.skip()
		r.number()
	}
}

// record reads one and returns how many bytes of memory and strings it held.
func (r reader) record(layout string) (size uint64) {
	for _, kind := range layout {
		switch kind {
		case 'u':
			r.number()
		case 'b':
			size += r.skip()
		case 'f':
			r.fields()
		case 's':
			r.stack()
		case 'p':
			r.numbers(256)
		}
	}
	return size
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: decode DUMP"))
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	r := reader{bufio.NewReaderSize(file, 1<<16)}
	if header, err := r.ReadString('\n'); err != nil || header != "go1.7 heap dump\n" {
		fail(fmt.Errorf("another header: %q", header))
	}
	counts := map[string]uint64{}
	for _, record := range records {
		counts[record.name] = 0
	}
	objectBytes := uint64(0)
	for tag := uint64(1); tag != 0; {
		tag = r.number()
		if tag >= uint64(len(records)) {
			fail(fmt.Errorf("unknown tag %d", tag))
		}
		size := r.record(records[tag].layout)
		counts[records[tag].name]++
		if records[tag].name == "Object" {
			objectBytes += size
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		fail(fmt.Errorf("bytes after EOF"))
	}
	text, _ := json.Marshal(map[string]interface{}{"records": counts, "object_bytes": objectBytes})
	fmt.Println(string(text))
}
