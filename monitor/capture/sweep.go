package capture

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/bpf"
)

// sweep takes the requests out of those under way whose ends the kernel skipped,
// and whose threads have not asked again. It returns how many.
//
// Whoever takes a request out either reports it or counts it, the hooks as well as
// this. So one that is taken too early is lost, but counted.
func (c *Capture) sweep() (swept uint64, err error) {
	ids, err := c.underWay()
	if err != nil || len(ids) == 0 || !procIsInitial() {
		return 0, err
	}
	for _, id := range ids {
		if !isOver(uint32(id>>32), uint32(id)) {
			continue
		}
		switch err := c.collection.Maps[bpf.FexitMapInFlight].Delete(id); {
		case err == nil:
			swept++
		case !errors.Is(err, ebpf.ErrKeyNotExist): // its end was seen meanwhile
			return swept, err
		}
	}
	return swept, nil
}

// underWay returns the threads that are in a request, or seem to be: tgid<<32|tid.
func (c *Capture) underWay() (ids []uint64, err error) {
	requests := c.collection.Maps[bpf.FexitMapInFlight]
	var last any // a key that is gone meanwhile lets the kernel begin anew; hence the bound
	for range requests.MaxEntries() {
		var id uint64
		switch err := requests.NextKey(last, &id); {
		case errors.Is(err, ebpf.ErrKeyNotExist):
			return ids, nil
		case err != nil:
			return nil, err
		}
		ids, last = append(ids, id), id
	}
	return ids, nil
}

// isOver reports whether a thread is in no request: it is gone, stopped, or sleeps
// in a way that signals end. Whoever waits in a request waits for locks.
func isOver(tgid, tid uint32) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", tgid, tid))
	if err != nil {
		return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH)
	}
	_, after, found := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	return found && len(after) > 0 && after[0] != 'R' && after[0] != 'D'
}

// procIsInitial reports whether /proc tells of pids as the hooks do: by the
// initial PID namespace, which has this number on every kernel. One that this
// process does not live in has no /proc/self for it.
func procIsInitial() bool {
	const initial = 0xEFFFFFFC // PROC_PID_INIT_INO
	var st unix.Stat_t
	return unix.Stat("/proc/self/ns/pid", &st) == nil && st.Ino == initial
}
