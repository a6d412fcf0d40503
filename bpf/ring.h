/* SPDX-License-Identifier: GPL-2.0-only */
/* The way out: one ring for all records, and counters for what did not get on it. */
#ifndef WRONGNS_RING_H
#define WRONGNS_RING_H

#include "kernel.h"
#include "record.h"

/*
 * Programs work in per-CPU memory of their own, told apart by their door and by
 * whether they run at a request's beginning: one that is interrupted by another
 * must find its work as it left it. DOOR_RTNETLINK and DOOR_IOCTL are the ends'.
 */
#define SCRATCH_RTNETLINK_BEGIN 0
#define SCRATCH_IOCTL_BEGIN     3
#define SCRATCHES               4

/* Set by the loader before the programs are loaded. */
const volatile __u32 self_tgid;    /* the monitor: its own look-ups are not reported */
const volatile __u32 only_netns;   /* report only this namespace; 0: all */
const volatile __u32 only_family;  /* report only this process and its descendants; 0: all */
const volatile __u32 families = /* bit (type - RTM_BASE) / 4 of the message kinds wanted */
	1U << 0 | 1U << 1 | 1U << 2     /* links, addresses, routes */
	| 1U << 3 | 1U << 4             /* neighbours, rules */
	| 1U << 5 | 1U << 6 | 1U << 7   /* qdiscs, classes, filters */
	| 1U << 22;                     /* nexthops */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24); /* the loader may choose another size */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_CAUSES);
	__type(key, enum loss);
	__type(value, __u64);
} losses SEC(".maps");

static __always_inline void count_loss(enum loss cause)
{
	__u64 *n = bpf_map_lookup_elem(&losses, &cause);

	if (n)
		*n += 1;
}

/*
 * Puts a record on the ring. The kernel wakes the reader only if it had read
 * all that came before, and the reader waits a little before it reads on: so a
 * burst costs one wake-up, not one for each event.
 */
static __always_inline bool send(const void *record, __u32 length)
{
	return bpf_ringbuf_output(&ring, (void *)record, length, 0) == 0;
}

#endif
