package owner

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemon is a fake of dockerd: it speaks the few calls that are made, as API
// 1.41 (dockerd 20.10) has them.
type daemon struct {
	t      *testing.T
	socket string
	events chan string   // lines for the event stream
	hangUp func()        // ends it
	stall  chan struct{} // an inspection waits until it is closed, if it is not nil

	mu        sync.Mutex
	names     map[string]string // by id
	running   map[string]bool
	mode      string // network mode of all containers
	inspected map[string]int
}

func startDaemon(t *testing.T) *daemon {
	return listenDaemon(t, filepath.Join(t.TempDir(), "docker.sock"))
}

func listenDaemon(t *testing.T, socket string) *daemon {
	d := &daemon{
		t:         t,
		socket:    socket,
		events:    make(chan string),
		names:     make(map[string]string),
		running:   make(map[string]bool),
		inspected: make(map[string]int),
	}
	listener, err := net.Listen("unix", d.socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: d}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(listener) }()
	d.hangUp = func() { server.Close(); <-ended }
	t.Cleanup(d.hangUp)
	return d
}

func (d *daemon) add(id, name string, running bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names[id], d.running[id] = name, running
}

func (d *daemon) inspections(id string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inspected[id]
}

func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	path := r.URL.Path
	if path != "/_ping" && !strings.HasPrefix(path, "/v1.41/") {
		http.Error(w, `{"message":"client version is too new"}`, http.StatusBadRequest)
		return
	}
	path = strings.TrimPrefix(path, "/v1.41")
	switch {
	case path == "/_ping":
	case path == "/events":
		d.stream(w, r)
	case path == "/containers/json":
		d.list(w)
	default:
		d.inspect(w, r, strings.TrimSuffix(strings.TrimPrefix(path, "/containers/"), "/json"))
	}
}

func (d *daemon) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.(http.Flusher).Flush()
	for {
		select {
		case line := <-d.events:
			fmt.Fprintln(w, line)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (d *daemon) list(w http.ResponseWriter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := []map[string]any{}
	for id, running := range d.running {
		state := map[bool]string{true: "running", false: "exited"}[running]
		list = append(list, map[string]any{"Id": id, "Names": []string{"/" + d.names[id]}, "Image": "tools:latest", "State": state})
	}
	json.NewEncoder(w).Encode(list)
}

func (d *daemon) inspect(w http.ResponseWriter, r *http.Request, id string) {
	if d.stall != nil {
		select {
		case <-d.stall:
		case <-r.Context().Done():
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inspected[id]++
	name, ok := d.names[id]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"message":"No such container: %s"}`, id)
		return
	}
	pid := 0
	if d.running[id] {
		pid = os.Getpid()
	}
	json.NewEncoder(w).Encode(map[string]any{
		"Id": id, "Name": "/" + name, "State": map[string]any{"Pid": pid},
		"Config":     map[string]any{"Image": "tools:latest", "Labels": map[string]any{"wrongns.ignore": "true"}},
		"HostConfig": map[string]any{"NetworkMode": d.mode, "Privileged": d.mode == "host"},
		"Mounts": []map[string]any{
			{"Type": "bind", "Source": "/", "Destination": "/host"},
			{"Type": "bind", "Source": "/srv/web", "Destination": "/srv"},
			{"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/run/docker.sock"},
			{"Type": "volume", "Source": "/run/netns", "Destination": "/volume"},
		},
	})
}

// event sends an event and waits until it has been taken.
func (d *daemon) event(action, id string) {
	d.t.Helper()
	select {
	case d.events <- fmt.Sprintf(`{"Type":"container","Action":%q,"Actor":{"ID":%q,"Attributes":{"name":"told","image":"tools:latest"}}}`, action, id):
	case <-time.After(10 * time.Second):
		d.t.Fatalf("nobody took the event %s", action)
	}
}

func follow(t *testing.T, d *daemon) *Owners {
	t.Setenv("DOCKER_HOST", "unix://"+d.socket)
	o := New()
	t.Cleanup(o.Close)
	return o
}

func identify(o *Owners, cgroup string) *events.Container {
	c := &events.Change{Process: &events.Process{Cgroup: events.Name(cgroup)}}
	o.Identify(c)
	return c.Container
}

func ownNetnsInode(t *testing.T) uint32 {
	t.Helper()
	var stat unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &stat); err != nil {
		t.Fatal(err)
	}
	return uint32(stat.Ino)
}

// self is this process, which plays the init of all containers of a fake daemon.
func self() *events.Init {
	pid := uint32(os.Getpid())
	return &events.Init{PID: pid, Start: proc.Start(pid)}
}

func TestIdentify(t *testing.T) {
	d := startDaemon(t)
	d.add(outer, "web", true)
	o := follow(t, d)
	want := &events.Container{
		ID: outer, Name: "web", Runtime: "docker", Image: "tools:latest",
		Told: true, Init: self(), Netns: ownNetnsInode(t), Ignore: "true",
		HostMounts: []events.Name{"/", "/var/run/docker.sock"},
	}
	if diff := cmp.Diff(want, identify(o, "/docker/"+outer)); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
	want = &events.Container{ID: inner, Runtime: "podman"}
	if diff := cmp.Diff(want, identify(o, "/machine.slice/libpod-"+inner+".scope")); diff != "" {
		t.Errorf("podman's container (-want +got):\n%s", diff)
	}
	if got := identify(o, "/system.slice/ssh.service"); got != nil {
		t.Errorf("a service's container = %+v, want none", got)
	}
	if n := d.inspections(inner); n != 0 {
		t.Errorf("Docker was asked %d times for podman's container", n)
	}
}

func TestUnknownIsNotHost(t *testing.T) {
	o := follow(t, startDaemon(t))
	tests := []struct {
		name    string
		process *events.Process
		known   bool
	}{
		{"no process", nil, false},
		{"no cgroup", &events.Process{}, false},
		{"the host's", &events.Process{Cgroup: "/"}, true},
		{"a container's", &events.Process{Cgroup: events.Name("/docker/" + outer)}, true},
	}
	for _, tt := range tests {
		c := &events.Change{Process: tt.process}
		o.Identify(c)
		if c.ContainerKnown() != tt.known {
			t.Errorf("%s: ContainerKnown() = %t", tt.name, c.ContainerKnown())
		}
	}
}

func TestLatecomerIsAskedForOnce(t *testing.T) {
	d := startDaemon(t)
	o := follow(t, d)
	d.add(outer, "late", false) // Docker has not told of it yet
	for range 3 {
		if got := identify(o, "/docker/"+outer); got == nil || got.Name != "late" {
			t.Errorf("container = %+v, want late", got)
		}
		want := &events.Container{ID: inner, Runtime: "docker"}
		if diff := cmp.Diff(want, identify(o, "/docker/"+inner)); diff != "" {
			t.Errorf("container that Docker does not know (-want +got):\n%s", diff)
		}
	}
	if a, b := d.inspections(outer), d.inspections(inner); a != 1 || b != 1 {
		t.Errorf("inspected %d and %d times, want once each", a, b)
	}
}

func TestSlowDaemonIsNotWaitedForTwice(t *testing.T) {
	d := startDaemon(t)
	o := follow(t, d)
	d.stall = make(chan struct{})
	defer close(d.stall)
	for _, id := range []string{outer, inner} {
		if got := identify(o, "/docker/"+id); got == nil || got.ID != id {
			t.Errorf("container = %+v, want its id", got)
		}
	}
	if o.sources["docker"].(*engine).worthAsking(inner) {
		t.Error("a slow daemon is asked again at once")
	}
}

func TestNoDaemon(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	o := New()
	defer o.Close()
	want := &events.Container{ID: outer, Runtime: "docker"}
	if diff := cmp.Diff(want, identify(o, "/docker/"+outer)); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
}

func TestEvents(t *testing.T) {
	d := startDaemon(t)
	o := follow(t, d)
	own := ownNetnsInode(t)

	d.add(outer, "web", true)
	d.event("start", outer)
	d.event("none", "") // the one before has been handled when this is taken off the stream
	eventually(t, "container web", func() string { return o.Netns(own, 0) })

	d.add(outer, "shop", true)
	d.event("rename", outer)
	eventually(t, "container shop", func() string { return o.Netns(own, 0) })

	d.event("die", outer)
	eventually(t, "", func() string { return o.Netns(own, 0) })
	if got := identify(o, "/docker/"+outer); !got.Told || got.Init != nil || got.Netns != 0 {
		t.Errorf("container that has died = %+v, want how it is made, and no process and no namespace", got)
	}
	d.event("start", outer)
	eventually(t, "container shop", func() string { return o.Netns(own, 0) })
	if got := identify(o, "/docker/"+outer); got.Init == nil || got.Netns != own {
		t.Errorf("container that was started again = %+v, want its process and its namespace", got)
	}
	d.event("die", outer)
	d.event("destroy", outer)
	d.event("none", "")
	if got := identify(o, "/docker/"+outer); got == nil || got.Name != "shop" {
		t.Errorf("removed container = %+v, want its name for a while", got)
	}
}

// birth is what runc does in a container's new network namespace, before Docker
// says that the container has started.
func birth(id string, n events.Namespace) *events.Change {
	return &events.Change{Target: "lo", Netns: n, Process: &events.Process{
		Name: "runc:[2:INIT]", NetnsInode: n.Inode, NetnsCookie: n.Cookie, Cgroup: events.Name("/docker/" + id),
	}}
}

// A container's namespace is its own from its first change to the last one by
// the runtime that takes it down, and nobody's when its number is used again.
func TestNetnsFromBirthToBurial(t *testing.T) {
	d := startDaemon(t)
	d.add(outer, "web", false)
	o := follow(t, d)
	d.stall = make(chan struct{}) // as it is while a container starts
	defer close(d.stall)
	whose := func(cookie uint64, want string) {
		t.Helper()
		if got := o.Netns(7, cookie); got != want {
			t.Errorf("owner of namespace 7 with cookie %d = %q, want %q", cookie, got, want)
		}
	}
	whose(70, "")
	o.Identify(birth(outer, events.Namespace{Inode: 7, Cookie: 70}))
	whose(70, "container web")
	whose(0, "container web")
	whose(71, "")
	o.Identify(birth(outer, events.Namespace{Inode: 8, Cookie: 80})) // of a container inside it
	if got := o.Netns(8, 80); got != "" {
		t.Errorf("owner of an inner container's namespace = %q", got)
	}

	d.event("die", outer)
	eventually(t, "", func() string { return o.Netns(7, 0) })
	whose(70, "container web")
	o.Identify(birth(outer, events.Namespace{Inode: 7, Cookie: 72}))
	whose(72, "container web")
	whose(70, "")
}

// Docker's event names what is gone before it can be inspected.
func TestGoneBeforeInspected(t *testing.T) {
	d := startDaemon(t)
	o := follow(t, d)
	d.event("create", outer)
	d.event("destroy", outer)
	want := events.Container{ID: outer, Name: "told", Runtime: "docker", Image: "tools:latest"}
	eventually(t, fmt.Sprint(want), func() string { return fmt.Sprint(*identify(o, "/docker/"+outer)) })
}

func TestNetnsOfAnother(t *testing.T) {
	for _, mode := range []string{"host", "container:" + inner} {
		d := startDaemon(t)
		d.mode = mode
		d.add(outer, "guest", true)
		o := follow(t, d)
		if got := identify(o, "/docker/"+outer); got == nil || got.Name != "guest" {
			t.Fatalf("container = %+v, want guest", got)
		}
		if got := identify(o, "/docker/"+outer); got.Netns != 0 || got.Init == nil || got.HostNet != (mode == "host") || got.Privileged != (mode == "host") {
			t.Errorf("with --network %s the container is %+v", mode, got)
		}
		if owner := o.Netns(ownNetnsInode(t), 0); owner != "" {
			t.Errorf("with --network %s the namespace's owner is %q, want none", mode, owner)
		}
	}
}

func TestHostileName(t *testing.T) {
	d := startDaemon(t)
	d.add(outer, "a\x1b[2Jb", true)
	o := follow(t, d)
	if owner := o.Netns(ownNetnsInode(t), 0); owner != `container a\x1b[2Jb` {
		t.Errorf("owner = %q, want it escaped", owner)
	}
}

// eventually waits for what happens in the background.
func eventually(t *testing.T, want string, get func() string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for get() != want {
		if time.Now().After(deadline) {
			t.Fatalf("got %q, want %q", get(), want)
		}
		time.Sleep(time.Millisecond)
	}
}
