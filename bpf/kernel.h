/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel structs that the hooks look into, with only the members that
 * they read: CO-RE finds each where the running kernel has it.
 */
#ifndef WRONGNS_KERNEL_H
#define WRONGNS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

/* Of the system's headers none is used, so that the objects come out the same everywhere. */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

/* linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158, /* 5.11 */
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};

/* Where the arguments of a probed function are found: asm/ptrace.h of the kernel. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct pt_regs { /* x86 */
	unsigned long di, si, dx, cx, r8, r9, ax, sp, ip, bp;
};

struct user_pt_regs { /* arm64 */
	unsigned long long regs[31], sp, pc, pstate;
};
#pragma clang attribute pop
#define __VMLINUX_H__ /* bpf_tracing.h: the names are the kernel's */

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct ns_common {
	const void *ops;
	unsigned int inum;
};

/* xarray and idr: how the kernel finds a pid or a namespace's id. */
struct xa_node {
	unsigned char shift;
	void *slots[64];
};

struct xarray {
	void *xa_head;
};

struct idr {
	struct xarray idr_rt;
	unsigned int idr_base;
};

/* net/net_namespace.h */
struct net {
	struct ns_common ns;
	__u64 net_cookie; /* 5.12 */
	struct sock *rtnl;
	struct idr netns_ids;
	struct list_head dev_base_head;
	struct hlist_head *dev_index_head;
};

typedef struct {
	struct net *net;
} possible_net_t;

/* netdevice.h */
struct rtnl_link_ops {
	const char *kind;
};

struct net_device {
	char name[16];
	unsigned int mtu;
	unsigned int flags;
	int ifindex;
	possible_net_t nd_net;
	struct list_head dev_list;
	struct {
		struct list_head upper;
		struct list_head lower;
	} adj_list;
	unsigned char operstate;
	unsigned short gflags;
	unsigned char addr_len;
	const unsigned char *dev_addr;
	struct hlist_node index_hlist;
	const struct rtnl_link_ops *rtnl_link_ops;
	unsigned char priv[]; /* 6.13; before, it follows the struct */
};

struct netdev_adjacent {
	struct net_device *dev;
	bool master;
	struct list_head list;
};

/* net/sock.h, linux/skbuff.h, af_netlink.h */
struct sock_common {
	unsigned short skc_family;
	possible_net_t skc_net;
};

struct sk_buff_head {
	struct sk_buff *next, *prev;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	struct {
		struct {
			int counter;
		} rmem_alloc; /* what stands in the queue, as sk_rmem_alloc */
	} sk_backlog;
	int sk_rcvbuf;
};

struct sk_buff {
	struct sk_buff *next, *prev;
	struct sock *sk;
	char cb[48];
	unsigned int len;
	unsigned char *head, *data;
};

struct scm_creds {
	__u32 pid; /* as the sender itself calls it */
};

struct netlink_skb_parms {
	struct scm_creds creds;
	struct sock *sk;
};

struct netlink_sock {
	unsigned long flags;
	unsigned long state;
};

struct netlink_ext_ack {
	const char *_msg;
};

struct socket {
	struct sock *sk;
};

/* Files. */
struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct super_block {
	__u32 s_dev;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	void *i_private;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
};

/* Control groups. */
struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
	__u64 id;
};

struct kernfs_node___6_15 { /* parent was renamed when it came under RCU */
	struct kernfs_node *__parent;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

/* Tasks. */
typedef struct {
	__u32 val;
} kuid_t;

/* Before 6.3 it has another member, cap[2]: to be read as a whole, eight bytes in either case. */
typedef struct {
	__u64 val;
} kernel_cap_t;

struct user_namespace {
	struct ns_common ns;
};

struct cred {
	kuid_t euid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct uts_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct pid_namespace {
	struct idr idr;
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
	struct cgroup_namespace *cgroup_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

struct signal_struct {
	void *tty;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

struct task_struct {
	unsigned int flags;
	struct mm_struct *mm;
	int pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	__u64 start_boottime;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	unsigned int sessionid;
	__u64 self_exec_id;
	struct css_set *cgroups;
};

struct trace_event_raw_sys_enter {
	long id;
	unsigned long args[6];
};

struct trace_event_raw_sys_exit {
	long id;
	long ret;
};

struct trace_event_raw_consume_skb {
	void *skbaddr;
};

struct trace_event_raw_kfree_skb {
	void *skbaddr;
};

struct trace_event_raw_netlink_extack {
	__u32 __data_loc_msg; /* where the text stands, from the struct's beginning, in the lower half */
};

#pragma clang attribute pop

#define PF_IO_WORKER 0x00000010
#define PF_KTHREAD   0x00200000

#define AF_INET    2
#define AF_INET6   10
#define AF_NETLINK 16

#define S_IFMT   0170000
#define S_IFSOCK 0140000

/* container_of() and its inverse, with the offset that the running kernel has. */
#define containing(pointer, type, field) \
	((type *)((void *)(pointer) - bpf_core_field_offset(type, field)))
#define field_address(pointer, type, field) \
	((void *)(pointer) + bpf_core_field_offset(type, field))

/* Reads that follow a pointer whose type the verifier does not know. */
#define read(dst, src) bpf_probe_read_kernel(&(dst), sizeof(dst), (const void *)(src))

#endif
