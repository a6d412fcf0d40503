package corpus

import (
	"maps"
	"path/filepath"
	"strings"
)

// daemons are the images of those who change networks for a living, all of them real. They join images.
var daemons = map[string]map[string]string{
	"bird":       with("bird", "birdc"),
	"dhclient":   with("dhclient"), // its script comes as a volume: only programs are copied
	"dind":       with("docker", "dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker-init", "docker-proxy"),
	"keepalived": with("keepalived"),
	"networkd":   with("/lib/systemd/systemd-networkd"),
	"openvpn":    with("openvpn"),
	"shaping":    with("tc"),
	"systemd":    with("/lib/systemd/systemd", "/lib/systemd/systemd-networkd", "systemctl"),
	"wireguard":  with("wireguard-go", "wg", "bash"), // wg-quick is a script and comes as a volume
}

func init() { maps.Copy(images, daemons) }

// with is an image of these programs, and of iproute2 with dash. A program that is told by its path keeps it.
func with(programs ...string) map[string]string {
	image := map[string]string{"sbin/ip": "ip", "bin/sh": "dash"}
	for _, program := range programs {
		if strings.Contains(program, "/") {
			image[strings.TrimPrefix(program, "/")] = program
		} else {
			image[filepath.Join("sbin", program)] = program
		}
	}
	return image
}
