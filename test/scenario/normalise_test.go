package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// dropped are the members that are different at every run, by path: numbers,
// times, and what belongs to the machine rather than to the change.
var dropped = map[string]bool{
	"time": true, "seq": true, "host": true, "capture.tier": true, "netns.cookie": true,
	"process.pid": true, "process.tid": true, "process.start_time_boot_ns": true, "process.executable": true,
	"process.user": true, "process.login_uid": true, "process.audit_session": true, "process.capabilities": true,
	"process.interactive": true, "process.namespaces": true, "process.parent": true, "process.cgroup": true, "process.descent": true,
	"process.netns.cookie": true, "warning.changes": true,
	"change.request.ifindex": true, "change.before.ifindex": true, "change.after.ifindex": true,
	"change.before.address": true, "change.after.address": true,
	"change.before.link_index": true, "change.after.link_index": true,
	"change.before.master_index": true, "change.after.master_index": true,
	"change.to.cookie": true, "facts": true,
}

// kernelsWords are the texts that the kernel adds to an errno, as they stand in
// messages: each version has its own, and not for all errors.
var kernelsWords = regexp.MustCompile(`(: E[A-Z]+) .*$`)

// toldOfGateways is the text that all of the kernels have for the classic mistake.
const toldOfGateways = "Nexthop has invalid gateway"

// numbers are those that stand in texts: pids in paths and namespaces' inodes.
var numbers = regexp.MustCompile(`/proc/\d+/|\b4026\d{6}\b|pid \d+`)

// normalise makes of the lines what has to be the same at every run.
func normalise(t *testing.T, s *stage, lines [][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, line := range lines {
		var event map[string]any
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		if err := decoder.Decode(&event); err != nil {
			t.Fatalf("line is not JSON: %v\n%s", err, line)
		}
		if event["event"] == "status" {
			checkStatus(t, event)
			continue
		}
		change, _ := event["change"].(map[string]any)
		if text, _ := change["extack"].(string); !strings.HasPrefix(text, toldOfGateways) {
			delete(change, "extack")
		} else {
			change["extack"] = toldOfGateways // 5.10 ends it by a full stop
		}
		if message, ok := event["message"].(string); ok {
			event["message"] = kernelsWords.ReplaceAllString(message, "$1")
		}
		s.clean("", event)
		b, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(b, '\n'))
	}
	return out.Bytes()
}

// checkStatus lets nothing pass that tells of a loss.
func checkStatus(t *testing.T, event map[string]any) {
	t.Helper()
	status, _ := event["status"].(map[string]any)
	if state := status["state"]; state != "started" && state != "stopped" {
		t.Errorf("status %v", status)
	}
}

func (s *stage) clean(path string, object map[string]any) {
	for key, value := range object {
		at := key
		if path != "" {
			at = path + "." + key
		}
		switch v := value.(type) {
		case map[string]any:
			if !dropped[at] {
				s.clean(at, v)
			}
		case []any:
			for i := range v {
				if text, ok := v[i].(string); ok {
					v[i] = numbers.ReplaceAllString(text, "N")
				} else if o, ok := v[i].(map[string]any); ok {
					s.clean(at, o)
				}
			}
		case json.Number:
			object[key] = s.named(v)
		case string:
			object[key] = numbers.ReplaceAllString(v, "N")
		}
		if dropped[at] {
			delete(object, key)
		}
	}
}

// named gives a namespace's inode its name.
func (s *stage) named(n json.Number) any {
	for name, inode := range s.inodes {
		if n.String() == fmt.Sprint(inode) {
			return name
		}
	}
	return n
}

// withoutTexts takes the kernel's texts out of recorded events whose sender did
// not ask for them: busybox's.
func withoutTexts(recorded []byte) []byte {
	var out bytes.Buffer
	for _, line := range bytes.Split(bytes.TrimSpace(recorded), []byte("\n")) {
		if bytes.Contains(line, []byte(`"command_line":"busybox`)) {
			line = bytes.ReplaceAll(line, []byte(`"extack":"`+toldOfGateways+`",`), nil)
		}
		out.Write(append(line, '\n'))
	}
	return out.Bytes()
}
