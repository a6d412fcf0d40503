package ignore

import "strings"

// ByLabel reports whether a container's label wrongns.ignore keeps the warnings
// of a rule quiet. The label is "true" or "all", or names rules, divided by
// commas. Anything else ignores nothing.
func ByLabel(label, rule string) bool {
	switch label = strings.TrimSpace(label); label {
	case "":
		return false
	case "true", "all":
		return true
	}
	for name := range strings.SplitSeq(label, ",") {
		if strings.TrimSpace(name) == rule {
			return true
		}
	}
	return false
}
