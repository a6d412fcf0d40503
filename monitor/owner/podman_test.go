package owner

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wrongns/wrongns/events"
)

// storage is a folder with files as Podman 4.3 leaves them.
type storage struct {
	t     *testing.T
	paths podmanPaths
}

func newStorage(t *testing.T) *storage {
	dir := t.TempDir()
	return &storage{t, podmanPaths{
		socket:  filepath.Join(dir, "podman.sock"),
		storage: filepath.Join(dir, "storage"),
		run:     filepath.Join(dir, "run"),
	}}
}

func (s *storage) write(path, content string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *storage) list(list string, names map[string]string) {
	s.t.Helper()
	containers := []map[string]any{}
	for id, name := range names {
		containers = append(containers, map[string]any{
			"id": id, "names": []string{name}, "image": outer, "layer": inner, "created": "2026-11-25T01:30:37.2Z",
			"metadata": `{"image-name":"localhost/tools:latest","image-id":"` + outer + `","name":"old"}`,
		})
	}
	content, err := json.Marshal(containers)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(filepath.Join(s.paths.storage, "overlay-containers", list), string(content))
}

func (s *storage) config(id, config string) {
	s.t.Helper()
	s.write(filepath.Join(s.paths.storage, "overlay-containers", id, "userdata/config.json"), config)
}

func (s *storage) follow() *Owners {
	o := &Owners{book: newBook()}
	o.sources = map[string]source{podmanRuntime: followPodman(o.book, s.paths)}
	s.t.Cleanup(o.Close)
	return o
}

func libpod(id string) string { return "/machine.slice/libpod-" + id + ".scope" }

func TestPodmanFiles(t *testing.T) {
	told := events.Container{ID: outer, Name: "web", Runtime: "podman", Image: "localhost/tools:latest", Told: true}
	tests := []struct {
		name, config string
		change       func(*events.Container)
	}{
		{"own namespace", `{"linux":{"namespaces":[{"type":"pid"},{"type":"network"}]}}`, func(*events.Container) {}},
		{"privileged", `{"annotations":{"io.podman.annotations.privileged":"TRUE"},"linux":{"namespaces":[{"type":"network"}]}}`,
			func(c *events.Container) { c.Privileged = true }},
		{"on the host's network", `{"annotations":{"io.podman.annotations.privileged":"FALSE"},"linux":{"namespaces":[{"type":"pid"}]}}`,
			func(c *events.Container) { c.HostNet = true }},
		{"mounts", `{"mounts":[{"type":"bind","source":"/","destination":"/host"},{"type":"proc","source":"/proc"},
			{"type":"bind","source":"/run/containers/storage/overlay-containers/x/userdata/hosts"}],"linux":{"namespaces":[{"type":"network"}]}}`,
			func(c *events.Container) { c.HostMounts = []events.Name{"/"} }},
		{"annotated", `{"annotations":{"wrongns.ignore":"host-gateway"},"linux":{"namespaces":[{"type":"network"}]}}`,
			func(c *events.Container) { c.Ignore = "host-gateway" }},
		{"never started", "", func(c *events.Container) { c.Told = false }},
		{"half written", `{"mounts":[{"type":"bi`, func(c *events.Container) { c.Told = false }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, want := newStorage(t), told
			tt.change(&want)
			s.list("containers.json", map[string]string{outer: "web"})
			if tt.config != "" {
				s.config(outer, tt.config)
			}
			if diff := cmp.Diff(&want, identify(s.follow(), libpod(outer))); diff != "" {
				t.Errorf("container (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodmanNetns(t *testing.T) {
	for path, own := range map[string]bool{
		"": true, "/run/netns/netns-168c85ae-d0e9-0552-806a-e215ab569fe0": true,
		"/proc/20168/ns/net": false, "/run/netns/blue": false,
	} {
		config := ociConfig{}
		config.Linux.Namespaces = []ociNamespace{{Type: "pid"}, {Type: "network", Path: path}}
		if config.ownNetns() != own {
			t.Errorf("namespace at %q: own = %t", path, !own)
		}
	}
	if config := (ociConfig{}); config.ownNetns() || config.netns() != nil {
		t.Error("a container without a namespace has one")
	}
}

// The file with a pid may be left over from a container that ran before.
func TestPodmanStalePid(t *testing.T) {
	s := newStorage(t)
	s.list("containers.json", map[string]string{outer: "web"})
	s.config(outer, `{"linux":{"namespaces":[{"type":"network"}]}}`)
	s.write(filepath.Join(s.paths.run, "overlay-containers", outer, "userdata/pidfile"), strconv.Itoa(os.Getpid()))
	o := s.follow()
	if got := identify(o, libpod(outer)); got == nil || !got.Told || got.Init != nil || got.Netns != 0 {
		t.Errorf("container = %+v, want no first process: this one lives elsewhere", got)
	}
	if owner := o.Netns(ownNetnsInode(t), 0); owner != "" {
		t.Errorf("owner of this process's namespace = %q", owner)
	}
}

// Without an API the files are read again, but not at each change.
func TestPodmanFilesChange(t *testing.T) {
	s := newStorage(t)
	o := s.follow()
	name := func(id string) string {
		c := identify(o, libpod(id))
		if c == nil {
			t.Fatal("no container")
		}
		return string(c.Name)
	}
	if got := name(outer); got != "" {
		t.Errorf("name before Podman knows it = %q", got)
	}
	s.list("containers.json", map[string]string{outer: "web"})
	s.list("volatile-containers.json", map[string]string{inner: "job"})
	if got := name(outer); got != "" {
		t.Errorf("files were read again at once: name %q", got)
	}
	if got := name(inner); got != "job" {
		t.Errorf("container that goes when it ends = %q", got)
	}
	eventually(t, "web", func() string { return name(outer) })
	s.list("containers.json", map[string]string{outer: "shop"})
	eventually(t, "shop", func() string { return name(outer) })

	s.write(filepath.Join(s.paths.storage, "overlay-containers/containers.json"), `[{"id":`)
	time.Sleep(2 * freshness)
	name(outer)
	if c := o.book.containers[outer]; !c.gone.IsZero() {
		t.Error("a container was ended because the list of them could not be read")
	}
	s.list("containers.json", nil)
	time.Sleep(2 * freshness)
	if got := name(outer); got != "shop" {
		t.Errorf("removed container = %q, want its name for a while", got)
	}
	if c := o.book.containers[outer]; c.gone.IsZero() {
		t.Error("a container that was removed is not said to be gone")
	}
}

// With an API the labels are known as well. When it goes away the files take over.
func TestPodmanAPI(t *testing.T) {
	s := newStorage(t)
	s.list("containers.json", map[string]string{outer: "of the files", inner: "files alone"})
	s.config(outer, `{"linux":{"namespaces":[{"type":"network"}]}}`)
	d := listenDaemon(t, s.paths.socket)
	d.add(outer, "web", true)
	o := s.follow()
	want := &events.Container{
		ID: outer, Name: "web", Runtime: "podman", Image: "tools:latest",
		Told: true, Init: self(), Netns: ownNetnsInode(t), Ignore: "true",
		HostMounts: []events.Name{"/", "/var/run/docker.sock"},
	}
	if diff := cmp.Diff(want, identify(o, libpod(outer))); diff != "" {
		t.Errorf("container (-want +got):\n%s", diff)
	}
	d.event("died", outer) // a word of Podman's own log, not of Docker's language
	d.event("remove", outer)
	eventually(t, "", func() string { return o.Netns(ownNetnsInode(t), 0) })
	d.hangUp()
	eventually(t, "of the files", func() string { return string(identify(o, libpod(outer)).Name) })
	if got := identify(o, libpod(outer)); got.Ignore != "true" {
		t.Errorf("label = %q, want the one that was told before", got.Ignore)
	}
}
