// go: Go's own runtime, by runtime.MemStats, runtime/metrics, its profile and its heap dump.
// needs: golang-go go
// build: go build -o OUT SOURCE
// run: OUT
//
// Nothing here allocates between a request and its answer but the objects that are asked for, so
// that counts are exact. Objects below 16 bytes hold pointers: without, Go packs several into one
// block and counts them otherwise (runtime/metrics, /gc/heap/tiny/allocs). GC runs on request.
//
// At the first settle of a program with objects `countercheck dump verify` reads a heap dump, and what
// that says is what verify tells. The command is the one that started this, or what COUNTERCHECK names.
package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sort"
	"strconv"
	"time"
	"unsafe"
)

const (
	objectsMax  = 70000
	pageBytes   = 8192
	rowsBySize  = 61 // of MemStats.BySize
	settleTries = 2000
	recordsMax  = 256 // of the profile
)

var (
	objects                         [objectsMax]unsafe.Pointer
	leaves                          [objectsMax]chan struct{} // of the goroutine that holds the object
	memory                          runtime.MemStats
	before                          [32]uint64 // values of memoryNames
	samples, samplesAgain           []metrics.Sample
	records                         [recordsMax]runtime.MemProfileRecord
	allocsBySize                    []uint64 // the upper bounds of /gc/heap/allocs-by-size
	option                          string
	finalized, dropped              uint64 // of objects with a finalizer
	out                             = make([]byte, 0, 1<<16)
	dumpTo, verifierIn, verifierOut *os.File // nil: dumps are not verified
	answered                        = []byte{'\n', 0, 0}
	hasDumped, isWrong              bool // in this program; a dump did not verify
	done                            = make(chan struct{})
)

// In the order of the description. By name, of runtime/metrics.
var metricNames = []struct{ kind, name, metric string }{
	{"gauge", "m.total", "/memory/classes/total:bytes"},
	{"gauge", "m.objects_bytes", "/memory/classes/heap/objects:bytes"},
	{"gauge", "m.unused", "/memory/classes/heap/unused:bytes"},
	{"gauge", "m.free", "/memory/classes/heap/free:bytes"},
	{"gauge", "m.released", "/memory/classes/heap/released:bytes"},
	{"gauge", "m.stacks", "/memory/classes/heap/stacks:bytes"},
	{"gauge", "m.os_stacks", "/memory/classes/os-stacks:bytes"},
	{"gauge", "m.mspan_inuse", "/memory/classes/metadata/mspan/inuse:bytes"},
	{"gauge", "m.mspan_free", "/memory/classes/metadata/mspan/free:bytes"},
	{"gauge", "m.mcache_inuse", "/memory/classes/metadata/mcache/inuse:bytes"},
	{"gauge", "m.mcache_free", "/memory/classes/metadata/mcache/free:bytes"},
	{"gauge", "m.profiling", "/memory/classes/profiling/buckets:bytes"},
	{"gauge", "m.metadata", "/memory/classes/metadata/other:bytes"},
	{"gauge", "m.other", "/memory/classes/other:bytes"},
	{"cumulative", "m.allocs_bytes", "/gc/heap/allocs:bytes"},
	{"cumulative", "m.allocs", "/gc/heap/allocs:objects"},
	{"cumulative", "m.frees_bytes", "/gc/heap/frees:bytes"},
	{"cumulative", "m.frees", "/gc/heap/frees:objects"},
	{"cumulative", "m.tiny", "/gc/heap/tiny/allocs:objects"},
	{"gauge", "m.objects", "/gc/heap/objects:objects"},
	{"plain", "m.goal", "/gc/heap/goal:bytes"},
	{"cumulative", "m.cycles", "/gc/cycles/total:gc-cycles"},
	{"cumulative", "m.cycles_forced", "/gc/cycles/forced:gc-cycles"},
	{"cumulative", "m.cycles_automatic", "/gc/cycles/automatic:gc-cycles"},
	{"constant", "m.stack_start", "/gc/stack/starting-size:bytes"},
	{"gauge", "m.goroutines", "/sched/goroutines:goroutines"},
	{"cumulative", "m.allocs_by_size", "/gc/heap/allocs-by-size:bytes"},
	{"cumulative", "m.frees_by_size", "/gc/heap/frees-by-size:bytes"},
}

var memoryNames = []struct {
	kind, name string
	value      *uint64
}{
	{"gauge", "alloc", &memory.Alloc},
	{"cumulative", "total_alloc", &memory.TotalAlloc},
	{"gauge", "sys", &memory.Sys},
	{"cumulative", "mallocs", &memory.Mallocs},
	{"cumulative", "frees", &memory.Frees},
	{"gauge", "heap_alloc", &memory.HeapAlloc},
	{"gauge", "heap_sys", &memory.HeapSys},
	{"gauge", "heap_idle", &memory.HeapIdle},
	{"gauge", "heap_inuse", &memory.HeapInuse},
	{"gauge", "heap_released", &memory.HeapReleased},
	{"gauge", "heap_objects", &memory.HeapObjects},
	{"gauge", "stack_inuse", &memory.StackInuse},
	{"gauge", "stack_sys", &memory.StackSys},
	{"gauge", "mspan_inuse", &memory.MSpanInuse},
	{"gauge", "mspan_sys", &memory.MSpanSys},
	{"gauge", "mcache_inuse", &memory.MCacheInuse},
	{"gauge", "mcache_sys", &memory.MCacheSys},
	{"gauge", "buck_hash_sys", &memory.BuckHashSys},
	{"gauge", "gc_sys", &memory.GCSys},
	{"gauge", "other_sys", &memory.OtherSys},
	{"constant", "lookups", &memory.Lookups},
	{"plain", "next_gc", &memory.NextGC},
}

// ---- answers

func say(words ...string) {
	for _, word := range words {
		out = append(out, word...)
	}
	out = append(out, '\n')
}

func number(value uint64) {
	out = strconv.AppendUint(out, value, 10)
	out = append(out, ' ')
}

// What nobody but the program moves. The collector, the scavenger and stacks move the rest at any time.
var steady = map[string]bool{"total_alloc": true, "mallocs": true, "lookups": true, "m.allocs_bytes": true,
	"m.allocs": true, "m.tiny": true, "m.allocs_by_size": true, "m.stack_start": true}

func sayStatistic(kind, name, count string) {
	if !steady[name] {
		count += " unsteady"
	}
	say("statistic ", kind, " ", name, count)
}

func describe() {
	say("name go")
	say("version ", runtime.Version()[2:])
	say("alignment 8")
	say("is random")
	say("does zeroed free collect purge settle verify")
	for _, name := range []string{"plain", "automatic", "finalizers", "profile", "goroutines"} {
		say("option ", name)
	}
	for _, one := range memoryNames {
		sayStatistic(one.kind, one.name, "")
	}
	say("statistic cumulative num_gc bits=32 unsteady")
	say("statistic cumulative num_forced_gc bits=32 unsteady")
	say("statistic gauge goroutines")
	say("statistic cumulative finalized unsteady")
	for _, name := range []string{"allocs", "alloc_bytes", "frees", "free_bytes"} {
		say("statistic cumulative profile.", name, " unsteady")
	}
	say("statistic constant by_size.size count=61")
	say("statistic cumulative by_size.mallocs count=61")
	say("statistic cumulative by_size.frees count=61 unsteady")
	for i, one := range metricNames {
		count := ""
		if samples[i].Value.Kind() == metrics.KindFloat64Histogram {
			count = " count=" + strconv.Itoa(len(samples[i].Value.Float64Histogram().Counts))
		}
		sayStatistic(one.kind, one.name, count)
	}
	say("ready")
}

// Whether the metrics are as they were.
func isSame() bool {
	for i := range samples {
		if samples[i].Value.Kind() == metrics.KindUint64 && samples[i].Value.Uint64() != samplesAgain[i].Value.Uint64() {
			return false
		}
	}
	return true
}

// Both accounts of one moment, each read twice in turn: the runtime's own goroutines and threads may do something in
// between.
func readBoth() {
	for same := false; !same; {
		runtime.ReadMemStats(&memory)
		metrics.Read(samples)
		for i := range memoryNames {
			before[i] = *memoryNames[i].value
		}
		runtime.ReadMemStats(&memory)
		metrics.Read(samplesAgain)
		same = isSame()
		for i := range memoryNames {
			same = same && before[i] == *memoryNames[i].value
		}
	}
}

func readProfile() {
	count, ok := runtime.MemProfile(records[:], true)
	if !ok {
		complain("the profile has more than 256 records")
	}
	var sums [4]int64
	for i := range records[:count] {
		sums[0] += records[i].AllocObjects
		sums[1] += records[i].AllocBytes
		sums[2] += records[i].FreeObjects
		sums[3] += records[i].FreeBytes
	}
	for _, sum := range sums {
		number(uint64(sum))
	}
}

func read() {
	readBoth()
	for i := range memoryNames {
		number(*memoryNames[i].value)
	}
	number(uint64(memory.NumGC))
	number(uint64(memory.NumForcedGC))
	number(uint64(runtime.NumGoroutine()))
	number(finalized)
	readProfile()
	for i := range memory.BySize {
		number(uint64(memory.BySize[i].Size))
	}
	for i := range memory.BySize {
		number(memory.BySize[i].Mallocs)
	}
	for i := range memory.BySize {
		number(memory.BySize[i].Frees)
	}
	for i := range samples {
		if samples[i].Value.Kind() == metrics.KindUint64 {
			number(samples[i].Value.Uint64())
			continue
		}
		for _, count := range samples[i].Value.Float64Histogram().Counts {
			number(count)
		}
	}
	out[len(out)-1] = '\n'
}

// ---- objects

func note(*byte)     { finalized++ }
func notePtr(**byte) { finalized++ }

//go:noinline
func fill(size int) unsafe.Pointer {
	if size < 16 {
		pointers := make([]*byte, (size+7)/8)
		if option == "finalizers" {
			runtime.SetFinalizer(&pointers[0], notePtr)
		}
		return unsafe.Pointer(&pointers[0])
	}
	block := make([]byte, size)
	if option == "finalizers" {
		runtime.SetFinalizer(&block[0], note)
	}
	return unsafe.Pointer(&block[0])
}

// An object whose goroutine is the only one that knows it.
func hold(size int, leave chan struct{}) {
	object := fill(size)
	done <- struct{}{}
	<-leave
	runtime.KeepAlive(object)
	done <- struct{}{}
}

func alloc(at, size int) {
	if size == 0 {
		say("failed")
		return
	}
	if option == "goroutines" {
		leaves[at] = make(chan struct{})
		go hold(size, leaves[at])
		<-done
	} else {
		objects[at] = fill(size)
	}
	charged, row := (size+pageBytes-1)/pageBytes*pageBytes, -1
	if class := sort.Search(len(allocsBySize), func(i int) bool { return allocsBySize[i] >= uint64(size) }); class < len(allocsBySize) {
		charged = int(allocsBySize[class])
		if row = class + 1; row >= rowsBySize {
			row = -1
		}
	}
	out = append(out, "ok "...)
	number(uint64(size))
	number(uint64(charged))
	if row < 0 {
		number(1<<32 - 1)
	} else {
		number(uint64(row))
	}
	out[len(out)-1] = '\n'
}

func free(at int) {
	if leave := leaves[at]; leave != nil {
		before := runtime.NumGoroutine()
		leave <- struct{}{}
		<-done
		for i := 0; i < settleTries && runtime.NumGoroutine() >= before; i++ {
			runtime.Gosched() // it has answered, and its end is near
		}
	}
	if option == "finalizers" {
		dropped++
	}
	objects[at], leaves[at] = nil, nil
}

func collect() {
	runtime.GC()
	if option == "finalizers" {
		for i := 0; i < settleTries && finalized < dropped; i++ {
			time.Sleep(100 * time.Microsecond)
		}
		runtime.GC() // whose finalizers ran
	}
	if option == "profile" { // it is up to two cycles old
		runtime.GC()
		runtime.GC()
	}
}

func begin(name []byte) {
	option = string(name)
	runtime.MemProfileRate = 0
	debug.SetGCPercent(-1)
	for i := 0; i < 3; i++ { // what is allocated once is there before the first number counts
		runtime.GC()
		read()
		out = out[:0]
	}
	finalized, dropped, hasDumped = 0, 0, false
	if option == "automatic" {
		debug.SetGCPercent(1)
	}
	if option == "profile" {
		runtime.MemProfileRate = 1
	}
}

// ---- requests

func parse(text []byte) int {
	value := 0
	for _, digit := range text {
		value = value*10 + int(digit-'0')
	}
	return value
}

func answer(verb, first, second []byte) {
	switch string(verb) {
	case "alloc", "zeroed":
		alloc(parse(first), parse(second))
		return
	case "read":
		read()
		return
	case "free":
		free(parse(first))
	case "collect":
		collect()
	case "purge":
		debug.FreeOSMemory()
	case "begin":
		begin(first)
	case "settle":
		verifyDump()
	case "verify":
		if isWrong {
			say("its heap dump does not verify")
			return
		}
	case "end":
	default:
		say("no such request")
		return
	}
	say("ok")
}

func listen() {
	in := bufio.NewReaderSize(os.Stdin, 4096)
	for {
		if _, err := os.Stdout.Write(out); err != nil {
			return
		}
		out = out[:0]
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		verb, rest, _ := bytes.Cut(line[:len(line)-1], []byte(" "))
		first, second, _ := bytes.Cut(rest, []byte(" "))
		answer(verb, first, second)
	}
}

func prepare() {
	samples = make([]metrics.Sample, len(metricNames))
	samplesAgain = make([]metrics.Sample, len(metricNames))
	for i := range metricNames {
		samples[i].Name = metricNames[i].metric
		samplesAgain[i].Name = metricNames[i].metric
	}
	metrics.Read(samples)
	metrics.Read(samplesAgain)
	for i := range metricNames {
		if metricNames[i].name == "m.allocs_by_size" {
			for _, bound := range samples[i].Value.Float64Histogram().Buckets {
				if bound > 1 && bound <= 32769 {
					allocsBySize = append(allocsBySize, uint64(bound)-1)
				}
			}
		}
	}
}

// ---- dumps, without an allocation while numbers are compared

// The command that started this, or one that the environment names; "": neither.
func verifier() string {
	if command := os.Getenv("COUNTERCHECK"); command != "" {
		return command
	}
	command, err := os.Readlink("/proc/" + strconv.Itoa(os.Getppid()) + "/exe")
	if err != nil || path.Base(command) != "countercheck" {
		return ""
	}
	return command
}

// A shell that verifies the file each time that it gets a line, and answers with one.
func startVerifier() {
	command := verifier()
	if command == "" {
		return
	}
	file, err := os.CreateTemp("", "go-heap-dump")
	if err != nil {
		complain(err.Error())
	}
	os.Remove(file.Name())
	shell := exec.Command("sh", "-c", `while read -r line; do
		report=$("$0" dump verify /dev/fd/3 2>&1) && echo 0 || { echo "$report" >&2; echo 1; }; done`, command)
	shell.ExtraFiles = []*os.File{file}
	shell.Stderr = os.Stderr
	var requests, answers *os.File
	requests, verifierIn, _ = os.Pipe()
	verifierOut, answers, _ = os.Pipe()
	shell.Stdin, shell.Stdout = requests, answers
	if err := shell.Start(); err != nil {
		complain(err.Error())
	}
	requests.Close()
	answers.Close()
	dumpTo = file
}

func complain(why string) {
	os.Stderr.WriteString(why + "\n")
	os.Exit(3)
}

func verifyDump() {
	if dumpTo == nil || hasDumped {
		return
	}
	hasDumped = true
	dumpTo.Truncate(0)
	dumpTo.Seek(0, 0)
	debug.WriteHeapDump(dumpTo.Fd())
	dumpTo.Seek(0, 0)
	verifierIn.Write(answered[:1])
	if count, err := verifierOut.Read(answered[1:3]); err != nil || count != 2 || answered[1] != '0' {
		isWrong = true
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	prepare()
	startVerifier()
	describe()
	listen()
}
