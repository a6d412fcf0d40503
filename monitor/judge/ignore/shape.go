package ignore

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/wrongns/wrongns/docs"
)

// schema is as much of JSON Schema as the schema of the events uses for the
// shapes of its objects.
type schema struct {
	Ref        string             `json:"$ref"`
	Defs       map[string]*schema `json:"$defs"`
	Type       any                `json:"type"` // a word, or several in a list
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
}

// shapes tells CEL which fields an object of the JSON has. It is a types.Provider.
type shapes struct {
	*types.Registry // all of CEL's own
	defs            map[string]*schema
	objects         map[string]map[string]*types.Type // fields by the object's type
}

// readShapes returns the shapes of the objects that stand in a warning's and in a
// change's line, and the type of each by its name.
func readShapes() (*shapes, map[string]*types.Type, error) {
	var root schema
	if err := json.Unmarshal(docs.EventsSchema, &root); err != nil {
		return nil, nil, fmt.Errorf("read the schema of the events: %w", err)
	}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, nil, fmt.Errorf("set up CEL's types: %w", err)
	}
	s := &shapes{Registry: registry, defs: root.Defs, objects: map[string]map[string]*types.Type{}}
	variables := map[string]*types.Type{}
	for _, line := range []string{"change_event", "warning_event"} {
		def := root.Defs[line]
		if def == nil {
			return nil, nil, fmt.Errorf("read the schema of the events: it has no %s", line)
		}
		for name, field := range def.Properties {
			if t := s.typeOf("line."+name, field); t.Kind() == types.StructKind {
				variables[name] = t
			}
		}
	}
	return s, variables, nil
}

// typeOf returns the type of what stands under a path. What may be anything, as
// the fields of a request, is dyn: its own type decides when it is evaluated.
func (s *shapes) typeOf(at string, field *schema) *types.Type {
	if field.Ref != "" {
		at = path.Base(field.Ref)
		field = s.defs[at]
	}
	switch {
	case field == nil:
		return types.DynType
	case len(field.Properties) > 0:
		return s.object(at, field)
	}
	switch field.Type {
	case "string":
		return types.StringType
	case "integer":
		return types.IntType
	case "number":
		return types.DoubleType
	case "boolean":
		return types.BoolType
	case "array":
		if field.Items != nil {
			return types.NewListType(s.typeOf(at, field.Items))
		}
	}
	return types.DynType
}

// object returns the type of an object, and notes its fields the first time.
func (s *shapes) object(at string, def *schema) *types.Type {
	name := typePrefix + at
	if s.objects[name] == nil {
		fields := map[string]*types.Type{}
		s.objects[name] = fields // before its fields, of which one may be of the same type
		for key, field := range def.Properties {
			fields[key] = s.typeOf(at+"."+key, field)
		}
	}
	return cel.ObjectType(name)
}

// typePrefix keeps the names of types apart from those of variables.
const typePrefix = "wrongns."

// FindStructType implements types.Provider.
func (s *shapes) FindStructType(name string) (*types.Type, bool) {
	if _, ok := s.objects[name]; ok {
		return types.NewTypeTypeWithParam(cel.ObjectType(name)), true
	}
	return s.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (s *shapes) FindStructFieldNames(name string) ([]string, bool) {
	if fields, ok := s.objects[name]; ok {
		return slices.Sorted(maps.Keys(fields)), true
	}
	return s.Registry.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider. Beside a field there may be its
// bytes as hex, and how long it was before it was cut.
func (s *shapes) FindStructFieldType(name, key string) (*types.FieldType, bool) {
	fields, ok := s.objects[name]
	if !ok {
		return s.Registry.FindStructFieldType(name, key)
	}
	if t := fields[key]; t != nil {
		return fieldType(key, t), true
	}
	if base, ok := strings.CutSuffix(key, "_hex"); ok && fields[base] != nil {
		return fieldType(key, types.DynType), true
	}
	if base, ok := strings.CutSuffix(key, "_cut"); ok && fields[base] != nil {
		return fieldType(key, types.IntType), true
	}
	return nil, false
}

// errAbsent is why a condition that asks for what is not known does not hold.
var errAbsent = errors.New("not known of this warning")

// fieldType says how to get at a field of a JSON object.
func fieldType(key string, t *types.Type) *types.FieldType {
	return &types.FieldType{
		Type: t,
		IsSet: func(object any) bool {
			_, ok := get(object, key)
			return ok
		},
		GetFrom: func(object any) (any, error) {
			v, ok := get(object, key)
			i, whole := v.(int64)
			switch {
			case ok && whole && t == types.DoubleType:
				return float64(i), nil // JSON has 1 for 1.0
			case ok:
				return v, nil
			case t.Kind() == types.StructKind:
				return map[string]any{}, nil // so that has(container.image.name) can be asked
			}
			return nil, fmt.Errorf("%s: %w", key, errAbsent)
		},
	}
}

func get(object any, key string) (any, bool) {
	fields, _ := object.(map[string]any)
	v, ok := fields[key]
	return v, ok
}
