/* SPDX-License-Identifier: GPL-2.0-only */
/* Who: all that is known of the current thread, read while it still stands there. */
#ifndef WRONGNS_PROCESS_H
#define WRONGNS_PROCESS_H

#include "kernel.h"
#include "record.h"
#include "netns.h"
#include "ring.h"
#include "link.h"

#define COMMAND_LINE_MAX 1024
#define COMPONENT_MAX    256 /* one name of a path, NUL included */
#define PATH_MAX_LEN     512
#define PATH_DEPTH       24
#define CGROUP_DEPTH     12
#define ANCESTORS_MAX    16
#define TAIL_MASK        4095 /* tells the verifier what an offset into the tail can be */

struct process_scratch {
	__u32 end; /* of the tail, while it is made */
	__u32 pad;
	struct process_record record;
	__u8 tail[TAIL_MASK + 1 + COMMAND_LINE_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct process_scratch);
} process_scratch SEC(".maps");

/* The same two members as in process_record, so that a record can be remembered from where it stands. */
struct described {
	__u64 id;
	struct process_facts facts;
};
_Static_assert(offsetof(struct process_record, facts) ==
	       offsetof(struct process_record, id) + offsetof(struct described, facts),
	       "described is a part of process_record");

/* What the reader was last told of each thread, by tid. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct described);
} described SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} process_ids SEC(".maps");

/*
 * The process's place among the control groups: in the unified hierarchy, or,
 * where that is empty (v1 and hybrid set-ups), in the first v1 hierarchy that
 * has put it anywhere.
 */
static __noinline struct kernfs_node *process_cgroup(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup *cgroup = BPF_CORE_READ(set, dfl_cgrp);
	__u32 hierarchies = bpf_core_field_size(struct css_set, subsys) / sizeof(void *);

	if (BPF_CORE_READ(cgroup, level) > 0)
		return BPF_CORE_READ(cgroup, kn);
	for (__u32 i = 0; i < 16 && i < hierarchies; i++) {
		struct cgroup_subsys_state *state = NULL;
		struct cgroup *v1;

		read(state, field_address(set, struct css_set, subsys) + i * sizeof(void *));
		v1 = BPF_CORE_READ(state, cgroup);
		if (v1 && BPF_CORE_READ(v1, level) > 0)
			return BPF_CORE_READ(v1, kn);
	}
	return BPF_CORE_READ(cgroup, kn);
}

/* The namespace in which the thread has its innermost pid. */
static __always_inline __u32 pidns_inode(struct pid *pid)
{
	struct upid *upid = field_address(pid, struct pid, numbers) +
			    BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);

	return BPF_CORE_READ(upid, ns, ns.inum);
}

#define GET(pointer, field) ((pointer)->field)
#define GET_NAME(name, from) ((name).words[0] = ((union link_name *)(from))->words[0], \
			      (name).words[1] = ((union link_name *)(from))->words[1])
#define NAMED(function) function##_by_load
#include "facts.h"

#define GET(pointer, field) BPF_CORE_READ(pointer, field)
#define GET_NAME(name, from) bpf_probe_read_kernel(&(name), sizeof(name), from)
#define NAMED(function) function##_by_copy
#include "facts.h"

static __always_inline void read_facts(struct process_facts *f, struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		read_facts_by_load(f, bpf_get_current_task_btf());
	else
		read_facts_by_copy(f, task);
}

static __always_inline bool same_facts(const struct process_facts *a, const struct process_facts *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	for (__u32 i = 0; i < sizeof(*a) / sizeof(*x); i++)
		if (x[i] != y[i])
			return false;
	return true;
}

/* Appends the tgids of the ancestors to the tail: by whose hand it runs. */
static __always_inline void tail_ancestors(struct process_scratch *s, struct task_struct *task)
{
	struct task_struct *up = BPF_CORE_READ(task, group_leader, real_parent);

	for (int i = 0; i < ANCESTORS_MAX; i++) {
		__u32 tgid = BPF_CORE_READ(up, tgid);

		if (!tgid)
			break;
		*(__u32 *)&s->tail[i * sizeof(tgid)] = tgid;
		s->end = (i + 1) * sizeof(tgid);
		up = BPF_CORE_READ(up, real_parent);
	}
	s->record.ancestors = s->end;
}

/* Appends the arguments to the tail. */
static __always_inline void tail_command_line(struct process_scratch *s, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 start = BPF_CORE_READ(mm, arg_start);
	__u64 length = BPF_CORE_READ(mm, arg_end) - start;

	if (!mm)
		return;
	if (length > COMMAND_LINE_MAX) {
		length = COMMAND_LINE_MAX;
		s->record.flags |= CUT_COMMAND_LINE;
	}
	if (bpf_probe_read_user(&s->tail[s->end & TAIL_MASK], length, (void *)start)) {
		s->record.flags |= CUT_COMMAND_LINE;
		return;
	}
	s->record.command_line = length;
	s->end += length;
}

/*
 * Appends one name to the path that began at start, its NUL included. False if
 * there is no room. The end stands in memory, not in a register: each turn of the
 * loops below then looks the same to the verifier, which has to follow it only once.
 */
static __always_inline bool tail_name(struct process_scratch *s, const void *name, __u32 start)
{
	__u32 end = s->end;
	long n;

	if (end - start > PATH_MAX_LEN - COMPONENT_MAX)
		return false;
	n = bpf_probe_read_kernel_str(&s->tail[end & TAIL_MASK], COMPONENT_MAX, name);
	if (n <= 0)
		return false;
	s->end = end + n;
	return true;
}

/* Appends the path of the executable, leaf first, up to the process's own root. */
static __always_inline void tail_executable(struct process_scratch *s, struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *root = BPF_CORE_READ(task, fs, root.dentry);
	struct vfsmount *root_mount = BPF_CORE_READ(task, fs, root.mnt);
	struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);
	struct vfsmount *vfsmount = BPF_CORE_READ(exe, f_path.mnt);
	__u32 start = s->end;

	if (!exe)
		return;
	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *up = BPF_CORE_READ(dentry, d_parent);

		if (dentry == root && vfsmount == root_mount)
			goto whole;
		if (dentry == up || dentry == BPF_CORE_READ(vfsmount, mnt_root)) {
			/* The root of this mount: go on where it is mounted, if it is. */
			struct mount *mount = containing(vfsmount, struct mount, mnt);
			struct mount *below = BPF_CORE_READ(mount, mnt_parent);

			if (mount == below)
				goto whole;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			vfsmount = field_address(below, struct mount, mnt);
		} else {
			if (!tail_name(s, BPF_CORE_READ(dentry, d_name.name), start))
				break;
			dentry = up;
		}
	}
	s->record.flags |= CUT_EXECUTABLE;
whole:
	s->record.executable = s->end - start;
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___6_15 *renamed = (void *)node;

	if (bpf_core_field_exists(renamed->__parent))
		return BPF_CORE_READ(renamed, __parent);
	return BPF_CORE_READ(node, parent);
}

/* Appends the path of the cgroup, leaf first; nothing for the root. */
static __always_inline void tail_cgroup(struct process_scratch *s, struct task_struct *task)
{
	struct kernfs_node *node = process_cgroup(task);
	__u32 start = s->end;

	for (int i = 0; i < CGROUP_DEPTH; i++) {
		struct kernfs_node *up = kernfs_parent(node);

		if (!up)
			goto whole;
		if (!tail_name(s, BPF_CORE_READ(node, name), start))
			break;
		node = up;
	}
	s->record.flags |= CUT_CGROUP;
whole:
	s->record.cgroup = s->end - start;
}

static __always_inline bool send_process(struct process_scratch *s, struct task_struct *task)
{
	struct process_record *r = &s->record;

	r->header.version = RECORD_VERSION;
	r->header.kind = RECORD_PROCESS;
	r->ancestors = r->command_line = r->executable = r->cgroup = r->flags = 0;
	__builtin_memset(r->pad, 0, sizeof(r->pad));
	s->end = 0;
	tail_ancestors(s, task);
	tail_command_line(s, task);
	tail_executable(s, task);
	tail_cgroup(s, task);
	r->header.length = sizeof(*r) + (s->end & TAIL_MASK);
	return send(r, sizeof(*r) + (s->end & TAIL_MASK));
}

/*
 * Makes sure that the reader knows the current thread as it is now. Returns the
 * number by which requests call it, 0 if it could not be told. A global function,
 * so that the verifier looks at it once, not at every call.
 */
__noinline __u64 describe_process(__u32 door)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct process_scratch *s = bpf_map_lookup_elem(&process_scratch, &door);
	__u32 tid = bpf_get_current_pid_tgid(), zero = 0;
	struct described *known;
	__u64 *count;

	if (!s)
		return 0;
	read_facts(&s->record.facts, task);
	known = bpf_map_lookup_elem(&described, &tid);
	if (known && same_facts(&known->facts, &s->record.facts))
		return known->id;

	count = bpf_map_lookup_elem(&process_ids, &zero);
	if (!count)
		return 0;
	s->record.id = ((__u64)bpf_get_smp_processor_id() << 48) | ++*count;
	if (!send_process(s, task))
		return 0;
	bpf_map_update_elem(&described, &tid, &s->record.id, BPF_ANY);
	return s->record.id;
}

#endif
