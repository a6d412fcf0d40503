//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoint tier, for kernels that have neither trampolines nor kprobes.
 *
 * netlink_unicast_kernel() hands the request to the namespace's rtnetlink
 * socket, has every message of it handled, and then calls consume_skb() on its
 * own copy, still in the sender's context. There the whole request can be read,
 * and the kernel's answers are the last that stand in the sender's receive queue.
 */
#include "rtnetlink.h"
#include "ioctl.h"

char __license[] SEC("license") = "GPL";

#define NLMSG_ERROR     2
#define NLM_F_CAPPED    0x100
#define NLM_F_ACK_TLVS  0x200
#define NLMSGERR_ATTR_MSG 1
#define NLMSGERR_LEN    20 /* struct nlmsgerr: the errno and the header of the request */

#define NETLINK_F_KERNEL_SOCKET 1 /* in struct netlink_sock's flags */
#define NETLINK_S_CONGESTED     1 /* in its state: the queue was full, and is not empty since */

#define ROUND_MAX  256 /* messages that are looked at in one go */
#define ROUNDS_MAX 64  /* more than a send of the usual size can hold */
#define QUEUE_MAX  512 /* how far back the answers of a round are looked for */

struct ack_head {
	struct nlmsghdr nlh;
	__s32 error;
	struct nlmsghdr request;
};

struct batch_message {
	__u32 offset;
	__u32 length;
	__u32 seq;
	__u16 type;
	__u16 flags;
	__s32 error;
	__u32 doubt; /* not 0: it is not certain what the answer was */
	__u64 extack; /* kernel address of the text in the ack */
};

struct batch_round {
	struct sk_buff *ack; /* its last message's, if that has one */
	__u32 at;            /* offset of its first message */
	__u32 gone;          /* as in struct batch, when the walk came to it */
};

/* One send, taken to pieces. The loop variables live here, out of the verifier's sight. */
struct batch {
	struct net *net;
	struct sock *sender;
	void *head;        /* kernel address of the first message */
	__u32 length;      /* how much was handled */
	__u32 rounds;
	__u32 count;       /* messages in this round */
	__u32 at;          /* offset of the next message */
	__u32 last_seq;
	__u32 left;        /* messages of this round that have no answer yet */
	__u32 gone;        /* answers have been taken off the queue, from here backwards */
	__u8 busy;         /* this memory is in use */
	__u8 many;         /* more than one message */
	__u8 dump;         /* one of them asked for a dump */
	__u8 unordered;    /* their sequence numbers do not grow: no telling two messages apart */
	__u8 full;         /* the sender's queue may not have taken all answers */
	__u8 by_sender;    /* the current thread is the one that sent them */
	__u8 again;        /* the rounds' messages have all been seen once */
	__u8 survey;       /* the answers are looked for to find the next round's */
	struct sk_buff *ack;
	struct batch_message messages[ROUND_MAX];
	struct batch_round round[ROUNDS_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct batch);
} batches SEC(".maps");

/* What the kernel said of the request that a thread is in, by pid_tgid. */
struct extack_text {
	char text[EXTACK_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct extack_text);
} extacks SEC(".maps");

/* An error that answered a message which asked for no ack. */
struct refusal {
	struct sock *sender;
	__u32 length;
	__u32 seq;
	__u16 type;
	__u16 flags;
	__u32 pad;
};

/* The refusals seen. They may stand in the sender's queue for ever, and be taken for the answer to another message. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct refusal);
	__type(value, __u8);
} refusals SEC(".maps");

static __always_inline struct batch *the_batch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&batches, &zero);
}

/* Step 1: find the messages of a round. */
__noinline int batch_split(void)
{
	struct batch *b = the_batch();
	struct nlmsghdr h;

	if (!b)
		return 0;
	b->count = 0;
	for (int i = 0; i < ROUND_MAX; i++) {
		struct batch_message *m = &b->messages[b->count & (ROUND_MAX - 1)];
		__u32 at = b->at;

		if (at + sizeof(h) > b->length || read(h, (__u8 *)b->head + at) || h.nlmsg_len < sizeof(h)) {
			b->at = b->length;
			return 0;
		}
		m->offset = at;
		m->length = h.nlmsg_len;
		m->seq = h.nlmsg_seq;
		m->type = h.nlmsg_type;
		m->flags = h.nlmsg_flags;
		m->error = 0;
		m->doubt = 0;
		m->extack = 0;
		if (h.nlmsg_type >= RTM_BASE && rtnl_asks(h.nlmsg_type) && h.nlmsg_flags & NLM_F_DUMP)
			b->dump = 1;
		if (at && !b->again) {
			b->many = 1;
			b->unordered |= (__s32)(h.nlmsg_seq - b->last_seq) <= 0;
		}
		b->last_seq = h.nlmsg_seq;
		b->at = at + ((h.nlmsg_len + 3) & ~3);
		b->count++;
	}
	return 0;
}

/* The text in an ack, if the sender asked for texts. */
static __always_inline __u64 ack_text(const struct ack_head *ack, void *data)
{
	__u32 at = NLMSG_HDRLEN + NLMSGERR_LEN;

	if (!(ack->nlh.nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;
	if (!(ack->nlh.nlmsg_flags & NLM_F_CAPPED))
		at += (ack->request.nlmsg_len - NLMSG_HDRLEN + 3) & ~3;
	for (int i = 0; i < 4; i++) {
		struct nlattr a;

		if (at + sizeof(a) > ack->nlh.nlmsg_len || read(a, (__u8 *)data + at) || a.nla_len < sizeof(a))
			return 0;
		if ((a.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			return (__u64)data + at + sizeof(a);
		at += (a.nla_len + 3) & ~3;
	}
	return 0;
}

/* Whether this is the kernel's answer to that message. */
static __always_inline bool answers(const struct ack_head *ack, const struct batch_message *m)
{
	return ack->request.nlmsg_seq == m->seq && ack->request.nlmsg_type == m->type &&
	       ack->request.nlmsg_len == m->length && ack->request.nlmsg_flags == m->flags;
}

/*
 * Whether a message that asked for no ack was really answered by the error that
 * looks like its answer: not if another with the same header was refused before,
 * or may have been.
 */
static __always_inline bool refused(struct batch *b, const struct batch_message *m)
{
	struct refusal key = {
		.sender = b->sender, .length = m->length, .seq = m->seq, .type = m->type, .flags = m->flags,
	};
	__u8 yes = 1;

	return !b->survey && bpf_map_update_elem(&refusals, &key, &yes, BPF_NOEXIST) == 0 && !b->unordered;
}

/* Looks at one skb of the queue and one message of the round. Returns whether there is no more of either. */
__noinline int batch_pair(void)
{
	struct batch *b = the_batch();
	struct batch_message *m;
	struct ack_head ack = {};
	struct sk_buff *skb;
	void *data;

	if (!b || !b->left)
		return 1;
	skb = b->ack;
	if (!skb || (void *)skb == field_address(b->sender, struct sock, sk_receive_queue))
		return 1;
	m = &b->messages[(b->left - 1) & (ROUND_MAX - 1)];
	data = BPF_CORE_READ(skb, data);
	if (!read(ack, data) && ack.nlh.nlmsg_type == NLMSG_ERROR) {
		if (answers(&ack, m)) {
			m->error = ack.error;
			m->doubt = b->full || !(m->flags & NLM_F_ACK || refused(b, m));
			m->extack = ack_text(&ack, data);
			b->left--;
		} else if (!(m->flags & NLM_F_ACK)) {
			m->doubt = b->full || b->unordered;
			b->left--;
			return 0; /* it may answer the message before */
		}
	}
	b->ack = BPF_CORE_READ(skb, prev);
	return 0;
}

/*
 * The queue holds no more answers. Who asked for one and has none lost it (no
 * room, or another thread took it, and all before it): what came of it and of the
 * messages before it is not known. After a dump this runs when the dump is done,
 * so all answers may be gone.
 */
__noinline int batch_unanswered(void)
{
	struct batch *b = the_batch();

	if (!b)
		return 0;
	b->gone |= b->dump || b->full || b->unordered;
	for (int i = 0; i < ROUND_MAX; i++) {
		struct batch_message *m = &b->messages[(b->left - 1) & (ROUND_MAX - 1)];

		if (!b->left)
			return 0;
		b->gone |= m->flags & NLM_F_ACK;
		m->doubt = b->gone;
		b->left--;
	}
	return 0;
}

/*
 * Step 2: walk the sender's queue from its end and the messages of the round from
 * the last, and pair them. A message that did not ask for an ack and has none
 * succeeded. Where that is not certain, the result is not known.
 */
__noinline int batch_answers(void)
{
	struct batch *b = the_batch();

	if (!b)
		return 0;
	b->left = b->count;
	for (int i = 0; i < QUEUE_MAX; i++)
		if (batch_pair())
			return 0;
	b->gone |= b->left != 0; /* there may be more */
	return 0;
}

/* Step 3: the record of one message. A function of its own, so that the verifier looks at it once. */
__noinline int batch_report(__u32 i)
{
	struct batch *b = the_batch();
	__u64 id = bpf_get_current_pid_tgid();
	struct rtnl_answer answer = {};
	struct batch_message *m;

	if (!b)
		return 0;
	m = &b->messages[i & (ROUND_MAX - 1)];
	answer.by_sender = b->by_sender;
	answer.known = !m->doubt;
	if (answer.known) {
		answer.error = m->error;
		answer.extack = (void *)m->extack;
	}
	/* Which of many messages a text belongs to can't be told. */
	if (!answer.extack && answer.error && !b->many && b->by_sender)
		answer.extack = bpf_map_lookup_elem(&extacks, &id);
	rtnl_end(b->net, (__u8 *)b->head + m->offset, b->length - m->offset, &answer, NULL);
	return 0;
}

/* Steps 2 and 3, and 1 again if it was only done to find out where the rounds begin. */
__noinline int batch_round(__u32 r)
{
	struct batch *b = the_batch();

	if (!b)
		return 0;
	if (b->rounds > 1) {
		b->at = b->round[r & (ROUNDS_MAX - 1)].at;
		b->ack = b->round[r & (ROUNDS_MAX - 1)].ack;
		b->gone = b->round[r & (ROUNDS_MAX - 1)].gone;
		batch_split();
	}
	batch_answers();
	batch_unanswered();
	for (__u32 i = 0; i < ROUND_MAX; i++) {
		if (i >= b->count)
			break;
		batch_report(i);
	}
	return 0;
}

/*
 * A send of many messages is taken in rounds. They are reported in order, but
 * their answers are found from the end: so this first finds the place of each
 * round in the send, from the first on, and in the queue, from the last on.
 */
__noinline int batch_survey(void)
{
	struct batch *b = the_batch();

	if (!b)
		return 0;
	for (__u32 r = 1; r < ROUNDS_MAX; r++) {
		if (b->at >= b->length)
			break;
		b->round[r].at = b->at;
		b->rounds = r + 1;
		batch_split();
	}
	if (b->at < b->length) {
		count_loss(LOSS_BATCH);
		b->gone = 1; /* the last answers are not those of the last round */
	}
	b->again = b->survey = 1;
	for (__u32 i = 0; i < ROUNDS_MAX; i++) {
		__u32 r = b->rounds - 1 - i;

		if (r >= ROUNDS_MAX)
			break;
		b->round[r].ack = b->ack;
		b->round[r].gone = b->gone;
		b->at = b->round[r].at;
		batch_split();
		batch_answers();
		batch_unanswered();
	}
	b->survey = 0;
	return 0;
}

/* Whether the sender's queue may have refused an answer. */
static __always_inline bool queue_full(struct sock *sender)
{
	return BPF_CORE_READ(sender, sk_backlog.rmem_alloc.counter) > BPF_CORE_READ(sender, sk_rcvbuf) ||
	       BPF_CORE_READ((struct netlink_sock *)sender, state) & NETLINK_S_CONGESTED;
}

/*
 * Whether the current thread is of the process that sent the request. The kernel
 * notes the sender's pid, as the sender itself calls it.
 */
static __always_inline bool sent_by_current(struct netlink_skb_parms *parms, struct net *net)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	struct upid *upid = field_address(pid, struct pid, numbers) +
			    BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);

	return !(BPF_CORE_READ(task, flags) & PF_KTHREAD) && BPF_CORE_READ(task, nsproxy, net_ns) == net &&
	       BPF_CORE_READ(upid, nr) == (int)BPF_CORE_READ(parms, creds.pid);
}

#define NESTED_MAX 64

/*
 * Counts what is lost with a send that is done with while another is looked at: an
 * interrupt may free a socket with an unfinished dump.
 */
__noinline int count_nested(__u64 head, __u32 length)
{
	struct rtnl_head h;
	__u32 at = 0;

	for (int i = 0; i < NESTED_MAX; i++) {
		if (at + NLMSG_HDRLEN > length || read(h, head + at) || h.nlh.nlmsg_len < NLMSG_HDRLEN)
			return 0;
		if (!rtnl_asks(h.nlh.nlmsg_type) && rtnl_wanted(&h))
			count_loss(LOSS_NESTED);
		at += (h.nlh.nlmsg_len + 3) & ~3;
	}
	return 0;
}

/* A request to the kernel that has just been handled. */
static __always_inline void request_done(struct sk_buff *skb, struct sock *sk)
{
	struct netlink_skb_parms *parms = field_address(skb, struct sk_buff, cb);
	struct net *net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	struct batch *b = the_batch();
	struct sk_buff_head *queue;
	__u32 length;
	__u64 head;

	if (!b || BPF_CORE_READ(net, rtnl) != sk) /* an ack, a dump, a notification: on the reader's side */
		return;
	head = (__u64)BPF_CORE_READ(skb, head);
	length = (__u64)BPF_CORE_READ(skb, data) - head;
	if (b->busy) {
		count_nested(head, length);
		return;
	}
	__builtin_memset(b, 0, offsetof(struct batch, messages));
	b->busy = 1;
	b->net = net;
	b->sender = BPF_CORE_READ(parms, sk);
	b->head = (void *)head;
	b->length = length;
	queue = field_address(b->sender, struct sock, sk_receive_queue);
	b->ack = BPF_CORE_READ(queue, prev);
	b->full = queue_full(b->sender);
	b->rounds = 1;
	b->round[0].at = 0;
	batch_split();
	if (b->at < b->length)
		batch_survey();
	b->by_sender = !b->dump || sent_by_current(parms, net);
	for (__u32 r = 0; r < ROUNDS_MAX; r++) {
		if (r >= b->rounds)
			break;
		batch_round(r);
	}
	b->busy = 0;
}

/* What is said of a request is its own: no later one may be taken to have been told it. */
static __always_inline void netlink_done(struct sk_buff *skb, struct sock *sk)
{
	__u64 id = bpf_get_current_pid_tgid();

	request_done(skb, sk);
	if (BPF_CORE_READ((struct netlink_sock *)sk, flags) & NETLINK_F_KERNEL_SOCKET)
		bpf_map_delete_elem(&extacks, &id);
}

/*
 * Each of the following comes twice, and the loader takes one. A program at a raw
 * tracepoint (tp_btf) is the cheaper one. From 7.0 on the kernel can preempt it at
 * work, and then skips it for whoever runs there meanwhile, without anybody being
 * told whether that was a request. A program at the tracepoint's perf event is
 * never preempted: what it skips are packets of an interrupt that came while it
 * was at work, and no request is made there.
 */

/* Called for every packet that the machine has done with: the way out must be short. */
SEC("tp_btf/consume_skb")
int BPF_PROG(skb_consumed, struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (sk && sk->__sk_common.skc_family == AF_NETLINK)
		netlink_done(skb, sk);
	return 0;
}

static __always_inline void perf_skb_done(struct sk_buff *skb)
{
	struct sock *sk = BPF_CORE_READ(skb, sk);

	if (sk && BPF_CORE_READ(sk, __sk_common.skc_family) == AF_NETLINK)
		netlink_done(skb, sk);
}

SEC("tracepoint/skb/consume_skb")
int skb_consumed_perf(struct trace_event_raw_consume_skb *ctx)
{
	perf_skb_done(ctx->skbaddr);
	return 0;
}

/*
 * A request that also started a dump is held until the dump is done, and is freed
 * by this one if the socket is closed first: by the process, or, before 6.13, by
 * whatever the processor was at.
 */
SEC("tp_btf/kfree_skb")
int BPF_PROG(skb_freed, struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (sk && sk->__sk_common.skc_family == AF_NETLINK)
		netlink_done(skb, sk);
	return 0;
}

SEC("tracepoint/skb/kfree_skb")
int skb_freed_perf(struct trace_event_raw_kfree_skb *ctx)
{
	perf_skb_done(ctx->skbaddr);
	return 0;
}

static __always_inline void remember_extack(const void *text)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct extack_text said = {};

	bpf_probe_read_kernel_str(said.text, sizeof(said.text), text);
	bpf_map_update_elem(&extacks, &id, &said, BPF_ANY);
}

/* 5.12 and later. */
SEC("tp_btf/netlink_extack")
int BPF_PROG(extack_said, const char *text)
{
	remember_extack(text);
	return 0;
}

SEC("tracepoint/netlink/netlink_extack")
int extack_said_perf(struct trace_event_raw_netlink_extack *ctx)
{
	remember_extack((void *)ctx + (ctx->__data_loc_msg & 0xffff));
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_ioctl")
int ioctl_enter(struct trace_event_raw_sys_enter *ctx)
{
	__u32 command = ctx->args[1];
	struct file *file;

	if (command < SIOC_FIRST || command > SIOC_LAST)
		return 0;
	file = current_file(ctx->args[0]);
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK)
		ioctl_begin(file, command, ctx->args[2]);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_ioctl")
int ioctl_exit(struct trace_event_raw_sys_exit *ctx)
{
	ioctl_end(ctx->ret);
	return 0;
}
