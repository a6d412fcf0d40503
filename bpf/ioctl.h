/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctl door: what ifconfig, route, brctl and busybox's ip use. */
#ifndef WRONGNS_IOCTL_H
#define WRONGNS_IOCTL_H

#include "request.h"

/* linux/sockios.h */
#define SIOC_FIRST       0x8900
#define SIOC_LAST        0x89ff
#define SIOCADDRT        0x890b
#define SIOCDELRT        0x890c
#define SIOCGIFFLAGS     0x8913
#define SIOCSIFFLAGS     0x8914
#define SIOCGIFADDR      0x8915
#define SIOCSIFADDR      0x8916
#define SIOCGIFDSTADDR   0x8917
#define SIOCSIFDSTADDR   0x8918
#define SIOCGIFBRDADDR   0x8919
#define SIOCSIFBRDADDR   0x891a
#define SIOCGIFNETMASK   0x891b
#define SIOCSIFNETMASK   0x891c
#define SIOCGIFMETRIC    0x891d
#define SIOCSIFMETRIC    0x891e
#define SIOCGIFMTU       0x8921
#define SIOCSIFMTU       0x8922
#define SIOCSIFNAME      0x8923
#define SIOCSIFHWADDR    0x8924
#define SIOCGIFHWADDR    0x8927
#define SIOCGIFINDEX     0x8933
#define SIOCDIFADDR      0x8936
#define SIOCGIFTXQLEN    0x8942
#define SIOCSIFTXQLEN    0x8943
#define SIOCETHTOOL      0x8946
#define SIOCGIFMAP       0x8970
#define SIOCBRADDBR      0x89a0
#define SIOCBRDELBR      0x89a1
#define SIOCBRADDIF      0x89a2
#define SIOCBRDELIF      0x89a3

/* The structs that user space passes, by size. */
#define IFREQ_SIZE     40
#define IFREQ_IFINDEX  16 /* offset of ifr_ifindex */
#define IN6_IFREQ_SIZE 24
#define IN6_IFREQ_INDEX 20
#define RTENTRY_SIZE   120
#define RTENTRY_DEV    88 /* offset of rt_dev, a pointer to a name */
#define IN6_RTMSG_SIZE 80

#define EFAULT 14

static __always_inline bool ioctl_is_lookup(__u32 command)
{
	switch (command) {
	case SIOCGIFFLAGS: case SIOCGIFADDR: case SIOCGIFDSTADDR: case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK: case SIOCGIFMETRIC: case SIOCGIFMTU: case SIOCGIFHWADDR:
	case SIOCGIFINDEX: case SIOCGIFTXQLEN: case SIOCGIFMAP: case SIOCETHTOOL:
		return true;
	}
	return false;
}

/*
 * busybox's ip reads a link's flags and sends nothing if they already are as its
 * command line asks. That look-up is then all there is of a command without
 * effect; the reader compares the command line with the state of the link.
 */
static __always_inline bool ioctl_may_be_all(__u32 command)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	union link_name name = {};

	if (command != SIOCGIFFLAGS)
		return false;
	bpf_core_read_str(name.bytes, sizeof(name), &task->comm);
	return !__builtin_memcmp(name.bytes, "ip", 3) || !__builtin_memcmp(name.bytes, "busybox", 8);
}

/* The size of the argument's struct; 0 if the command is none of ours. */
static __always_inline __u32 ioctl_size(__u32 command, __u16 family)
{
	switch (command) {
	case SIOCADDRT: case SIOCDELRT:
		return family == AF_INET6 ? IN6_RTMSG_SIZE : RTENTRY_SIZE;
	case SIOCSIFADDR: case SIOCDIFADDR: case SIOCSIFDSTADDR:
		return family == AF_INET6 ? IN6_IFREQ_SIZE : IFREQ_SIZE;
	case SIOCBRADDBR: case SIOCBRDELBR:
		return NAME_MAX_LEN;
	case SIOCSIFFLAGS: case SIOCSIFBRDADDR: case SIOCSIFNETMASK: case SIOCSIFMETRIC:
	case SIOCSIFMTU: case SIOCSIFNAME: case SIOCSIFHWADDR: case SIOCSIFTXQLEN:
	case SIOCBRADDIF: case SIOCBRDELIF:
		return IFREQ_SIZE;
	}
	return ioctl_is_lookup(command) ? IFREQ_SIZE : 0;
}

static __always_inline __u32 ioctl_family(__u32 command)
{
	switch (command) {
	case SIOCADDRT: case SIOCDELRT:
		return 2; /* route */
	case SIOCSIFADDR: case SIOCDIFADDR: case SIOCSIFDSTADDR: case SIOCSIFBRDADDR: case SIOCSIFNETMASK:
		return 1; /* address */
	}
	return 0; /* link */
}

/* The link that the argument names; NULL if there is none, or if it names none. */
static __always_inline __u64 ioctl_link(__u64 net, __u32 command, const struct in_flight *f)
{
	union link_name name = {};

	if (ioctl_family(command) == 2)
		return 0;
	if (f->argument_len == IN6_IFREQ_SIZE)
		return link_by_index(net, *(__u32 *)&f->argument[IN6_IFREQ_INDEX]);
	if (command == SIOCBRADDIF || command == SIOCBRDELIF) /* the port; the name is the bridge's */
		return link_by_index(net, *(__u32 *)&f->argument[IFREQ_IFINDEX]);
	for (int i = 0; i < NAME_MAX_LEN - 1 && f->argument[i] && f->argument[i] != ':'; i++)
		name.bytes[i] = f->argument[i]; /* "eth0:1" is an alias, an address of eth0 */
	return link_by_name(net, name.words[0], name.words[1]);
}

/* Reads the argument's struct from the process; false if it can't be read. */
static __always_inline bool ioctl_copy(struct in_flight *f, __u32 size)
{
	void *dev = NULL;

	if (bpf_probe_read_user(f->argument, size & 127, (void *)f->args[3]))
		return false;
	f->argument_len = size;
	if (size != RTENTRY_SIZE)
		return true;
	__builtin_memcpy(&dev, &f->argument[RTENTRY_DEV], sizeof(dev));
	if (dev && bpf_probe_read_user_str(&f->argument[RTENTRY_SIZE], NAME_MAX_LEN, dev) > 0)
		f->argument_len += NAME_MAX_LEN;
	return true;
}

/* At the beginning of an ioctl on a socket: the argument, and the link as it stands. */
static __always_inline void ioctl_begin(struct file *file, __u32 command, __u64 argument)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct net *net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u32 size = ioctl_size(command, family);
	struct in_flight *f;

	if (!size || !(families & (1U << ioctl_family(command))) || !wanted(net, false))
		return;
	if (ioctl_is_lookup(command) && (__u32)(bpf_get_current_pid_tgid() >> 32) == self_tgid)
		return;
	f = in_flight_new(DOOR_IOCTL);
	if (!f)
		return;
	f->args[0] = (__u64)net;
	f->args[1] = command;
	f->args[2] = family;
	f->args[3] = argument;
	/* Memory that is not there yet can't be read by a hook. The kernel will have it there at the end. */
	if (ioctl_copy(f, size) && ioctl_family(command) != 2 && (!ioctl_is_lookup(command) || ioctl_may_be_all(command)))
		in_flight_link(f, SCRATCH_IOCTL_BEGIN, ioctl_link((__u64)net, command, f));
	if (!in_flight_remember(f))
		count_loss(LOSS_IN_FLIGHT);
}

/* The link after the request: by its index, for its name may be another now. */
static __always_inline __u64 ioctl_link_after(__u64 net, const struct in_flight *f)
{
	if (!(f->flags & REQUEST_BEFORE_READ))
		return 0;
	if (f->before_len)
		return link_by_index(net, f->before.index);
	return ioctl_link(net, f->args[1], f);
}

/* At the end: the record. */
static __always_inline void ioctl_end(long result)
{
	__u32 door = DOOR_IOCTL;
	struct request_scratch *s = bpf_map_lookup_elem(&request_scratch, &door);
	struct in_flight *f = in_flight_take(DOOR_IOCTL);
	struct net *net;

	if (!s || !f)
		return;
	net = (struct net *)f->args[0];
	if (ioctl_is_lookup(f->args[1]) && result != -ENODEV && !(result == 0 && ioctl_may_be_all(f->args[1])))
		goto out;
	if (!f->argument_len && !ioctl_copy(f, ioctl_size(f->args[1], f->args[2]))) {
		if (result != -EFAULT) /* else the kernel could not read it either, and has done nothing */
			count_loss(LOSS_MEMORY);
		goto out;
	}
	request_begin(s, DOOR_IOCTL, net, true);
	s->record.command = f->args[1];
	s->record.family = f->args[2];
	s->record.error = result < 0 ? result : 0;
	s->record.flags |= REQUEST_RESULT_KNOWN | f->flags;
	if (f->flags & REQUEST_BEFORE_READ)
		s->record.flags |= REQUEST_AFTER_READ;
	s->record.message = f->argument_len;
	s->record.message_full = f->argument_len;
	__builtin_memcpy(s->tail, f->argument, sizeof(f->argument));
	s->end = f->argument_len;
	request_send(s, f, ioctl_link_after((__u64)net, f));
out:
	in_flight_forget();
}

#endif
