package owner

import (
	"os"
	"strings"
)

// dockerSocket is the path of the daemon's socket.
func dockerSocket() string {
	if path, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		return path
	}
	return "/var/run/docker.sock"
}

// followDocker follows the daemon behind a Unix socket until close.
func followDocker(b *book, socket string) *engine {
	// What else happens to a container, health checks most of all, is of no interest.
	return followEngine(b, "docker", socket, "create", "start", "rename", "die", "destroy")
}
