//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kprobe tier: the same two functions, hooked by breakpoints, for kernels
 * without trampolines. What a kretprobe can't see (the function's arguments) is
 * kept from the beginning.
 */
#include "rtnetlink.h"
#include "ioctl.h"

char __license[] SEC("license") = "GPL";

SEC("kprobe/rtnetlink_rcv_msg")
int BPF_KPROBE(rtnetlink_enter, struct sk_buff *skb, struct nlmsghdr *nlh, struct netlink_ext_ack *extack)
{
	struct net *net = BPF_CORE_READ(skb, sk, __sk_common.skc_net.net);
	struct in_flight *f;
	struct rtnl_head h;

	if (!rtnl_read_head(&h, nlh) || !rtnl_wanted(&h) ||
	    !wanted(net, rtnl_family(h.nlh.nlmsg_type) == FAMILY_LINK))
		return 0;
	f = in_flight_new(DOOR_RTNETLINK);
	if (!f)
		return 0;
	f->args[0] = (__u64)net;
	f->args[1] = (__u64)nlh;
	f->args[2] = (__u64)extack;
	if (rtnl_family(h.nlh.nlmsg_type) <= FAMILY_ADDRESS && h.nlh.nlmsg_type != RTM_GETLINK)
		rtnl_begin(f, net, nlh, &h);
	if (!in_flight_remember(f))
		count_loss(LOSS_IN_FLIGHT);
	return 0;
}

SEC("kretprobe/rtnetlink_rcv_msg")
int BPF_KRETPROBE(rtnetlink_exit, int ret)
{
	struct in_flight *f = in_flight_take(DOOR_RTNETLINK);
	struct netlink_ext_ack *extack;
	struct rtnl_answer answer = { .error = ret, .known = true, .by_sender = true };

	if (!f)
		return 0;
	extack = (void *)f->args[2];
	answer.extack = BPF_CORE_READ(extack, _msg);
	rtnl_end((struct net *)f->args[0], (void *)f->args[1], ~0U, &answer, f);
	in_flight_forget();
	return 0;
}

SEC("kprobe/sock_ioctl")
int BPF_KPROBE(ioctl_enter, struct file *file, unsigned int command, unsigned long argument)
{
	if (command >= SIOC_FIRST && command <= SIOC_LAST)
		ioctl_begin(file, command, argument);
	return 0;
}

SEC("kretprobe/sock_ioctl")
int BPF_KRETPROBE(ioctl_exit, long ret)
{
	ioctl_end(ret);
	return 0;
}
