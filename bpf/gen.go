// Package bpf holds the programs that run in the kernel, one object for each
// way of hooking (tier), and the bindings generated from them. It captures and
// does nothing else: see package monitor/capture for what loads and reads them.
package bpf

//go:generate go tool bpf2go -no-global-types -cc clang-19 -strip llvm-strip-19 -target bpfel -type process_record -type request_record -type link_state -type loss Fexit tier_fexit.c -- -O2 -g -mcpu=v3 -Wall -Werror -Iinclude
//go:generate go tool bpf2go -no-global-types -cc clang-19 -strip llvm-strip-19 -target amd64,arm64 Kprobe tier_kprobe.c -- -O2 -g -mcpu=v3 -Wall -Werror -Iinclude
//go:generate go tool bpf2go -no-global-types -cc clang-19 -strip llvm-strip-19 -target bpfel Tracepoint tier_tracepoint.c -- -O2 -g -mcpu=v3 -Wall -Werror -Iinclude
