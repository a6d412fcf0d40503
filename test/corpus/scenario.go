// Package corpus makes mistakes and innocent doings in real containers, and holds what wrongns says of them against
// what a person would say who knows the truth. README.md says what a scenario looks like, and where it takes place.
package corpus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/txtar"
)

// Scenario is a file of the corpus.
type Scenario struct {
	Name        string
	Mistake     bool // it is in the folder of the mistakes
	Why         string
	Expect      Expectation
	Undecidable string // why what can be seen does not tell the truth; "" if it does
	Container   string // docker, netns, unshare, …
	Image       string
	Networks    []string
	Options     []string // of docker run
	Command     []string // the container's, in place of a sleep
	Ready       string   // a command that succeeds when the container is ready; ""
	Age         string   // of the container when something is done in it: new, settled or old
	Steps       []Step
}

// The kinds of steps.
const (
	beforeStep     = "before"
	hostStep       = "host"
	execStep       = "exec"
	shellStep      = "shell"
	entrypointStep = "entrypoint"
	adviceStep     = "advice"
)

// Step is a section of a scenario.
type Step struct {
	Kind  string
	TTY   bool
	Lines []Line
}

// Line is a command of a step.
type Line struct {
	Text   string
	Fails  bool // it must fail
	Either bool // it may fail
}

// ages are by name how long a container has been there when something is done in it. wrongns thinks of a person after
// some seconds, of what has been there for long after a minute.
var ages = map[string]time.Duration{"new": 0, "settled": 2500 * time.Millisecond, "old": 63 * time.Second}

// folders are those of the corpus.
var folders = map[string]bool{"mistakes": true, "innocents": false}

// Load reads all scenarios below a directory, ordered by their names. The error names the files, and what is wrong in each.
func Load(dir string) ([]*Scenario, error) {
	var all []*Scenario
	var errs []error
	seen := map[string]bool{}
	for folder, mistake := range folders {
		paths, err := filepath.Glob(filepath.Join(dir, folder, "*.txt"))
		if err != nil {
			return nil, fmt.Errorf("list scenarios: %w", err)
		}
		for _, path := range paths {
			s, err := read(path, mistake)
			switch {
			case err != nil:
				errs = append(errs, fmt.Errorf("read scenario %s: %w", path, err))
			case seen[s.Name]:
				errs = append(errs, fmt.Errorf("read scenario %s: there is another one of that name", path))
			default:
				seen[s.Name] = true
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b *Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all, errors.Join(errs...)
}

// names are those that Docker, ip netns and the name of a host take alike.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func read(path string, mistake bool) (*Scenario, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".txt")
	if !names.MatchString(name) {
		return nil, errors.New("its name is not of at most 40 small letters, digits and dashes")
	}
	s, err := Parse(name, content)
	if err != nil {
		return nil, err
	}
	s.Mistake = mistake
	if mistake != s.Expect.mistake() && s.Undecidable == "" {
		return nil, errors.New("what it expects does not go with its folder")
	}
	return s, nil
}

// Parse reads a scenario. The error says what is not as README.md has it.
func Parse(name string, content []byte) (*Scenario, error) {
	archive := txtar.Parse(content)
	s := &Scenario{Name: name, Container: "docker", Image: "iproute2", Networks: []string{"macvlan"}, Age: "settled"}
	if err := s.header(archive.Comment); err != nil {
		return nil, err
	}
	for _, section := range archive.Files {
		step, err := parseStep(section)
		if err != nil {
			return nil, err
		}
		s.Steps = append(s.Steps, step)
	}
	return s, s.check()
}

// header reads the comment and the keys before the first section.
func (s *Scenario) header(text []byte) error {
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			s.Why = strings.TrimSpace(s.Why + " " + strings.TrimSpace(comment))
			continue
		}
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("%q: neither # comment nor key: value", line)
		}
		if err := s.set(key, strings.TrimSpace(value)); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func (s *Scenario) set(key, value string) (err error) {
	if value == "" {
		return errors.New("has no value")
	}
	switch key {
	case "expect":
		s.Expect, err = parseExpectation(value)
	case "undecidable":
		s.Undecidable = value
	case "container":
		s.Container = value
	case "image":
		s.Image = value
	case "network":
		s.Networks = split(value)
	case "options":
		s.Options = strings.Fields(value)
	case "command":
		s.Command = strings.Fields(value)
	case "ready":
		s.Ready = value
	case "age":
		s.Age = value
	default:
		err = errors.New("there is no such key")
	}
	return err
}

// split divides a list at its commas.
func split(list string) []string {
	var words []string
	for word := range strings.SplitSeq(list, ",") {
		words = append(words, strings.TrimSpace(word))
	}
	return words
}

func parseStep(section txtar.File) (Step, error) {
	words := strings.Fields(section.Name)
	step := Step{Kind: words[0], TTY: len(words) == 2 && words[1] == "tty"}
	if !slices.Contains([]string{beforeStep, hostStep, execStep, shellStep, entrypointStep, adviceStep}, step.Kind) ||
		len(words) > 2 || len(words) == 2 && !step.TTY {
		return step, fmt.Errorf("section %q: there is none of that name", section.Name)
	}
	for text := range strings.Lines(string(section.Data)) {
		line := Line{Text: strings.TrimSpace(text)}
		if line.Text == "" || step.Kind != entrypointStep && strings.HasPrefix(line.Text, "#") {
			continue
		}
		if step.Kind != entrypointStep {
			line.Text, line.Fails = strings.CutPrefix(line.Text, "! ")
			line.Text, line.Either = strings.CutPrefix(line.Text, "? ")
		}
		step.Lines = append(step.Lines, line)
	}
	if len(step.Lines) == 0 {
		return step, fmt.Errorf("section %q: is empty", section.Name)
	}
	return step, nil
}

// check refuses what can't be meant.
func (s *Scenario) check() error {
	_, known := ages[s.Age]
	switch {
	case s.Why == "":
		return errors.New("no comment says why it is what it is")
	case !s.Expect.said:
		return errors.New("it expects nothing: expect: silence is to be said")
	case s.Undecidable != "" && s.Expect.mistake():
		return errors.New("what is undecidable can't be expected to be likely")
	case !known:
		return fmt.Errorf("age %s: there is none of that name", s.Age)
	case slices.ContainsFunc(s.Steps[min(1, len(s.Steps)):], func(step Step) bool { return step.Kind == beforeStep }):
		return errors.New("the section before is not the first")
	case len(s.Command) > 0 && s.entrypoint() != nil:
		return errors.New("it has a command and an entrypoint")
	}
	return nil
}

// onNode reports whether the scenario does something on the node, which it then needs for itself.
func (s *Scenario) onNode() bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool {
		return slices.Contains([]string{beforeStep, hostStep, adviceStep}, step.Kind)
	})
}

// entrypoint returns the script that the container starts with, or nil.
func (s *Scenario) entrypoint() *Step {
	for i := range s.Steps {
		if s.Steps[i].Kind == entrypointStep {
			return &s.Steps[i]
		}
	}
	return nil
}
