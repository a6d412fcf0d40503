package owner

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
)

// The name of a container that nobody can be asked about is that of its cgroup.
func TestNamed(t *testing.T) {
	o := New()
	t.Cleanup(o.Close)
	for cgroup, want := range map[string]*events.Container{
		"/lxc.payload.wrongns-none":                         {ID: "wrongns-none", Name: "wrongns-none", Runtime: "lxc"},
		"/machine.slice/machine-wrongns.none.scope/payload": {ID: "wrongns.none", Name: "wrongns.none", Runtime: "systemd-nspawn"},
		"/lxc.payload.a\x1bb":                               {ID: `a\x1bb`, Name: "a\x1bb", Runtime: "lxc"},
	} {
		if diff := cmp.Diff(want, identify(o, cgroup)); diff != "" {
			t.Errorf("container of %q (-want +got):\n%s", cgroup, diff)
		}
	}
}

func TestIsCount(t *testing.T) {
	for s, want := range map[string]bool{"-1": true, "-12": true, "": false, "-": false, "-1a": false, "1": false, "--1": false} {
		if isCount(s) != want {
			t.Errorf("isCount(%q) = %t", s, !want)
		}
	}
}

// LXC puts a number behind the name of a cgroup if another is in the way.
func TestLXCName(t *testing.T) {
	tests := []struct{ cgroup, title, want string }{
		{"web", "[lxc monitor] /var/lib/lxc web", "web"},
		{"web-1", "[lxc monitor] /var/lib/lxc web", "web"},
		{"web-1", "[lxc monitor] /var/lib/lxc web-1", "web-1"},
		{"web-a", "[lxc monitor] /var/lib/lxc web", "web-a"},
		{"web-1", "[lxc monitor] /var/lib/lxc shop", "web-1"},
		{"web-1", "lxc-start web", "web-1"},
		{"web-1", "[lxc monitor] ", "web-1"},
	}
	for _, tt := range tests {
		if got := titleName(tt.cgroup, tt.title); got != tt.want {
			t.Errorf("container of cgroup %q whose monitor is %q = %q, want %q", tt.cgroup, tt.title, got, tt.want)
		}
	}
}

func TestReadStatus(t *testing.T) {
	self := readStatus(uint32(os.Getpid()))
	if int(self.parent) != os.Getppid() || self.inner == 0 || self.bounding == 0 {
		t.Errorf("this process is %+v", self)
	}
	if gone := readStatus(1 << 30); gone != (status{}) {
		t.Errorf("a process that is not there is %+v", gone)
	}
}

// Two runtimes may each have a container of a name.
func TestBookTellsRuntimesApart(t *testing.T) {
	b := newBook()
	for n, runtime := range []string{"lxc", "systemd-nspawn"} {
		b.put(events.Container{ID: "web", Name: "web", Runtime: runtime, Netns: uint32(n + 7)})
	}
	b.died("lxc", "web", time.Now())
	if c := b.get("systemd-nspawn", "web"); c == nil || c.Netns != 8 {
		t.Errorf("nspawn's container = %+v", c)
	}
	if c := b.get("lxc", "web"); c == nil || c.Netns != 0 {
		t.Errorf("LXC's container = %+v", c)
	}
}

// What was handed out stays as it was.
func TestBookChangesNothingHandedOut(t *testing.T) {
	b := newBook()
	b.put(events.Container{ID: outer, Init: &events.Init{PID: 4, Start: 5}, Netns: 7, Ignore: "true"})
	first := b.get("", outer)
	b.inNetns(7, 70)
	b.put(events.Container{ID: outer, Name: "web"})
	if c := b.get("", outer); c.Init == nil || c.Netns != 7 || c.Ignore != "true" {
		t.Errorf("container of which less was told = %+v", c)
	}
	b.put(events.Container{ID: outer, Init: &events.Init{PID: 6, Start: 7}})
	if c := b.get("", outer); c.Init.PID != 6 || c.Netns != 0 {
		t.Errorf("restarted container = %+v, want its new process and no namespace", c)
	}
	b.died("", outer, time.Time{})
	if first.Init == nil || first.Netns != 7 || first.Name != "" {
		t.Errorf("container that was handed out became %+v", first)
	}
}

// Each removed container is forgotten in the end.
func TestBookForgets(t *testing.T) {
	b := newBook()
	for n := range 100 {
		id := strconv.Itoa(n)
		b.put(events.Container{ID: id, Runtime: "lxc", Netns: uint32(n + 1)})
		b.inNetns(uint32(n+1), uint64(n+1))
	}
	b.keep("podman", func(string) bool { return false })
	if b.inNetns(1, 1) == nil {
		t.Error("another runtime's containers were ended")
	}
	b.keep("lxc", func(string) bool { return false })
	for _, c := range b.containers {
		c.gone = c.gone.Add(-2 * remembrance)
	}
	b.died("lxc", "none", time.Now())
	if len(b.containers)+len(b.netns)+len(b.cookies) != 0 {
		t.Errorf("%d containers, %d namespaces and %d cookies are remembered", len(b.containers), len(b.netns), len(b.cookies))
	}
}
