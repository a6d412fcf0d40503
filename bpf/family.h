/* SPDX-License-Identifier: GPL-2.0-only */
/* A process and its descendants, for `trace -- CMD`. */
#ifndef WRONGNS_FAMILY_H
#define WRONGNS_FAMILY_H

#include "kernel.h"
#include "ring.h"

struct relative {
	__u64 start;
	__u32 tgid;
	__u32 pad;
};

/* The descendants. Dead ones stay: pid and start time together are never used again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct relative);
	__type(value, __u8);
} family SEC(".maps");

static __always_inline bool is_relative(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct relative key = {
		.start = BPF_CORE_READ(leader, start_boottime),
		.tgid = BPF_CORE_READ(task, tgid),
	};

	return key.tgid == only_family || bpf_map_lookup_elem(&family, &key);
}

static __always_inline bool in_family(void)
{
	return !only_family || is_relative((void *)bpf_get_current_task());
}

/* Loaded only when a family is watched. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(family_fork, struct task_struct *parent, struct task_struct *child)
{
	struct relative key = {
		.start = BPF_CORE_READ(child, start_boottime),
		.tgid = BPF_CORE_READ(child, tgid),
	};
	__u8 yes = 1;

	if (key.tgid != only_family && is_relative(parent))
		bpf_map_update_elem(&family, &key, &yes, BPF_ANY);
	return 0;
}

#endif
