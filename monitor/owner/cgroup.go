package owner

import "strings"

// idLength is the length of a container's id, in hex digits. All runtimes that
// put containers into cgroups of their own agree on it.
const idLength = 64

// runtimes are the words that stand before the id in the name of a container's
// cgroup: docker-ID.scope.
var runtimes = map[string]string{
	"docker":         "docker",
	"cri-containerd": "containerd",
	"nerdctl":        "containerd",
	"crio":           "cri-o",
	"libpod":         "podman",
}

// watchers are the words for cgroups that bear a container's id although what
// lives there is the runtime's own: libpod-conmon-ID.scope.
var watchers = map[string]bool{"libpod-conmon": true, "crio-conmon": true}

// parents are the cgroups in which a runtime that uses no systemd names its
// containers by the id alone: /docker/ID.
var parents = map[string]string{"docker": "docker", "libpod_parent": "podman"}

// inCgroup returns the id of the container that a cgroup belongs to, and its
// runtime if the path tells it. A container within a container is the outer
// one's, which is the one that the node knows. id is "" if there is none.
func inCgroup(path string) (id, runtime string) {
	parent := ""
	for part := range strings.SplitSeq(path, "/") {
		if word, id, ok := cutID(part); ok && !watchers[word] {
			if word == "" {
				return id, parents[parent]
			}
			return id, runtimes[word]
		}
		parent = part
	}
	return "", ""
}

// cutID splits a cgroup's name into the word before an id and the id. With
// systemd it is docker-ID.scope; a runtime that names a systemd cgroup to a
// kernel without systemd leaves slice:cri-containerd:ID.
func cutID(part string) (word, id string, ok bool) {
	part = strings.TrimSuffix(part, ".scope")
	at := len(part) - idLength
	if at < 0 || !isHex(part[at:]) {
		return "", "", false
	}
	word, id = part[:at], part[at:]
	if word == "" {
		return "", id, true
	}
	separator := word[len(word)-1]
	word = word[:len(word)-1]
	word = word[strings.LastIndexByte(word, ':')+1:]
	return word, id, word != "" && (separator == '-' || separator == ':')
}

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
