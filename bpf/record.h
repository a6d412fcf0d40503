/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The one layout of what the kernel side writes and events/record.go reads.
 *
 * Two kinds of record go over one ring. A PROCESS record says who: all that is
 * known of a thread and would be gone a millisecond later. It is sent once for
 * each state of a thread, and every REQUEST record that follows points at it by
 * its number. A REQUEST record says what was asked of which namespace, and what
 * the kernel answered.
 *
 * Numbers are in the machine's byte order. Both structs have only fixed-width
 * fields and explicit padding; what varies in length stands in the tail, in the
 * order in which its lengths are listed.
 */
#ifndef WRONGNS_RECORD_H
#define WRONGNS_RECORD_H

#define RECORD_VERSION 1

#define NAME_MAX_LEN 16 /* TASK_COMM_LEN and IFNAMSIZ */

enum record_kind {
	RECORD_PROCESS = 1,
	RECORD_REQUEST = 2,
};

struct record_header {
	__u16 version; /* RECORD_VERSION */
	__u16 kind;    /* enum record_kind */
	__u32 length;  /* of the whole record, tail included */
};

/* Flags of struct process_facts. */
#define PROCESS_TTY     (1 << 0) /* has a controlling terminal */
#define PROCESS_KTHREAD (1 << 1) /* a kernel thread */
#define PROCESS_WORKER  (1 << 2) /* an io_uring worker of the process */

/*
 * What can be different at the next request of the same thread. It is read at
 * every request and compared with what was last sent; a difference sends a new
 * PROCESS record. So nothing here is ever stale, and a thread that adds a
 * million routes describes itself once.
 */
struct process_facts {
	__u64 start;        /* of the process, ns since boot: with tgid its identity */
	__u64 exec_id;      /* counts execve */
	__u64 capabilities; /* effective */
	__u64 cgroup;       /* kernfs id of the cgroup that the tail names */
	__u64 netns_cookie; /* 0 where the kernel has none (before 5.12) */
	__u64 parent_start;
	__u64 root_ino;     /* of its root directory */
	__u32 tgid;
	__u32 tid;
	__u32 parent;
	__u32 uid;
	__u32 login_uid; /* ~0: not set */
	__u32 session;   /* audit session, ~0: not set */
	__u32 netns;     /* numbers of the namespaces, as in /proc/PID/ns */
	__u32 mntns;
	__u32 pidns;
	__u32 userns;
	__u32 utsns;
	__u32 cgroupns;
	__u32 flags;    /* PROCESS_* */
	__u32 root_dev; /* of its root directory's filesystem, as the kernel has it: major << 20 | minor */
	char name[NAME_MAX_LEN];   /* comm of the thread group's leader */
	char thread[NAME_MAX_LEN]; /* comm of the thread itself */
	char parent_name[NAME_MAX_LEN];
};
_Static_assert(sizeof(struct process_facts) == 160, "process_facts has no holes");

/* Flags of struct process_record: which of the tail's strings were cut. */
#define CUT_COMMAND_LINE (1 << 0)
#define CUT_EXECUTABLE   (1 << 1)
#define CUT_CGROUP       (1 << 2)

struct process_record {
	struct record_header header;
	__u64 id; /* what requests call it */
	struct process_facts facts;
	/* Lengths of the tail's parts. */
	__u16 ancestors;    /* their tgids, the parent first, four bytes each */
	__u16 command_line; /* arguments, each ended by NUL, as in memory */
	__u16 executable;   /* path components, leaf first, each ended by NUL */
	__u16 cgroup;       /* likewise */
	__u16 flags;        /* CUT_* */
	__u16 pad[3];
};
_Static_assert(sizeof(struct process_record) == 192, "process_record has no holes");

/* One network interface. */
struct link_state {
	__u32 index;
	__u32 flags; /* IFF_* */
	__u32 mtu;
	__u32 master; /* index of the link that it is enslaved to, 0: none */
	__u32 lower;  /* index of the link that it stands on (macvlan, vlan) or hangs on (veth), 0: none */
	__u32 netns;  /* where it lives */
	__u8 address[8];
	__u8 address_len;
	__u8 operstate; /* IF_OPER_* */
	__u8 pad[6];
	char name[NAME_MAX_LEN];
	char kind[NAME_MAX_LEN]; /* IFLA_INFO_KIND, "" for a physical link */
	char master_name[NAME_MAX_LEN];
	char lower_name[NAME_MAX_LEN];
};
_Static_assert(sizeof(struct link_state) == 104, "link_state has no holes");

enum request_door {
	DOOR_RTNETLINK = 1, /* message: the netlink message from its header on */
	DOOR_IOCTL = 2,     /* message: the argument's struct as user space passed it */
};

/* Flags of struct request_record. */
#define REQUEST_RESULT_KNOWN (1 << 0) /* error is the kernel's answer */
#define REQUEST_BEFORE_READ  (1 << 1) /* the link was looked for before: absent means not there */
#define REQUEST_AFTER_READ   (1 << 2) /* likewise after */
#define REQUEST_NO_PROCESS   (1 << 3) /* process could not be described: only tgid, tid and name */
#define REQUEST_UNWALKED     (1 << 4) /* more attributes than the hook looks at */

struct request_record {
	struct record_header header;
	__u64 time;          /* ns since boot, CLOCK_BOOTTIME, when it was answered */
	__u64 process;       /* id of a process_record */
	__u64 netns_cookie;  /* of the socket's namespace */
	__u64 target_cookie; /* of the namespace that the request names */
	__u32 netns;
	__u32 target_netns;  /* 0: the request names none */
	__u32 tgid;
	__u32 tid;
	__s32 error;         /* 0 or -errno */
	__u32 flags;         /* REQUEST_* */
	__u32 command;       /* of an ioctl */
	__u32 message_full;  /* length of the message before it was cut to fit */
	__u16 door;          /* enum request_door */
	__u16 family;        /* of an ioctl's socket */
	/* Lengths of the tail's parts. */
	__u16 message;
	__u16 extack;        /* text, no NUL */
	__u16 before;        /* 0 or sizeof(struct link_state) */
	__u16 after;         /* likewise */
	__u32 pad;
};
_Static_assert(sizeof(struct request_record) == 88, "request_record has no holes");

/*
 * What could not be delivered, by cause: indices of the per-CPU counters, which
 * only ever grow.
 */
enum loss {
	LOSS_RING_FULL,  /* no room on the ring for a request; one without its process says so itself */
	LOSS_IN_FLIGHT,  /* too many requests under way to remember what came before one */
	LOSS_NO_EXIT,    /* a request's beginning was seen, its end was not */
	LOSS_BATCH,      /* a send with more messages than the hook looks at: counts sends */
	LOSS_MEMORY,     /* memory of the kernel or the process could not be read */
	LOSS_NESTED,     /* a request was done with while another was looked at */
	LOSS_CAUSES,
};

#endif
