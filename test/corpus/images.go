package corpus

import (
	"maps"
	"testing"

	"github.com/wrongns/wrongns/test/docker"
)

// images are what a container can be made of, beside busybox: the path in the image, and the program of the machine's,
// each with its libraries.
var images = map[string]map[string]string{
	"net-tools": {"sbin/ifconfig": "ifconfig", "sbin/route": "route", "bin/sh": "dash"},
	"go":        {"bin/netcfg": netcfg, "bin/sh": "dash"},
	"setpriv":   {"sbin/ip": "ip", "bin/setpriv": "setpriv", "bin/sh": "dash"},
}

// netcfg stands for the program of that name, which is built from this tree.
const netcfg = "netcfg"

// image returns the name of an image, which is made if it is not there yet.
func (s *stage) image(t testing.TB, name string) string {
	t.Helper()
	full := "wrongns-test/" + name
	if full == docker.Iproute2 || full == docker.Busybox {
		return full
	}
	programs := s.programs(t, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.made[full] {
		s.daemon.Image(t, full, programs)
		s.made[full] = true
	}
	return full
}

// programs are what an image has beside busybox.
func (s *stage) programs(t testing.TB, image string) map[string]string {
	t.Helper()
	switch image {
	case "iproute2":
		return docker.Iproute2Programs()
	case "busybox":
		return nil
	}
	programs, ok := images[image]
	if !ok {
		t.Fatalf("image %s: there is none of that name in images.go", image)
	}
	programs = maps.Clone(programs)
	for to, program := range programs {
		if program == netcfg {
			programs[to] = s.buildNetcfg(t)
		}
	}
	return programs
}
