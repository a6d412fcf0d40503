/* SPDX-License-Identifier: GPL-2.0-only */
/* The rtnetlink door: one netlink message that asks for a change, or looks for a link. */
#ifndef WRONGNS_RTNETLINK_H
#define WRONGNS_RTNETLINK_H

#include "request.h"

/* linux/netlink.h, linux/rtnetlink.h, linux/if_link.h */
struct nlmsghdr {
	__u32 nlmsg_len;
	__u16 nlmsg_type;
	__u16 nlmsg_flags;
	__u32 nlmsg_seq;
	__u32 nlmsg_pid;
};

struct nlattr {
	__u16 nla_len;
	__u16 nla_type;
};

/* The head of a message with the member that ifinfomsg and ifaddrmsg have at the same place. */
struct rtnl_head {
	struct nlmsghdr nlh;
	__u8 family[4];
	__u32 index;
};

#define NLMSG_HDRLEN    16
#define IFINFOMSG_END   32 /* nlmsghdr and ifinfomsg: where a link's attributes begin */
#define NLM_F_REQUEST   0x01
#define NLM_F_ACK       0x04
#define NLM_F_DUMP      0x300
#define NLM_F_CREATE    0x400
#define RTM_BASE        16
#define RTM_NEWLINK     16
#define RTM_DELLINK     17
#define RTM_GETLINK     18
#define RTM_SETLINK     19
#define FAMILY_LINK     0 /* (type - RTM_BASE) / 4 */
#define FAMILY_ADDRESS  1

#define IFLA_IFNAME         3
#define IFLA_NET_NS_PID     19
#define IFLA_NET_NS_FD      28
#define IFLA_TARGET_NETNSID 46
#define NLA_TYPE_MASK       0x3fff
#define ATTRIBUTES_MAX      256 /* attributes that are looked at in one go, */
#define WALKS_MAX           256 /* and how often: more than a message of the usual size can hold */

/* The namespaces of a link message. */
struct link_namespaces {
	struct net *net;   /* where the link is: the socket's, or IFLA_TARGET_NETNSID's */
	struct net *moved; /* where it is to go, or to be made; NULL: nowhere else */
};

static __always_inline __u32 rtnl_family(__u16 type)
{
	return (__u32)(type - RTM_BASE) / 4;
}

/* Whether this type of message only asks for what is there. The verb is in the lowest two bits. */
static __always_inline bool rtnl_asks(__u16 type)
{
	return (type & 3) == (RTM_GETLINK & 3);
}

/*
 * Whether the message asks for something that is reported. A look-up only matters
 * if it fails. What is no request, or holds nothing, the kernel acks and ignores.
 */
static __always_inline bool rtnl_wanted(const struct rtnl_head *h)
{
	__u16 type = h->nlh.nlmsg_type;

	if (!(h->nlh.nlmsg_flags & NLM_F_REQUEST) || h->nlh.nlmsg_len <= NLMSG_HDRLEN)
		return false;
	if (type < RTM_BASE || rtnl_family(type) >= 32 || !(families & (1U << rtnl_family(type))))
		return false;
	if (!rtnl_asks(type))
		/* A link message with neither index nor attributes is how iproute2 asks what the kernel can do. */
		return !(type == RTM_NEWLINK && h->nlh.nlmsg_len <= IFINFOMSG_END && !h->index);
	return type == RTM_GETLINK && !h->index && !(h->nlh.nlmsg_flags & NLM_F_DUMP) &&
	       (__u32)(bpf_get_current_pid_tgid() >> 32) != self_tgid;
}

static __always_inline bool rtnl_read_head(struct rtnl_head *h, const void *message)
{
	if (bpf_probe_read_kernel(h, sizeof(*h), message)) {
		count_loss(LOSS_MEMORY);
		return false;
	}
	if (h->nlh.nlmsg_len < sizeof(*h))
		h->index = 0; /* it stands behind the message's end */
	return true;
}

/* Copies the message, or what fits of it, to the beginning of the tail; the length copied. */
static __always_inline __u32 rtnl_copy(struct request_scratch *s, const void *message, __u32 length)
{
	__u32 window = length < MESSAGE_WINDOW ? length : MESSAGE_WINDOW;

	barrier_var(window); /* else the compiler drops the mask, by which the verifier knows the bound */
	if (bpf_probe_read_kernel(s->tail, window & REQUEST_TAIL_MASK, message)) {
		count_loss(LOSS_MEMORY);
		return 0;
	}
	return window;
}

/*
 * Looks at the next attributes of a link message, for what names another
 * namespace and for the link's name; as the kernel, it takes the last of
 * duplicates and stops at a malformed one. Returns whether that was all. The
 * loop's state stands in memory, and the message is read where the kernel has it,
 * for padding can push a name out of the window that is copied.
 */
__noinline int rtnl_walk(__u32 scratch)
{
	struct request_scratch *s = bpf_map_lookup_elem(&request_scratch, &scratch);
	struct link_attributes *l;

	if (!s)
		return 1;
	l = &s->attributes;
	for (int i = 0; i < ATTRIBUTES_MAX; i++) {
		struct { struct nlattr a; __u32 value; } next = {};
		__u32 at = l->at;

		if (at + sizeof(next.a) > l->end || read(next, l->message + at) ||
		    next.a.nla_len < sizeof(next.a) || next.a.nla_len > l->end - at)
			return 1;
		l->at = at + ((next.a.nla_len + 3) & ~3);
		if ((next.a.nla_type & NLA_TYPE_MASK) == IFLA_IFNAME) {
			l->name = at + sizeof(next.a);
			l->name_len = next.a.nla_len - sizeof(next.a);
		}
		if (next.a.nla_len < sizeof(next))
			continue;
		switch (next.a.nla_type & NLA_TYPE_MASK) {
		case IFLA_NET_NS_PID:
			l->pid = next.value;
			l->named |= NAMED_PID;
			break;
		case IFLA_NET_NS_FD:
			l->fd = next.value;
			l->named |= NAMED_FD;
			break;
		case IFLA_TARGET_NETNSID:
			l->nsid = next.value;
			l->named |= NAMED_NSID;
			break;
		}
	}
	return 0;
}

/* Goes on until all attributes have been looked at. */
__noinline int rtnl_walk_all(__u32 scratch)
{
	struct request_scratch *s = bpf_map_lookup_elem(&request_scratch, &scratch);

	for (int i = 0; i < WALKS_MAX; i++)
		if (rtnl_walk(scratch))
			return 0;
	if (s)
		s->attributes.unwalked = 1;
	return 0;
}

/* Finds in a link message's attributes what rtnl_walk() looks for. */
static __always_inline void rtnl_attributes(struct request_scratch *s, __u32 scratch, const void *message, __u32 length)
{
	__builtin_memset(&s->attributes, 0, sizeof(s->attributes));
	s->attributes.message = (__u64)message;
	s->attributes.end = length;
	s->attributes.at = IFINFOMSG_END;
	rtnl_walk_all(scratch);
}

/*
 * The namespaces that a link message is about, from its attributes. An id says
 * where a link is that is deleted or looked for, and where one goes to that is made
 * or set: there it counts before a pid, and that before an fd, as in the kernel's
 * rtnl_link_get_net_by_nlattr(). Pid and fd mean something to the sender only.
 */
static __always_inline void rtnl_namespaces(struct link_namespaces *n, const struct link_attributes *l,
					    __u16 type, bool by_sender)
{
	if (type == RTM_DELLINK || type == RTM_GETLINK) {
		if (l->named & NAMED_NSID)
			n->net = (void *)netns_by_id((__u64)n->net, l->nsid);
	} else if (l->named & NAMED_NSID) {
		n->moved = (void *)netns_by_id((__u64)n->net, l->nsid);
	} else if (by_sender && l->named & NAMED_PID) {
		n->moved = (void *)netns_by_pid(l->pid);
	} else if (by_sender && l->named & NAMED_FD) {
		n->moved = (void *)netns_by_fd(l->fd);
	}
}

/* A name of which only the first n bytes count, even if no NUL ends it there. */
static __always_inline void name_cut(union link_name *name, __u32 n)
{
	if (n < 8)
		name->words[0] &= (1ULL << n * 8) - 1;
	if (n <= 8)
		name->words[1] = 0;
	else if (n < NAME_MAX_LEN)
		name->words[1] &= (1ULL << (n - 8) * 8) - 1;
}

/* The link that a link or address message is about, as things stand now. */
static __always_inline __u64 rtnl_link(struct net *net, const struct link_attributes *l, const void *message,
				       const struct rtnl_head *h)
{
	union link_name name = {};

	if (h->index)
		return link_by_index((__u64)net, h->index);
	if (rtnl_family(h->nlh.nlmsg_type) != FAMILY_LINK || !l->name)
		return 0;
	bpf_probe_read_kernel_str(name.bytes, sizeof(name), message + l->name);
	name_cut(&name, l->name_len);
	return link_by_name((__u64)net, name.words[0], name.words[1]);
}

/*
 * The same after the request. A link that was moved, or made elsewhere, is the
 * newest of its namespace; so is one that the kernel had to find a name for. That
 * is true only of a request that is known to have been done. One that makes no link
 * and names none that can be found here goes by an alternative name.
 */
static __always_inline __u64 rtnl_link_after(const struct link_namespaces *n, const struct link_attributes *l,
					     const void *message, const struct rtnl_head *h, bool done)
{
	__u64 dev;

	if (done && n->moved)
		return link_newest((__u64)n->moved);
	dev = rtnl_link(n->net, l, message, h);
	if (!dev && done && !h->index && h->nlh.nlmsg_type == RTM_NEWLINK && h->nlh.nlmsg_flags & NLM_F_CREATE)
		return link_newest((__u64)n->net);
	return dev;
}

/* At the beginning of a request, where the tier has a hook there: the link as it stands. */
static __always_inline void rtnl_begin(struct in_flight *f, struct net *net, const void *message,
				       const struct rtnl_head *h)
{
	__u32 begin = SCRATCH_RTNETLINK_BEGIN;
	struct request_scratch *s = bpf_map_lookup_elem(&request_scratch, &begin);
	struct link_namespaces n = { .net = net };

	if (!s)
		return;
	if (rtnl_family(h->nlh.nlmsg_type) == FAMILY_LINK) {
		rtnl_attributes(s, begin, message, h->nlh.nlmsg_len);
		rtnl_namespaces(&n, &s->attributes, h->nlh.nlmsg_type, true);
	}
	in_flight_link(f, begin, rtnl_link(n.net, &s->attributes, message, h));
}

struct rtnl_answer {
	int error;
	bool known;
	bool by_sender;     /* the current thread is the one that asked */
	const char *extack; /* kernel address, NULL: none */
};

/* The link after the request, and the namespace that the request names. */
static __always_inline __u64 rtnl_outcome(struct request_scratch *s, struct net *net, const void *message,
					  const struct rtnl_head *h, const struct rtnl_answer *answer)
{
	struct link_namespaces n = { .net = net };
	__u64 after;

	if (rtnl_family(h->nlh.nlmsg_type) == FAMILY_LINK) {
		rtnl_attributes(s, DOOR_RTNETLINK, message, s->record.message_full);
		rtnl_namespaces(&n, &s->attributes, h->nlh.nlmsg_type, answer->by_sender);
		s->record.flags |= s->attributes.unwalked ? REQUEST_UNWALKED : 0;
	}
	after = rtnl_link_after(&n, &s->attributes, message, h, answer->known && !answer->error);
	s->record.flags |= REQUEST_AFTER_READ;
	if (n.moved)
		request_target(&s->record, n.moved);
	else if (n.net != net)
		request_target(&s->record, n.net);
	return after;
}

/* At the end: the record. before is NULL where the tier has no hook at the beginning. */
static __always_inline void rtnl_end(struct net *net, const void *message, __u32 limit,
				     const struct rtnl_answer *answer, struct in_flight *before)
{
	__u32 door = DOOR_RTNETLINK, length;
	struct request_scratch *s = bpf_map_lookup_elem(&request_scratch, &door);
	__u64 after = 0;
	struct rtnl_head h;

	if (!s || !rtnl_read_head(&h, message) || !rtnl_wanted(&h) ||
	    !wanted(net, rtnl_family(h.nlh.nlmsg_type) == FAMILY_LINK))
		return;
	if (h.nlh.nlmsg_type == RTM_GETLINK && !(answer->known && answer->error == -ENODEV))
		return;

	request_begin(s, DOOR_RTNETLINK, net, answer->by_sender);
	s->record.message_full = h.nlh.nlmsg_len < limit ? h.nlh.nlmsg_len : limit;
	length = rtnl_copy(s, message, s->record.message_full);
	if (!length)
		return;
	s->record.message = length;
	s->record.error = answer->error;
	s->record.flags |= answer->known ? REQUEST_RESULT_KNOWN : 0;
	if (rtnl_family(h.nlh.nlmsg_type) <= FAMILY_ADDRESS)
		after = rtnl_outcome(s, net, message, &h, answer);
	s->end = length;
	if (answer->extack) {
		long n = bpf_probe_read_kernel_str(&s->tail[length & REQUEST_TAIL_MASK], EXTACK_MAX, answer->extack);

		s->record.extack = n > 1 ? n - 1 : 0;
		s->end = length + s->record.extack;
	}
	if (before)
		s->record.flags |= before->flags;
	request_send(s, before, after);
}

#endif
