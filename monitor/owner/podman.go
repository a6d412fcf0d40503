package owner

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/proc"
)

const podmanRuntime = "podman"

// podmanPaths are where a Podman keeps its things.
type podmanPaths struct {
	socket  string // of its API, which is there only if somebody has switched it on
	storage string // what lasts
	run     string // what is gone with the next boot
}

// podmanDefaults are the paths of root's Podman.
var podmanDefaults = podmanPaths{
	socket:  "/run/podman/podman.sock",
	storage: "/var/lib/containers/storage",
	run:     "/run/containers/storage",
}

// podman knows the containers of root's Podman: by its API where that is switched
// on, else by the files that it leaves, since it has no daemon.
type podman struct {
	*book
	engine *engine
	paths  podmanPaths

	mu     sync.Mutex
	looked map[string]time.Time // when a container's files were last read, by id
}

// followPodman follows a Podman until close.
func followPodman(b *book, paths podmanPaths) *podman {
	p := &podman{book: b, paths: paths, looked: make(map[string]time.Time)}
	stored, _ := p.stored()
	for id, c := range stored {
		p.read(id, c)
	}
	// Podman understands not all of the filters that Docker has.
	p.engine = followEngine(b, podmanRuntime, paths.socket)
	return p
}

func (p *podman) close() { p.engine.close() }

// ask asks Podman's API, and reads its files if the API is not there or gives no answer.
func (p *podman) ask(id string) {
	if p.engine.up.Load() {
		p.engine.ask(id)
		if p.get(podmanRuntime, id) != nil {
			return
		}
	}
	if p.due(id) {
		p.look(id)
	}
}

// due reports whether a container's files should be read again.
func (p *podman) due(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.looked[id]) < freshness {
		return false
	}
	if len(p.looked) >= mostUnanswered {
		clear(p.looked)
	}
	p.looked[id] = now
	return true
}

// look reads a container's files, and forgets those that Podman has removed.
func (p *podman) look(id string) {
	stored, complete := p.stored()
	if c, ok := stored[id]; ok {
		p.read(id, c)
	}
	if !complete {
		return
	}
	p.keep(podmanRuntime, func(id string) bool { _, ok := stored[id]; return ok })
}

// storedContainer is what containers.json in Podman's storage has of a container.
type storedContainer struct {
	ID       string   `json:"id"`
	Names    []string `json:"names"`
	Metadata string   `json:"metadata"` // JSON once more

	dir string // the folder with all containers that this one is in: overlay-containers
}

// stored are all containers that Podman has, by their ids, and whether the lists
// of them could be read. There is one for each storage driver that was ever used,
// and one beside it for the containers that go when they end.
func (p *podman) stored() (all map[string]storedContainer, complete bool) {
	all, complete = make(map[string]storedContainer), true
	for _, root := range []string{p.paths.storage, p.paths.run} {
		lists, _ := filepath.Glob(filepath.Join(root, "*-containers/*containers.json")) // fails for malformed patterns only
		for _, list := range lists {
			var containers []storedContainer
			complete = readJSON(list, &containers) && complete
			for _, c := range containers {
				c.dir = filepath.Base(filepath.Dir(list))
				if isID(c.ID) {
					all[c.ID] = c
				}
			}
		}
	}
	return all, complete
}

// readJSON reads a file of Podman's, and reports whether it could. One that is
// just being written can't be.
func readJSON(path string, into any) bool {
	content, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(content, into) == nil
}

// read takes in what Podman's files tell of a container.
func (p *podman) read(id string, c storedContainer) {
	what := events.Container{ID: id, Runtime: podmanRuntime}
	if len(c.Names) > 0 {
		what.Name = events.Name(c.Names[0])
	}
	var metadata struct {
		Image string `json:"image-name"`
	}
	if json.Unmarshal([]byte(c.Metadata), &metadata) == nil {
		what.Image = events.Name(metadata.Image)
	}
	var config ociConfig
	if readJSON(filepath.Join(p.paths.storage, c.dir, id, "userdata/config.json"), &config) {
		config.describe(&what)
	}
	what.Init = p.initOf(id, c.dir)
	if what.Init != nil && what.Told && config.ownNetns() {
		what.Netns = proc.Namespace(what.Init.PID, "net")
	}
	if old := p.get(podmanRuntime, id); old != nil && !alive(old.Init) && old.Init != nil {
		p.died(podmanRuntime, id, time.Time{})
	}
	p.put(what)
}

// initOf is a container's first process, nil if it does not run: the file with its
// pid may be left over from before.
func (p *podman) initOf(id, dir string) *events.Init {
	content, err := os.ReadFile(filepath.Join(p.paths.run, dir, id, "userdata/pidfile"))
	if err != nil {
		return nil
	}
	pid := number(strings.TrimSpace(string(content)))
	if lives, _ := containerOf(pid); lives != id {
		return nil
	}
	return initProcess(pid)
}

// ociConfig is what is read of the config.json that Podman makes for runc or crun.
type ociConfig struct {
	Mounts []struct {
		Type   string `json:"type"`
		Source string `json:"source"`
	} `json:"mounts"`
	Annotations map[string]string `json:"annotations"`
	Linux       struct {
		Namespaces []ociNamespace `json:"namespaces"`
	} `json:"linux"`
}

type ociNamespace struct {
	Type string `json:"type"`
	Path string `json:"path"` // "" for a new one
}

// describe says how the container is made. Podman keeps labels elsewhere, in a
// database that may not be opened beside it; an annotation of the same name will do.
func (c *ociConfig) describe(what *events.Container) {
	what.Told = true
	what.Privileged = c.Annotations["io.podman.annotations.privileged"] == "TRUE"
	what.Ignore = c.Annotations[ignoreLabel]
	what.HostNet = c.netns() == nil
	for _, m := range c.Mounts {
		if m.Type == "bind" {
			what.HostMounts = addHostMount(what.HostMounts, m.Source)
		}
	}
}

// netns is the container's network namespace, nil if it has the host's.
func (c *ociConfig) netns() *ociNamespace {
	for i, n := range c.Linux.Namespaces {
		if n.Type == "network" {
			return &c.Linux.Namespaces[i]
		}
	}
	return nil
}

// ownNetns reports whether the container has a network namespace for its own: a
// new one, or one that Podman made for it and calls netns-….
func (c *ociConfig) ownNetns() bool {
	n := c.netns()
	return n != nil && (n.Path == "" || strings.HasPrefix(filepath.Base(n.Path), "netns-"))
}
