package owner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moby/moby/api/types/container"
	dockerevents "github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"github.com/wrongns/wrongns/events"
	"github.com/wrongns/wrongns/monitor/proc"
)

const (
	// patience is how long a change waits for a daemon to tell of a container
	// that it has not told of yet.
	patience = 200 * time.Millisecond
	// silence is how long a question that was not answered is not asked again.
	silence = 5 * time.Second
	// startup is how long New waits for the list of containers.
	startup = 2 * time.Second
	// mostUnanswered bounds the ids that a daemon did not know.
	mostUnanswered = 4096
)

// engine follows a daemon that speaks Docker's API: its list of containers at
// the start, its events from then on.
type engine struct {
	*book
	runtime string
	actions []string // the events that are followed; all if there are none
	client  *client.Client
	stop    context.CancelFunc
	ended   chan struct{}
	up      atomic.Bool // the daemon is there, and is followed

	mu         sync.Mutex
	unanswered map[string]time.Time // when an id may be asked for again
	slow       time.Time            // until then nothing is asked: the daemon took too long
}

// followEngine follows the daemon behind a Unix socket until close. It waits a
// moment for the containers that are there already.
func followEngine(b *book, runtime, socket string, actions ...string) *engine {
	e := &engine{
		book:       b,
		runtime:    runtime,
		actions:    actions,
		ended:      make(chan struct{}),
		unanswered: make(map[string]time.Time),
	}
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	var err error
	if e.client, err = client.New(client.WithHost("unix://" + socket)); err != nil {
		close(e.ended) // a path that can't be a socket's: no daemon is there
		return e
	}
	listed := make(chan struct{})
	go e.follow(ctx, sync.OnceFunc(func() { close(listed) }))
	select {
	case <-listed:
	case <-time.After(startup):
	}
	return e
}

// close ends the following and waits for its ene.
func (e *engine) close() {
	e.stop()
	<-e.ended
	if e.client != nil {
		_ = e.client.Close() // it only lets go of idle connections
	}
}

// follow watches the daemon, again and again when it goes away. It calls listed
// when the containers are known, or nobody answers.
func (e *engine) follow(ctx context.Context, listed func()) {
	defer close(e.ended)
	for ctx.Err() == nil {
		// Why it ended is of no use to anybody: most nodes have one runtime and
		// not the others, and a container is shown by its id then.
		_ = e.watch(ctx, listed)
		e.up.Store(false)
		listed()
		select {
		case <-ctx.Done():
		case <-time.After(silence):
		}
	}
}

// watch learns of all containers, and follows the events until they end.
func (e *engine) watch(ctx context.Context, listed func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The events come first: what starts during the listing is in both.
	filters := make(client.Filters).Add("type", "container").Add("event", e.actions...)
	stream := e.client.Events(ctx, client.EventsListOptions{Filters: filters})
	if err := e.list(ctx); err != nil {
		return err
	}
	e.up.Store(true)
	listed()
	for {
		select {
		case event := <-stream.Messages:
			e.handle(ctx, event)
		case err := <-stream.Err:
			return fmt.Errorf("follow the events of %s: %w", e.runtime, err)
		}
	}
}

// list learns of all containers, those included that do not run: while Docker
// starts one it answers no question about it.
func (e *engine) list(ctx context.Context) error {
	all, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return fmt.Errorf("list the containers of %s: %w", e.runtime, err)
	}
	listed := make(map[string]bool, len(all.Items))
	for _, c := range all.Items {
		listed[c.ID] = true
		wait := startup
		if c.State != container.StateRunning && c.State != container.StatePaused && len(c.Names) > 0 {
			e.heard(c.ID, c.Names[0], c.Image)
			e.died(e.runtime, c.ID, time.Time{})
			wait = patience // it may be starting
		}
		if err := e.learn(ctx, c.ID, wait); err != nil && ctx.Err() != nil {
			return err
		}
	}
	e.keep(e.runtime, func(id string) bool { return listed[id] })
	return nil
}

// handle takes an event in. A container that can't be inspected is gone again.
func (e *engine) handle(ctx context.Context, event dockerevents.Message) {
	id, told := event.Actor.ID, event.Actor.Attributes
	switch event.Action {
	case dockerevents.ActionCreate, dockerevents.ActionStart, dockerevents.ActionRename:
		if e.learn(ctx, id, silence) != nil && told["name"] != "" {
			e.heard(id, told["name"], told["image"])
		}
	case dockerevents.ActionDie:
		e.died(e.runtime, id, time.Time{})
	case dockerevents.ActionDestroy, dockerevents.ActionRemove: // Docker's word, and Podman's
		e.died(e.runtime, id, time.Now())
	}
}

// heard takes in what was said of a container that is not inspected.
func (e *engine) heard(id, name, image string) {
	what := events.Container{ID: id, Runtime: e.runtime}
	if known := e.get(e.runtime, id); known != nil {
		what = *known
	}
	what.Name, what.Image = containerName(name), events.Name(image)
	e.put(what)
}

// containerName is a container's name without the slash that Docker puts before it.
func containerName(name string) events.Name { return events.Name(strings.TrimPrefix(name, "/")) }

// learn asks the daemon for a container, and waits for so long at most.
func (e *engine) learn(ctx context.Context, id string, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	answer, err := e.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("inspect container %s of %s: %w", id, e.runtime, err)
	}
	e.put(e.describe(&answer.Container))
	return nil
}

// describe says what the daemon tells of a container. Docker leaves no part of its
// answer out; who else speaks its language may.
func (e *engine) describe(c *container.InspectResponse) events.Container {
	what := events.Container{ID: c.ID, Name: containerName(c.Name), Runtime: e.runtime, Told: c.HostConfig != nil}
	if c.Config != nil {
		what.Image = events.Name(c.Config.Image)
		what.Ignore = c.Config.Labels[ignoreLabel]
	}
	own := true
	if c.HostConfig != nil {
		mode := c.HostConfig.NetworkMode
		what.Privileged, what.HostNet = c.HostConfig.Privileged, mode.IsHost()
		// Podman has a word more: ns:PATH.
		own = !mode.IsHost() && !mode.IsContainer() && !strings.HasPrefix(string(mode), "ns:")
	}
	for _, m := range c.Mounts {
		if m.Type == mount.TypeBind {
			what.HostMounts = addHostMount(what.HostMounts, m.Source)
		}
	}
	if c.State != nil && c.State.Pid > 0 {
		pid := uint32(c.State.Pid)
		what.Init = initProcess(pid)
		if own {
			what.Netns = proc.Namespace(pid, "net")
		}
	}
	return what
}

// initProcess is the first process of a container, nil if it has ended.
func initProcess(pid uint32) *events.Init {
	if start := proc.Start(pid); start != 0 {
		return &events.Init{PID: pid, Start: start}
	}
	return nil
}

// ask asks for a container that the daemon has not told of yet, and waits for
// patience at most.
func (e *engine) ask(id string) {
	if !e.worthAsking(id) {
		return
	}
	if err := e.learn(context.Background(), id, patience); err != nil {
		e.noAnswer(id, errors.Is(err, context.DeadlineExceeded))
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.unanswered, id)
}

func (e *engine) worthAsking(id string) bool {
	if e.client == nil || e.get(e.runtime, id) != nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	return now.After(e.slow) && now.After(e.unanswered[id])
}

// noAnswer keeps an id from being asked for again at once, and if the daemon
// is slow, all others too.
func (e *engine) noAnswer(id string, slow bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.unanswered) >= mostUnanswered {
		clear(e.unanswered)
	}
	until := time.Now().Add(silence)
	e.unanswered[id] = until
	if slow {
		e.slow = until
	}
}
