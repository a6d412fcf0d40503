/* SPDX-License-Identifier: GPL-2.0-only */
/* What was asked: the part of a request's record that all doors share. */
#ifndef WRONGNS_REQUEST_H
#define WRONGNS_REQUEST_H

#include "kernel.h"
#include "record.h"
#include "ring.h"
#include "netns.h"
#include "link.h"
#include "process.h"
#include "family.h"

#define ENODEV 19

#define MESSAGE_WINDOW 8192 /* a request is cut at this length, and says so */
#define EXTACK_MAX     128
#define REQUEST_TAIL_MASK (2 * MESSAGE_WINDOW - 1) /* tells the verifier what an offset can be */

/* What rtnl_walk() found in a link message. Offsets are the message's; 0: absent. */
#define NAMED_PID  (1 << 0)
#define NAMED_FD   (1 << 1)
#define NAMED_NSID (1 << 2)
struct link_attributes {
	__u64 message; /* kernel address */
	__u32 at;      /* where the walk is */
	__u32 end;     /* of the message */
	__u32 name;
	__u32 name_len;
	__u32 named; /* NAMED_*: which of the following are there */
	__u32 pid;
	__u32 fd;
	__u32 nsid;
	__u32 unwalked; /* there are more attributes than were looked at */
	__u32 pad;
};

struct request_scratch {
	struct link_attributes attributes;
	__u32 end; /* of the tail, while it is made */
	__u32 pad;
	struct request_record record;
	__u8 tail[REQUEST_TAIL_MASK + 1 + EXTACK_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct request_scratch);
} request_scratch SEC(".maps");

/* What is remembered of a request from its beginning to its end. */
struct in_flight {
	__u64 args[4];            /* of the hooked function */
	__u32 flags;              /* REQUEST_BEFORE_READ */
	__u32 before_len;         /* 0: the link was not there */
	struct link_state before;
	__u32 door;
	__u32 argument_len;       /* ioctl: of what follows */
	__u8 argument[136];       /* ioctl: the struct that user space passed */
};

/* By pid_tgid: a thread is in one request at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct in_flight);
} in_flight SEC(".maps");

/* An in_flight that is being filled: too large for the stack. By door. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct in_flight);
} in_flight_scratch SEC(".maps");

static __always_inline struct in_flight *in_flight_new(__u32 door)
{
	struct in_flight *f = bpf_map_lookup_elem(&in_flight_scratch, &door);

	if (!f)
		return NULL;
	__builtin_memset(f, 0, offsetof(struct in_flight, before));
	f->door = door;
	f->argument_len = 0;
	return f;
}

/* False if there is no room. */
static __always_inline bool in_flight_remember(struct in_flight *f)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&in_flight, &id, f, BPF_NOEXIST) == 0)
		return true;
	if (!bpf_map_lookup_elem(&in_flight, &id))
		return false;
	/* There already: the end of this thread's request before was missed. */
	count_loss(LOSS_NO_EXIT);
	bpf_map_update_elem(&in_flight, &id, f, BPF_ANY);
	return true;
}

static __always_inline struct in_flight *in_flight_take(__u32 door)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct in_flight *f = bpf_map_lookup_elem(&in_flight, &id);

	return f && f->door == door ? f : NULL;
}

static __always_inline void in_flight_forget(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&in_flight, &id);
}

/* Notes the link as it stands before the request. */
static __always_inline void in_flight_link(struct in_flight *f, __u32 scratch, __u64 device)
{
	struct link_state *link = link_state_of(scratch, device);

	f->flags |= REQUEST_BEFORE_READ;
	if (!link)
		return;
	f->before = *link;
	f->before_len = sizeof(f->before);
}

/*
 * Whether anybody wants to know what this thread asks of this namespace. One that
 * may reach into others (elsewhere) is decided upon by the reader.
 */
static __always_inline bool wanted(struct net *net, bool elsewhere)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return in_family() && (!only_netns || elsewhere || netns_inode(net) == only_netns ||
			       netns_inode(BPF_CORE_READ(task, nsproxy, net_ns)) == only_netns);
}

/* Begins a record: where and, if the current thread is the one that asked, who. The rest of its fields are zero. */
static __always_inline void request_begin(struct request_scratch *s, __u32 door, struct net *net, bool by_sender)
{
	struct request_record *r = &s->record;
	__u64 id = bpf_get_current_pid_tgid();

	__builtin_memset(r, 0, sizeof(*r));
	r->header.version = RECORD_VERSION;
	r->header.kind = RECORD_REQUEST;
	r->door = door;
	r->netns = netns_inode(net);
	r->netns_cookie = netns_cookie(net);
	if (by_sender) {
		r->tgid = id >> 32;
		r->tid = id;
		r->process = describe_process(door);
	}
	if (!r->process)
		r->flags |= REQUEST_NO_PROCESS;
}

static __always_inline void request_target(struct request_record *r, struct net *target)
{
	r->target_netns = netns_inode(target);
	r->target_cookie = netns_cookie(target);
}

/* Appends a link's state to the tail. */
static __always_inline void tail_link(struct request_scratch *s, const struct link_state *link)
{
	bpf_probe_read_kernel(&s->tail[s->end & REQUEST_TAIL_MASK], sizeof(*link), link);
	s->end += sizeof(*link);
}

/* Appends the states of the link before and after, and sends the record. */
static __always_inline void request_send(struct request_scratch *s, struct in_flight *before, __u64 after)
{
	struct request_record *r = &s->record;
	struct link_state *link = link_state_of(r->door, after);

	if (before && before->before_len) {
		r->before = sizeof(*link);
		tail_link(s, &before->before);
	}
	if (link) {
		r->after = sizeof(*link);
		tail_link(s, link);
	}
	r->time = bpf_ktime_get_boot_ns();
	r->header.length = sizeof(*r) + (s->end & REQUEST_TAIL_MASK);
	if (!send(r, sizeof(*r) + (s->end & REQUEST_TAIL_MASK)))
		count_loss(LOSS_RING_FULL);
}

#endif
