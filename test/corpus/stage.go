package corpus

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wrongns/wrongns/test/docker"
)

// stage is the node with its Docker, watched by wrongns.
type stage struct {
	turn sync.Mutex   // held by the scenario that is at its steps
	calm sync.RWMutex // for writing by one that does something on the node, for reading by those whose containers start

	mu        sync.Mutex
	daemon    *docker.Daemon
	watch     *docker.Watch
	events    []docker.Event  // under turn: all so far
	made      map[string]bool // under mu: images
	inodes    map[uint64]bool // under mu: namespaces that are not Docker's
	addresses int             // under mu: how many were given out
	node      []object        // as it has to be between scenarios
	hostPID   int             // sleeps on the node
	neighbour *place          // a namespace of another's, with a name
}

func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{made: map[string]bool{}, inodes: map[uint64]bool{}}
	s.daemon = docker.StartIn(t, newNode)
	for name, n := range networks {
		n.create(t, s.daemon, name)
	}
	s.hostPID = keep(t, s.daemon.OnHost("sleep", keeperLife))
	s.neighbour = s.newNeighbour(t)
	var err error
	if s.node, err = nodeState(); err != nil {
		t.Fatal(err)
	}
	s.watch = docker.StartWatch(t, s.daemon)
	s.watch.Also = func(e *docker.Event) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.inodes[e.Netns.Inode] || s.inodes[e.Process.Netns.Inode]
	}
	return s
}

// newNeighbour makes a namespace that is neither the node's nor a container's, in
// which a process sleeps. It has a name, so that it is somebody's.
func (s *stage) newNeighbour(t testing.TB) *place {
	t.Helper()
	p := s.unshare(t, &Scenario{Name: "neighbour", Networks: []string{"macvlan"}})
	name := netnsPrefix + "neighbour"
	if _, err := ip("netns", "attach", name, strconv.Itoa(p.pid)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := ip("netns", "delete", name); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (s *stage) mustDocker(t testing.TB, args ...string) {
	t.Helper()
	if out, exit, err := s.daemon.Docker(args...); exit != 0 {
		t.Fatalf("docker %s: exit %d: %v: %s", strings.Join(args, " "), exit, err, out)
	}
}

// buildNetcfg builds the program of that name and returns its path.
func (s *stage) buildNetcfg(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "netcfg")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./netcfg")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build netcfg: %v\n%s", err, out)
	}
	return path
}

// Made is a scenario that was made, and how its events are known.
type Made struct {
	Name      string
	Container string   `json:",omitempty"` // id
	Inodes    []uint64 `json:",omitempty"` // of the namespaces that are its own while it lasts
	From, To  time.Time
}

// owns reports whether an event belongs to the scenario: see README.md.
func (m *Made) owns(e *docker.Event) bool {
	if m.Container != "" && e.Container.ID == m.Container || e.Netns.Owner == "container "+m.Name {
		return true
	}
	if e.Time.Before(m.From) || e.Time.After(m.To) {
		return false
	}
	if e.Netns.Host && e.Container.ID == "" {
		return true
	}
	for _, inode := range m.Inodes {
		if e.Netns.Inode == inode || e.Process.Netns.Inode == inode {
			return true
		}
	}
	return false
}

// play is a scenario that is being made.
type play struct {
	*stage
	*Scenario
	t     testing.TB
	place *place // nil as long as it has not begun
	began time.Time
}

// perform makes a scenario's steps, and returns what was made when all its events are there.
func (p *play) perform() *Made {
	p.t.Helper()
	made := &Made{Name: p.Name, From: time.Now()}
	for _, step := range p.Steps {
		switch step.Kind {
		case beforeStep:
			p.onHost(&step)
			p.begin()
		case hostStep:
			p.begin()
			p.onHost(&step)
		case execStep, shellStep:
			p.begin()
			time.Sleep(time.Until(p.began.Add(ages[p.Age])))
			map[string]func(*Step){execStep: p.exec, shellStep: p.shell}[step.Kind](&step)
		case adviceStep:
			p.begin()
			p.follow(made)
			p.onHost(&step)
		}
	}
	p.begin()
	p.known(made)
	return made
}

// known waits for all events so far, and says how the scenario's are known.
func (p *play) known(made *Made) {
	p.events = append(p.events, p.watch.Fence()...)
	made.To = time.Now()
	made.Container = p.place.id
	if p.place.id == "" && p.place.inode != 0 {
		made.Inodes = []uint64{p.place.inode}
	}
}

// follow does what the last warning advises, as it is printed, where whoever reads it sits: on the machine.
func (p *play) follow(made *Made) {
	p.t.Helper()
	p.known(made)
	advice := ""
	for i := range p.events {
		if e := &p.events[i]; e.Event == "warning" && made.owns(e) && len(e.Warning.Advice) > 0 {
			advice = e.Warning.Advice[0]
		}
	}
	if advice == "" {
		p.t.Error("no warning gives advice")
		return
	}
	out, err := exec.Command("sh", "-c", advice).CombinedOutput()
	p.t.Logf("# %s\n%s", advice, out)
	if err != nil {
		p.t.Errorf("%s: %v", advice, err)
	}
}

// begin starts the container if it does not run yet.
func (p *play) begin() {
	p.t.Helper()
	if p.place != nil {
		return
	}
	start, ok := kinds[p.Container]
	if !ok {
		p.t.Fatalf("container %s: there is no such kind", p.Container)
	}
	if program := programOf[p.Container]; program != "" {
		if _, err := exec.LookPath(program); err != nil {
			docker.Unavailable(p.t, "start container of %s: %v", p.Container, err)
		}
	}
	p.place, p.began = start(p.stage, p.t, p.Scenario), time.Now()
	if p.Ready != "" {
		await(p.t, p.Ready, func() bool {
			_, exit, err := run(p.place.command(false, p.words(p.Ready)...), false)
			return err == nil && exit == 0
		})
	}
}

// beginCalmly is begin while nothing is done on the node.
func (p *play) beginCalmly() {
	p.t.Helper()
	p.calm.RLock()
	defer p.calm.RUnlock() // even if the test ends here
	p.begin()
}

// expand puts in what stands for a name or a number.
func (p *play) expand(text string) string {
	text = strings.NewReplacer("$NAME", p.Name, "$NODE", nodeNetns, "$HOST_PID", strconv.Itoa(p.hostPID),
		"$NEIGHBOUR_PID", strconv.Itoa(p.neighbour.pid)).Replace(text)
	if p.place == nil {
		return text
	}
	return strings.NewReplacer("$PID", strconv.Itoa(p.place.pid), "$NETNS", p.place.netns, "$ADDRESS", p.place.address).Replace(text)
}

// words is how a line is run: as it stands, or by a shell if it has what only a shell understands.
func (p *play) words(line string) []string {
	line = p.expand(line)
	if strings.ContainsAny(line, "$;&|<>()'\"`*?\\={}") {
		return []string{"sh", "-c", line}
	}
	return strings.Fields(line)
}

// run runs a command and returns what it printed, and its exit status.
func run(cmd *exec.Cmd, tty bool) (output string, exit int, err error) {
	s, err := start(cmd, tty)
	if err != nil {
		return "", -1, err
	}
	if tty {
		defer s.in.Close() // which hangs the terminal up
	} else if err := s.in.Close(); err != nil {
		return "", -1, err
	}
	return s.wait()
}

func (p *play) onHost(step *Step) {
	p.t.Helper()
	for _, line := range step.Lines {
		words := p.words(line.Text)
		cmd := p.daemon.OnHost(words[0], words[1:]...)
		cmd.Env = append(cmd.Environ(), "DOCKER_HOST="+p.daemon.Host)
		out, exit, err := run(cmd, step.TTY)
		p.check(line, out, exit, err)
	}
}

func (p *play) exec(step *Step) {
	p.t.Helper()
	for _, line := range step.Lines {
		out, exit, err := run(p.place.command(step.TTY, p.words(line.Text)...), step.TTY)
		p.check(line, out, exit, err)
	}
}

func (p *play) shell(step *Step) {
	p.t.Helper()
	s, err := start(p.place.command(step.TTY, "sh"), step.TTY)
	if err == nil {
		err = s.greet()
	}
	if err != nil {
		p.t.Fatalf("start shell: %v", err)
	}
	for _, line := range step.Lines {
		out, exit, err := s.enter(p.expand(line.Text))
		p.check(line, out, exit, err)
	}
	if err := s.leave(); err != nil {
		p.t.Error(err)
	}
}

// check compares how a command ended with how it must.
func (p *play) check(line Line, out string, exit int, err error) {
	p.t.Helper()
	p.t.Logf("$ %s\n%s(exit %d)", line.Text, out, exit)
	switch {
	case err != nil:
		p.t.Errorf("%s: %v", line.Text, err)
	case !line.Either && (exit != 0) != line.Fails:
		p.t.Errorf("%s: exit %d, want a failure: %v", line.Text, exit, line.Fails)
	}
}
