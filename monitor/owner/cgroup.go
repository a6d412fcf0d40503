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
	"libpod-payload": "podman", // in the unit that started it, as Quadlet has it
}

// watchers are the words for cgroups that bear a container's id although what
// lives there is the runtime's own: libpod-conmon-ID.scope.
var watchers = map[string]bool{"libpod-conmon": true, "crio-conmon": true}

// parents are the cgroups in which a runtime that uses no systemd names its
// containers by the id alone: /docker/ID.
var parents = map[string]string{"docker": "docker", "libpod_parent": "podman"}

// payloads are the runtimes that name a container's cgroup by the container's
// name. The function takes two names that follow each other in a path, the second
// "" at the path's end, and returns the container's, "" if they name none.
var payloads = []struct {
	runtime string
	name    func(name, next string) string
}{
	{lxcRuntime, lxcPayload},
	{nspawnRuntime, nspawnPayload},
}

// inCgroup returns the id of the container that a cgroup belongs to, or its name
// if the runtime gives no ids, and the runtime if the path tells it. A container
// within a container is the outer one's, which is the one that the node knows. id
// is "" if there is none.
func inCgroup(path string) (id, runtime string) {
	parent := ""
	for path != "" {
		var part string
		part, path, _ = strings.Cut(path, "/")
		if word, id, ok := cutID(part); ok && !watchers[word] {
			if word == "" {
				return id, parents[parent]
			}
			return id, runtimes[word]
		}
		next, _, _ := strings.Cut(path, "/")
		for _, payload := range payloads {
			if name := payload.name(part, next); name != "" {
				return name, payload.runtime
			}
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
	if at < 0 || !isID(part[at:]) {
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

// isID reports whether s is an id as the runtimes that have ids make them.
func isID(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == idLength
}
