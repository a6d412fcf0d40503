/* SPDX-License-Identifier: GPL-2.0-only */
/* A program that is at work keeps its processor. */
#ifndef WRONGNS_PREEMPT_H
#define WRONGNS_PREEMPT_H

#include "kernel.h"

/*
 * A kernel that can be preempted may take the processor away from a program that
 * is at work: trampolines do not forbid it, and since 7.0 neither do tracepoints.
 * If another thread then makes a request on that processor, the kernel finds the
 * program busy and skips it. So on such a kernel the loader attaches each program
 * twice, and what the one has to skip is left to the other (see spare).
 *
 * That alone would let two programs work in the same per-CPU memory at once. So
 * each holds its processor while it works; it can lose it only just before and
 * just after.
 */
extern void bpf_preempt_disable(void) __weak __ksym; /* 6.11; weak, for the call stays where it is never made */
extern void bpf_preempt_enable(void) __weak __ksym;

/*
 * Only from 6.15 on does the verifier let a program that holds its processor call
 * global functions, of which it then asks whether they might sleep.
 */
struct bpf_subprog_info {
	bool might_sleep;
} __attribute__((preserve_access_index));

static __always_inline bool can_hold(void)
{
	return bpf_core_field_exists(struct bpf_subprog_info, might_sleep);
}

static __always_inline void hold_processor(void)
{
	if (can_hold())
		bpf_preempt_disable();
}

static __always_inline void release_processor(void)
{
	if (can_hold())
		bpf_preempt_enable();
}

/* Set by the loader: the programs whose names end in _spare are attached, too. */
const volatile bool spare;

#endif
