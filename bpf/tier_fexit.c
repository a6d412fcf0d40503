//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fexit tier: BPF trampolines at the beginning and the end of the two
 * functions that all requests go through.
 *
 * Where programs have spares, what is noted at the beginning says which of two
 * that run at the end still has a request to report: the first takes the note away.
 * Without, a request is reported even if its beginning was not seen.
 */
#include "preempt.h"
#include "rtnetlink.h"
#include "ioctl.h"

char __license[] SEC("license") = "GPL";

/* Whether the state of a link is read before the request: only links and addresses have one. */
static __always_inline bool has_before(__u16 type)
{
	return rtnl_family(type) <= FAMILY_ADDRESS && type != RTM_GETLINK;
}

static __noinline void message_begin(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct net *net = BPF_CORE_READ(skb, sk, __sk_common.skc_net.net);
	struct in_flight *f;
	struct rtnl_head h;

	if (!rtnl_read_head(&h, nlh) || !rtnl_wanted(&h) || !(spare || has_before(h.nlh.nlmsg_type)) ||
	    !wanted(net, rtnl_family(h.nlh.nlmsg_type) == FAMILY_LINK) || in_flight_begun(DOOR_RTNETLINK, (__u64)nlh))
		return;
	f = in_flight_new(DOOR_RTNETLINK);
	if (!f)
		return;
	f->request = (__u64)nlh;
	if (has_before(h.nlh.nlmsg_type))
		rtnl_begin(f, net, nlh, &h);
	if (!in_flight_remember(f) && spare)
		count_loss(LOSS_IN_FLIGHT);
}

static __noinline void message_end(struct sk_buff *skb, struct nlmsghdr *nlh, struct netlink_ext_ack *extack, int ret)
{
	struct net *net = BPF_CORE_READ(skb, sk, __sk_common.skc_net.net);
	struct rtnl_answer answer = { .error = ret, .known = true, .by_sender = true,
				      .extack = BPF_CORE_READ(extack, _msg) };
	struct in_flight *before = in_flight_take(DOOR_RTNETLINK);

	if (spare && !before)
		return;
	rtnl_end(net, nlh, ~0U, &answer, before);
	if (before)
		in_flight_forget();
}

SEC("fentry/rtnetlink_rcv_msg")
int BPF_PROG(rtnetlink_enter, struct sk_buff *skb, struct nlmsghdr *nlh)
{
	hold_processor();
	message_begin(skb, nlh);
	release_processor();
	return 0;
}

SEC("fentry/rtnetlink_rcv_msg")
int BPF_PROG(rtnetlink_enter_spare, struct sk_buff *skb, struct nlmsghdr *nlh)
{
	hold_processor();
	message_begin(skb, nlh);
	release_processor();
	return 0;
}

SEC("fexit/rtnetlink_rcv_msg")
int BPF_PROG(rtnetlink_exit, struct sk_buff *skb, struct nlmsghdr *nlh, struct netlink_ext_ack *extack, int ret)
{
	hold_processor();
	message_end(skb, nlh, extack, ret);
	release_processor();
	return 0;
}

SEC("fexit/rtnetlink_rcv_msg")
int BPF_PROG(rtnetlink_exit_spare, struct sk_buff *skb, struct nlmsghdr *nlh, struct netlink_ext_ack *extack, int ret)
{
	hold_processor();
	message_end(skb, nlh, extack, ret);
	release_processor();
	return 0;
}

static __noinline void call_begin(struct file *file, unsigned int command, unsigned long argument)
{
	if (command >= SIOC_FIRST && command <= SIOC_LAST)
		ioctl_begin(file, command, argument);
}

static __noinline void call_end(unsigned int command, long ret)
{
	if (command >= SIOC_FIRST && command <= SIOC_LAST)
		ioctl_end(ret);
}

SEC("fentry/sock_ioctl")
int BPF_PROG(ioctl_enter, struct file *file, unsigned int command, unsigned long argument)
{
	hold_processor();
	call_begin(file, command, argument);
	release_processor();
	return 0;
}

SEC("fentry/sock_ioctl")
int BPF_PROG(ioctl_enter_spare, struct file *file, unsigned int command, unsigned long argument)
{
	hold_processor();
	call_begin(file, command, argument);
	release_processor();
	return 0;
}

SEC("fexit/sock_ioctl")
int BPF_PROG(ioctl_exit, struct file *file, unsigned int command, unsigned long argument, long ret)
{
	hold_processor();
	call_end(command, ret);
	release_processor();
	return 0;
}

SEC("fexit/sock_ioctl")
int BPF_PROG(ioctl_exit_spare, struct file *file, unsigned int command, unsigned long argument, long ret)
{
	hold_processor();
	call_end(command, ret);
	release_processor();
	return 0;
}
