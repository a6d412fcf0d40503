package config

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
)

// WriteSchema writes the JSON Schema of the file, for editors.
func WriteSchema(w io.Writer) error {
	schema := schemaOf(reflect.TypeFor[Config]())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "The configuration of wrongns"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

// schemaOf returns the JSON Schema of a type of the file. A section, a table and a
// list may have nothing behind their key.
func schemaOf(t reflect.Type) map[string]any {
	if own, ok := reflect.Zero(t).Interface().(value); ok {
		return own.schema()
	}
	switch {
	case t == durationType:
		return map[string]any{"type": "string", "pattern": `^([0-9]*\.?[0-9]*(ns|us|µs|ms|s|m|h))+$`}
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": []string{"array", "null"}, "items": schemaOf(t.Elem())}
	case t.Kind() == reflect.Map:
		return map[string]any{
			"type": []string{"object", "null"}, "propertyNames": schemaOf(t.Key()), "additionalProperties": schemaOf(t.Elem()),
		}
	}
	properties, fields := map[string]any{}, fieldsOf(t)
	for i, name := range fields.names {
		property := schemaOf(t.Field(i).Type)
		property["description"] = t.Field(i).Tag.Get("doc")
		properties[name] = property
	}
	schema := map[string]any{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
	if len(fields.needed) > 0 {
		schema["required"], schema["type"] = fields.needed, "object"
	}
	return schema
}
