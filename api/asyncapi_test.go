package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// frameSchemas are the schemas of docs/asyncapi.yaml, by the type of the frame.
var frameSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	const base = "https://parley.invalid/"
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	var names []string
	for _, name := range []string{"asyncapi.yaml", "openapi.yaml"} {
		raw, err := os.ReadFile("../docs/" + name)
		if err != nil {
			return nil, err
		}
		var doc map[string]any
		if err := yaml.Unmarshal(raw, &doc); err != nil {
			return nil, err
		}
		asJSON, err := json.Marshal(doc)
		if err != nil {
			return nil, err
		}
		plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return nil, err
		}
		if err := compiler.AddResource(base+name, plain); err != nil {
			return nil, err
		}
		if name == "asyncapi.yaml" {
			for message := range doc["components"].(map[string]any)["messages"].(map[string]any) {
				names = append(names, message)
			}
		}
	}
	out := map[string]*jsonschema.Schema{}
	for _, name := range names {
		schema, err := compiler.Compile(base + "asyncapi.yaml#/components/messages/" + name + "/payload")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = schema
	}
	return out, nil
})

// asDescribed holds a frame of the server to docs/asyncapi.yaml.
func asDescribed(frame []byte) error {
	schemas, err := frameSchemas()
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(frame))
	if err != nil {
		return err
	}
	kind, _ := v.(map[string]any)["type"].(string)
	if schemas[kind] == nil {
		return fmt.Errorf("a frame %q is not described", kind)
	}
	return schemas[kind].Validate(v)
}
