package netlinktest

import (
	"fmt"
	"strings"

	"github.com/wrongns/wrongns/events"
)

// Render shows what a decoder filled in on one line: kind, action, target, request.
func Render(c *events.Change) string {
	return fmt.Sprintf("%s %s %q %s", c.Kind, c.Action, string(c.Target), renderFields(c.Request))
}

// NoKind stands in what Render shows of a value that has no kind.
const NoKind = "value of no kind"

func renderFields(o events.Object) string {
	var fields []string
	for _, f := range o {
		fields = append(fields, f.Name+"="+renderValue(f.Value))
	}
	return "{" + strings.Join(fields, " ") + "}"
}

func renderValue(v events.Value) string {
	switch v.Kind {
	case events.Int:
		return fmt.Sprint(int64(v.Num))
	case events.Uint:
		return fmt.Sprint(v.Num)
	case events.Bool:
		return fmt.Sprint(v.Num == 1)
	case events.Text:
		return v.Str
	case events.Outside:
		return fmt.Sprintf("%q", v.Str)
	case events.Hex:
		return fmt.Sprintf("0x%x", v.Str)
	case events.Mac:
		return strings.ReplaceAll(fmt.Sprintf("% x", v.Str), " ", ":")
	case events.Addr:
		return v.Prefix.Addr().String()
	case events.Net:
		return v.Prefix.String()
	case events.List:
		var items []string
		for _, item := range v.Items {
			items = append(items, renderValue(item.Value))
		}
		return "[" + strings.Join(items, " ") + "]"
	case events.Struct:
		return renderFields(v.Items)
	}
	return fmt.Sprintf("%s %d", NoKind, v.Kind)
}
