/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which network namespace: of a socket, or the one that a request names.
 *
 * Here and elsewhere, functions that take and give kernel addresses as numbers
 * are global functions: the verifier looks at each once, not at every call.
 */
#ifndef WRONGNS_NETNS_H
#define WRONGNS_NETNS_H

#include "kernel.h"

static __always_inline __u32 netns_inode(struct net *net)
{
	return net ? BPF_CORE_READ(net, ns.inum) : 0;
}

static __always_inline __u64 netns_cookie(struct net *net)
{
	if (!net || !bpf_core_field_exists(net->net_cookie))
		return 0;
	return BPF_CORE_READ(net, net_cookie);
}

static __always_inline struct file *current_file(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	read(file, BPF_CORE_READ(table, fd) + fd);
	return file;
}

/* xa_load(): the entry at index, NULL if there is none. */
static __always_inline void *xarray_load(struct xarray *array, __u64 index)
{
	void *entry = BPF_CORE_READ(array, xa_head);

	for (int level = 0; level < 6; level++) {
		struct xa_node *node = (void *)((__u64)entry & ~3ULL);
		__u8 shift;

		if (((__u64)entry & 3) != 2) /* not an internal node: the entry itself */
			return level == 0 && index ? NULL : entry;
		shift = BPF_CORE_READ(node, shift);
		if (level == 0 && index >> shift > 63)
			return NULL;
		read(entry, field_address(node, struct xa_node, slots) + ((index >> shift) & 63) * sizeof(void *));
	}
	return NULL;
}

static __always_inline void *idr_find(struct idr *idr, __u32 id)
{
	return xarray_load(&idr->idr_rt, id - BPF_CORE_READ(idr, idr_base));
}

/* The namespace that an open file of /proc/PID/ns/net or /run/netns stands for. */
__noinline __u64 netns_by_fd(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *file = current_file(fd);
	struct ns_common *ns = BPF_CORE_READ(file, f_inode, i_private);

	if (!ns)
		return 0;
	/* nsfs gives the inode the number of the namespace: anything else is another kind of file. */
	if (BPF_CORE_READ(ns, inum) != (__u32)BPF_CORE_READ(file, f_inode, i_ino))
		return 0;
	/* And it must be a network namespace, as the thread's own is. */
	if (BPF_CORE_READ(ns, ops) != BPF_CORE_READ(task, nsproxy, net_ns, ns.ops))
		return 0;
	return (__u64)containing(ns, struct net, ns);
}

/* The namespace of the process that the caller calls pid. */
__noinline __u64 netns_by_pid(__u32 nr)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *upid = field_address(pid, struct pid, numbers) + level * bpf_core_type_size(struct upid);
	struct pid_namespace *ns = BPF_CORE_READ(upid, ns);
	struct hlist_node *node;

	pid = idr_find(&ns->idr, nr);
	if (!pid)
		return 0;
	node = BPF_CORE_READ(pid, tasks[0].first);
	if (!node)
		return 0;
	task = containing(node, struct task_struct, pid_links);
	return (__u64)BPF_CORE_READ(task, nsproxy, net_ns);
}

/* The namespace that net knows by this id (ip netns list-id). */
__noinline __u64 netns_by_id(__u64 net, __u32 id)
{
	return (__u64)idr_find(&((struct net *)net)->netns_ids, id);
}

#endif
