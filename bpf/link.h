/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a network interface, read from the kernel's own structures. */
#ifndef WRONGNS_LINK_H
#define WRONGNS_LINK_H

#include "kernel.h"
#include "record.h"
#include "netns.h"

#define NETDEV_HASHENTRIES 256
#define IFF_PROMISC  0x100
#define IFF_ALLMULTI 0x200

#define LINK_CHAIN 64  /* links that share a slot of the hash of indices */
#define LINK_WALK  128 /* links that are looked at for a name in one go, */
#define LINK_WALKS 32  /* and how often */

__noinline __u64 link_by_index(__u64 net, __u32 index)
{
	struct hlist_head *heads = BPF_CORE_READ((struct net *)net, dev_index_head);
	struct hlist_node *node = NULL;

	read(node, (__u8 *)heads + (index & (NETDEV_HASHENTRIES - 1)) * sizeof(void *));
	for (int i = 0; i < LINK_CHAIN && node; i++) {
		struct net_device *dev = containing(node, struct net_device, index_hlist);

		if ((__u32)BPF_CORE_READ(dev, ifindex) == index)
			return (__u64)dev;
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}

/* A name, with nothing but zeros behind its end: compared as two words. */
union link_name {
	char bytes[NAME_MAX_LEN];
	__u64 words[2];
};

/* The link that was made last, or arrived last from elsewhere. */
static __always_inline __u64 link_newest(__u64 net)
{
	struct list_head *head = field_address(net, struct net, dev_base_head);
	struct list_head *node = BPF_CORE_READ(head, prev);

	return node && node != head ? (__u64)containing(node, struct net_device, dev_list) : 0;
}

/*
 * The link of this name, if it is among the next that stand in the list at node; 0
 * if the list ends before. Else where to go on, with the lowest bit set. Forward,
 * since only that way a list can be followed while others change it.
 */
__noinline __u64 link_among(__u64 head, __u64 node, __u64 word0, __u64 word1)
{
	struct list_head *at = (void *)node;

	for (int i = 0; i < LINK_WALK; i++) {
		struct net_device *dev = containing(at, struct net_device, dev_list);
		union link_name this = {};

		if (!at || at == (void *)head)
			return 0;
		bpf_core_read_str(this.bytes, sizeof(this), &dev->name);
		if (this.words[0] == word0 && this.words[1] == word1)
			return (__u64)dev;
		at = BPF_CORE_READ(at, next);
	}
	return (__u64)at | 1;
}

__noinline __u64 link_by_name(__u64 net, __u64 word0, __u64 word1)
{
	struct list_head *head = field_address((void *)net, struct net, dev_base_head);
	__u64 at = (__u64)BPF_CORE_READ(head, next);

	for (int i = 0; i < LINK_WALKS; i++) {
		at = link_among((__u64)head, at, word0, word1);
		if (!(at & 1))
			return at;
		at &= ~1ULL;
	}
	return 0;
}

/* The first neighbour on one side of a link: the master above, the lower link below. */
static __always_inline struct netdev_adjacent *first_adjacent(struct list_head *head)
{
	struct list_head *node = BPF_CORE_READ(head, next);

	if (!node || node == head)
		return NULL;
	return containing(node, struct netdev_adjacent, list);
}

/* The link that dev is enslaved to. As the kernel has it, a master is the first of the upper links. */
static __always_inline struct net_device *link_master(struct net_device *dev)
{
	struct netdev_adjacent *adjacent = first_adjacent(field_address(dev, struct net_device, adj_list.upper));

	return adjacent && BPF_CORE_READ(adjacent, master) ? BPF_CORE_READ(adjacent, dev) : NULL;
}

/* The link that dev stands on (macvlan, vlan). A bridge's lower links are its ports, and not that. */
static __always_inline struct net_device *link_lower(struct net_device *dev)
{
	struct netdev_adjacent *adjacent = first_adjacent(field_address(dev, struct net_device, adj_list.lower));
	struct net_device *lower = adjacent ? BPF_CORE_READ(adjacent, dev) : NULL;

	return lower && link_master(lower) != dev ? lower : NULL;
}

/*
 * The other end of a veth: the first member of struct veth_priv, which has no
 * BTF where veth is a module.
 */
static __always_inline struct net_device *veth_peer(struct net_device *dev)
{
	__u32 priv = bpf_core_field_exists(dev->priv) ? bpf_core_field_offset(struct net_device, priv) :
							(bpf_core_type_size(struct net_device) + 31) & ~31;
	struct net_device *peer = NULL;

	read(peer, (void *)dev + priv);
	return peer;
}

static __always_inline void link_read_neighbours(struct link_state *link, struct net_device *dev)
{
	struct net_device *master = link_master(dev), *lower;

	if (master) {
		link->master = BPF_CORE_READ(master, ifindex);
		bpf_core_read_str(link->master_name, NAME_MAX_LEN, &master->name);
	}
	lower = __builtin_memcmp(link->kind, "veth", 5) ? link_lower(dev) : veth_peer(dev);
	if (lower) {
		link->lower = BPF_CORE_READ(lower, ifindex);
		bpf_core_read_str(link->lower_name, NAME_MAX_LEN, &lower->name);
	}
}

/* As the kernel tells user space: what counts as promiscuous is what was asked for by name. */
static __always_inline __u32 link_flags(struct net_device *dev)
{
	const __u32 counted = IFF_PROMISC | IFF_ALLMULTI;

	return (BPF_CORE_READ(dev, flags) & ~counted) | (BPF_CORE_READ(dev, gflags) & counted);
}

/* Where a link's state is read to. By door, as process_scratch. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct link_state);
} link_scratch SEC(".maps");

__noinline int link_read(__u32 scratch, __u64 device)
{
	struct link_state *link = bpf_map_lookup_elem(&link_scratch, &scratch);
	struct net_device *dev = (void *)device;
	struct net *net = BPF_CORE_READ(dev, nd_net.net);
	const char *kind = BPF_CORE_READ(dev, rtnl_link_ops, kind);

	if (!link)
		return 0;
	__builtin_memset(link, 0, sizeof(*link));
	link->index = BPF_CORE_READ(dev, ifindex);
	link->flags = link_flags(dev);
	link->mtu = BPF_CORE_READ(dev, mtu);
	link->netns = netns_inode(net);
	link->operstate = BPF_CORE_READ(dev, operstate);
	link->address_len = BPF_CORE_READ(dev, addr_len);
	if (link->address_len <= sizeof(link->address))
		bpf_probe_read_kernel(link->address, link->address_len & 15, BPF_CORE_READ(dev, dev_addr));
	bpf_core_read_str(link->name, NAME_MAX_LEN, &dev->name);
	if (kind)
		bpf_probe_read_kernel_str(link->kind, NAME_MAX_LEN, kind);
	link_read_neighbours(link, dev);
	return 0;
}

/* The state of a link (of a kernel address), NULL if there is none or no room. */
static __always_inline struct link_state *link_state_of(__u32 scratch, __u64 device)
{
	if (!device)
		return NULL;
	link_read(scratch, device);
	return bpf_map_lookup_elem(&link_scratch, &scratch);
}

#endif
