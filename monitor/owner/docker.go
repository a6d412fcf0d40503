package owner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	dockerevents "github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"github.com/wrongns/wrongns/events"
)

const (
	// patience is how long a change waits for Docker to tell of a container
	// that it has not told of yet.
	patience = 200 * time.Millisecond
	// silence is how long a question that was not answered is not asked again.
	silence = 5 * time.Second
	// remembrance is how long a removed container is remembered, for changes
	// that it made before and that have not come yet.
	remembrance = time.Minute
	// startup is how long New waits for the list of containers.
	startup = 2 * time.Second
	// mostUnanswered bounds the ids that Docker did not know.
	mostUnanswered = 4096
)

// docker follows a Docker daemon: its list of containers at the start, its
// events from then on.
type docker struct {
	client *client.Client
	stop   context.CancelFunc
	ended  chan struct{}

	mu         sync.Mutex
	containers map[string]*dockerContainer // by id
	netns      map[uint32]string           // id of the container that runs there and whose own it is, by inode
	cookies    map[uint64]string           // id of the container whose own it is or was last, by cookie
	unanswered map[string]time.Time        // when an id may be asked for again
	slow       time.Time                   // until then nothing is asked: the daemon took too long
}

type dockerContainer struct {
	events.Container
	netns  uint32    // inode; 0 if it does not run or uses another's
	cookie uint64    // of its network namespace, or of its last one if it does not run; 0 if not known
	gone   time.Time // when it was removed; zero if it is there
}

// dockerSocket is the path of the daemon's socket.
func dockerSocket() string {
	if path, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		return path
	}
	return "/var/run/docker.sock"
}

// followDocker follows the daemon behind a Unix socket until close.
func followDocker(socket string) *docker {
	d := &docker{
		ended:      make(chan struct{}),
		containers: make(map[string]*dockerContainer),
		netns:      make(map[uint32]string),
		cookies:    make(map[uint64]string),
		unanswered: make(map[string]time.Time),
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	var err error
	if d.client, err = client.New(client.WithHost("unix://" + socket)); err != nil {
		close(d.ended) // a path that can't be a socket's: no daemon is there
		return d
	}
	listed := make(chan struct{})
	go d.follow(ctx, sync.OnceFunc(func() { close(listed) }))
	select {
	case <-listed:
	case <-time.After(startup):
	}
	return d
}

// close ends the following and waits for its end.
func (d *docker) close() {
	d.stop()
	<-d.ended
	if d.client != nil {
		_ = d.client.Close() // it only lets go of idle connections
	}
}

// follow watches the daemon, again and again when it goes away. It calls listed
// when the containers are known, or nobody answers.
func (d *docker) follow(ctx context.Context, listed func()) {
	defer close(d.ended)
	for ctx.Err() == nil {
		// Why it ended is of no use to anybody: most nodes have no Docker,
		// and a container is shown by its id then.
		_ = d.watch(ctx, listed)
		listed()
		select {
		case <-ctx.Done():
		case <-time.After(silence):
		}
	}
}

// watch learns of all containers, and follows the events until they end.
func (d *docker) watch(ctx context.Context, listed func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The events come first: what starts during the listing is in both.
	filters := make(client.Filters).Add("type", "container").
		Add("event", "create", "start", "rename", "die", "destroy")
	stream := d.client.Events(ctx, client.EventsListOptions{Filters: filters})
	if err := d.list(ctx); err != nil {
		return err
	}
	listed()
	for {
		select {
		case event := <-stream.Messages:
			d.handle(ctx, event)
		case err := <-stream.Err:
			return fmt.Errorf("follow Docker's events: %w", err)
		}
	}
}

// list learns of all containers, those included that do not run: while Docker
// starts one it answers no question about it.
func (d *docker) list(ctx context.Context) error {
	all, err := d.client.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return fmt.Errorf("list Docker's containers: %w", err)
	}
	for _, c := range all.Items {
		if c.State != container.StateRunning && c.State != container.StatePaused && len(c.Names) > 0 {
			d.heard(c.ID, c.Names[0], c.Image)
			d.died(c.ID, time.Time{})
		} else if err := d.learn(ctx, c.ID); err != nil && ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// handle takes an event in. A container that can't be inspected is gone again.
func (d *docker) handle(ctx context.Context, event dockerevents.Message) {
	id, told := event.Actor.ID, event.Actor.Attributes
	switch event.Action {
	case dockerevents.ActionCreate, dockerevents.ActionStart, dockerevents.ActionRename:
		if d.learn(ctx, id) != nil && told["name"] != "" {
			d.heard(id, told["name"], told["image"])
		}
	case dockerevents.ActionDie:
		d.died(id, time.Time{})
	case dockerevents.ActionDestroy:
		d.died(id, time.Now())
	}
}

// heard takes in what was said of a container that is not inspected.
func (d *docker) heard(id, name, image string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(describe(id, name, image), 0)
}

func describe(id, name, image string) events.Container {
	return events.Container{
		ID:      id,
		Name:    events.Name(strings.TrimPrefix(name, "/")),
		Runtime: "docker",
		Image:   events.Name(image),
	}
}

// learn asks the daemon for a container.
func (d *docker) learn(ctx context.Context, id string) error {
	answer, err := d.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("inspect Docker's container %s: %w", id, err)
	}
	c, image := answer.Container, ""
	if c.Config != nil {
		image = c.Config.Image
	}
	netns := ownNetns(&c)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(describe(c.ID, c.Name, image), netns)
	return nil
}

// put takes in what a container is, and the inode of its network namespace. Where
// that is 0, what is known already stays. d.mu is held.
func (d *docker) put(what events.Container, netns uint32) {
	known := &dockerContainer{Container: what}
	if old := d.containers[what.ID]; old != nil {
		known.netns, known.cookie = old.netns, old.cookie
	}
	d.containers[what.ID] = known
	delete(d.unanswered, what.ID)
	if netns != 0 && netns != known.netns {
		d.settle(known, netns, 0)
	}
}

// settle gives a container the network namespace that it lives in from now on.
// cookie may be 0. d.mu is held.
func (d *docker) settle(c *dockerContainer, inode uint32, cookie uint64) {
	d.leave(c)
	delete(d.cookies, c.cookie)
	c.netns, c.cookie = inode, cookie
	d.netns[inode] = c.ID
	if cookie != 0 {
		d.cookies[cookie] = c.ID
	}
}

// leave takes its network namespace from a container that runs no more. By the
// cookie, which no other namespace will have, it is still found. d.mu is held.
func (d *docker) leave(c *dockerContainer) {
	if d.netns[c.netns] == c.ID {
		delete(d.netns, c.netns)
	}
	c.netns = 0
}

// ownNetns is the inode of the network namespace that a container has for its
// own, 0 if it does not run, or uses the host's or another container's.
func ownNetns(c *container.InspectResponse) uint32 {
	switch {
	case c.State == nil || c.State.Pid == 0:
		return 0
	case c.HostConfig != nil && (c.HostConfig.NetworkMode.IsHost() || c.HostConfig.NetworkMode.IsContainer()):
		return 0
	}
	var stat unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/ns/net", c.State.Pid), &stat); err != nil {
		return 0
	}
	return uint32(stat.Ino)
}

// died takes a container's network namespace from it, and forgets containers
// that were removed long ago. gone is when it was removed, zero if it was not.
func (d *docker) died(id string, gone time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.containers[id]; c != nil {
		d.leave(c)
		c.gone = gone
	}
	for id, c := range d.containers {
		if !c.gone.IsZero() && time.Since(c.gone) > remembrance {
			delete(d.containers, id)
			delete(d.cookies, c.cookie)
		}
	}
}

// started tells that a container's first process was seen in a network
// namespace that was made for it. Docker says so only when it has set it up.
// While a container runs, what it starts in others is not its own.
func (d *docker) started(id string, n events.Namespace) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.containers[id]; c != nil && c.netns == 0 {
		d.settle(c, n.Inode, n.Cookie)
	}
}

// inNetns returns the container that has, or had last, a network namespace as
// its own, nil if there is none. cookie may be 0: then only one that runs.
func (d *docker) inNetns(inode uint32, cookie uint64) *events.Container {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.containers[d.cookies[cookie]]; c != nil && cookie != 0 {
		return &c.Container
	}
	c := d.containers[d.netns[inode]]
	switch {
	case c == nil:
		return nil
	case c.cookie == 0 && cookie != 0:
		d.settle(c, inode, cookie)
	case c.cookie != cookie && cookie != 0:
		return nil // its inode is another's by now
	}
	return &c.Container
}

// container returns what Docker knows of an id, nil if it knows nothing. It
// asks for one that it was not told of, and waits for patience at most.
func (d *docker) container(id string) *events.Container {
	if known, ask := d.known(id); !ask {
		return known
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := d.learn(ctx, id); err != nil {
		d.noAnswer(id, errors.Is(err, context.DeadlineExceeded))
	}
	known, _ := d.known(id)
	return known
}

// known returns what has been learnt of an id, and whether it is worth asking.
func (d *docker) known(id string) (known *events.Container, ask bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.containers[id]; c != nil {
		return &c.Container, false
	}
	now := time.Now()
	return nil, d.client != nil && now.After(d.slow) && now.After(d.unanswered[id])
}

// noAnswer keeps an id from being asked for again at once, and if the daemon
// is slow, all others too.
func (d *docker) noAnswer(id string, slow bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.unanswered) >= mostUnanswered {
		clear(d.unanswered)
	}
	until := time.Now().Add(silence)
	d.unanswered[id] = until
	if slow {
		d.slow = until
	}
}
