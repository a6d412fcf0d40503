//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fexit tier: BPF trampolines at the beginning and the end of the two
 * functions that all requests go through.
 */
#include "rtnetlink.h"
#include "ioctl.h"

char __license[] SEC("license") = "GPL";

SEC("fentry/rtnetlink_rcv_msg")
int BPF_PROG(rtnetlink_enter, struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct net *net = BPF_CORE_READ(skb, sk, __sk_common.skc_net.net);
	struct in_flight *f;
	struct rtnl_head h;

	/* Only links and addresses have a state to be read beforehand. */
	if (!rtnl_read_head(&h, nlh) || !rtnl_wanted(&h) || rtnl_family(h.nlh.nlmsg_type) > FAMILY_ADDRESS ||
	    h.nlh.nlmsg_type == RTM_GETLINK || !wanted(net, rtnl_family(h.nlh.nlmsg_type) == FAMILY_LINK))
		return 0;
	f = in_flight_new(DOOR_RTNETLINK);
	if (!f)
		return 0;
	rtnl_begin(f, net, nlh, &h);
	in_flight_remember(f); /* without it the end still reports the request */
	return 0;
}

SEC("fexit/rtnetlink_rcv_msg")
int BPF_PROG(rtnetlink_exit, struct sk_buff *skb, struct nlmsghdr *nlh, struct netlink_ext_ack *extack, int ret)
{
	struct net *net = BPF_CORE_READ(skb, sk, __sk_common.skc_net.net);
	struct rtnl_answer answer = { .error = ret, .known = true, .by_sender = true,
				      .extack = BPF_CORE_READ(extack, _msg) };
	struct in_flight *before = in_flight_take(DOOR_RTNETLINK);

	rtnl_end(net, nlh, ~0U, &answer, before);
	if (before)
		in_flight_forget();
	return 0;
}

SEC("fentry/sock_ioctl")
int BPF_PROG(ioctl_enter, struct file *file, unsigned int command, unsigned long argument)
{
	if (command >= SIOC_FIRST && command <= SIOC_LAST)
		ioctl_begin(file, command, argument);
	return 0;
}

SEC("fexit/sock_ioctl")
int BPF_PROG(ioctl_exit, struct file *file, unsigned int command, unsigned long argument, long ret)
{
	if (command >= SIOC_FIRST && command <= SIOC_LAST)
		ioctl_end(ret);
	return 0;
}
