// go.mod: a module of its own, of the standard library alone, so that it builds without a network.
module countercheck/interop/decode

go 1.19
