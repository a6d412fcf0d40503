package owner

import (
	"testing"
	"time"

	"github.com/wrongns/wrongns/events"
)

// BenchmarkIdentify is what each change of a container costs when nothing is new.
func BenchmarkIdentify(b *testing.B) {
	o := New()
	defer o.Close()
	for name, cgroup := range map[string]string{
		"host": "/system.slice/ssh.service", "docker": "/docker/" + outer,
		"podman": "/machine.slice/libpod-" + outer + ".scope", "lxc": "/lxc.payload.wrongns-none",
	} {
		b.Run(name, func(b *testing.B) {
			c := &events.Change{Process: &events.Process{Cgroup: events.Name(cgroup)}}
			for b.Loop() {
				o.Identify(c)
			}
		})
	}
}

// BenchmarkCensus is what it costs to look for all containers in /proc.
func BenchmarkCensus(b *testing.B) {
	m := newLXC(newBook())
	for b.Loop() {
		m.count(time.Now())
	}
}
