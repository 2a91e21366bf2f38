// stacks: defers and panics that are in progress while the dump is taken.
package main

func nop() {}

func manyDefers(count int) {
	for i := 0; i < count; i++ {
		defer func(n *int) { _ = *n }(new(int))
	}
	<-silent
}

func openCodedDefer() {
	defer nop()
	<-silent
}

func defers() {
	go manyDefers(1)
	go manyDefers(300)
	go openCodedDefer()
	go func() {
		var missing func()
		defer func() { recover() }()
		defer missing()
		<-silent
	}()
}

type trouble struct{ text string }

func (t *trouble) Error() string { return t.text }

func blockWhilePanicking(value interface{}) {
	defer func() { <-silent }()
	panic(value)
}

func panicInPanic() {
	defer func() {
		defer func() { <-silent }()
		panic("second")
	}()
	panic("first")
}

func panics() {
	go blockWhilePanicking("a string")
	go blockWhilePanicking(7)
	go blockWhilePanicking(&trouble{"an error"})
	go panicInPanic()
	go func() {
		defer func() { <-silent }()
		var none *trouble
		_ = none.text
	}()
}
