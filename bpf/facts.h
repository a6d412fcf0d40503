/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the facts about a thread are read, once for each way of reading: this file
 * is included twice, with another GET and another NAMED.
 *
 * From 5.11 on the verifier knows the type of the current task, and a member is
 * read by a plain load. Before, each is a call that copies it from an address
 * that may be wrong: ten times as much work, for every request.
 */

static __always_inline void NAMED(copy_name)(char *to, const char *from)
{
	union link_name name;

	GET_NAME(name, from);
	((union link_name *)to)->words[0] = name.words[0];
	((union link_name *)to)->words[1] = name.words[1];
}

static __always_inline void NAMED(read_namespaces)(struct process_facts *f, struct task_struct *task)
{
	struct nsproxy *ns = GET(task, nsproxy);
	struct net *net = GET(ns, net_ns);
	struct mnt_namespace *mnt = GET(ns, mnt_ns);
	struct uts_namespace *uts = GET(ns, uts_ns);
	struct cgroup_namespace *cgroup = GET(ns, cgroup_ns);

	f->netns = GET(net, ns.inum);
	f->netns_cookie = bpf_core_field_exists(net->net_cookie) ? GET(net, net_cookie) : 0;
	f->mntns = GET(mnt, ns.inum);
	f->utsns = GET(uts, ns.inum);
	f->cgroupns = GET(cgroup, ns.inum);
	/* Copied in either way: 6.1 lets nobody calculate with a pointer whose type it knows. */
	f->pidns = pidns_inode(BPF_CORE_READ(task, thread_pid));
}

static __always_inline void NAMED(read_credentials)(struct process_facts *f, struct task_struct *task)
{
	const struct cred *cred = GET(task, cred);
	struct user_namespace *user = GET(cred, user_ns);

	f->uid = GET(cred, euid.val);
	bpf_core_read(&f->capabilities, sizeof(f->capabilities), &cred->cap_effective);
	f->userns = GET(user, ns.inum);
	f->login_uid = ~0U;
	f->session = ~0U;
	if (bpf_core_field_exists(task->loginuid)) { /* CONFIG_AUDIT */
		f->login_uid = GET(task, loginuid.val);
		f->session = GET(task, sessionid);
	}
}

static __always_inline void NAMED(read_root)(struct process_facts *f, struct task_struct *task)
{
	struct fs_struct *fs = GET(task, fs);
	struct dentry *root = GET(fs, root.dentry);
	struct inode *inode = GET(root, d_inode);
	struct super_block *sb = GET(root, d_sb);

	f->root_ino = GET(inode, i_ino);
	f->root_dev = GET(sb, s_dev);
}

static __always_inline __u64 NAMED(cgroup_id)(struct task_struct *task)
{
	struct css_set *set = GET(task, cgroups);
	struct cgroup *cgroup = GET(set, dfl_cgrp);
	struct kernfs_node *node;

	if (GET(cgroup, level) == 0)
		return BPF_CORE_READ(process_cgroup(task), id);
	node = GET(cgroup, kn);
	return GET(node, id);
}

static __always_inline void NAMED(read_facts)(struct process_facts *f, struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader);
	struct task_struct *parent = GET(leader, real_parent);
	struct signal_struct *signal = GET(leader, signal);
	__u32 flags = GET(task, flags);

	f->start = GET(leader, start_boottime);
	f->exec_id = GET(leader, self_exec_id);
	f->cgroup = NAMED(cgroup_id)(task);
	f->tgid = GET(task, tgid);
	f->tid = GET(task, pid);
	f->parent = GET(parent, tgid);
	f->parent_start = GET(parent, start_boottime);
	f->flags = (GET(signal, tty) ? PROCESS_TTY : 0) |
		   (flags & PF_KTHREAD ? PROCESS_KTHREAD : 0) |
		   (flags & PF_IO_WORKER ? PROCESS_WORKER : 0);
	NAMED(copy_name)(f->name, leader->comm);
	NAMED(copy_name)(f->thread, task->comm);
	NAMED(copy_name)(f->parent_name, parent->comm);
	NAMED(read_namespaces)(f, task);
	NAMED(read_credentials)(f, task);
	NAMED(read_root)(f, task);
}

#undef GET
#undef GET_NAME
#undef NAMED
