package bpbridge

import (
	"math"
	"slices"
	"strconv"

	"parley/wprest"
)

// writeFields writes the site's own fields of a message (contract 1.11); what was
// never stored is the type's empty value.
func (v *view) writeFields(j *wprest.JSON, stored map[string]string) {
	context := "view"
	if v.edit {
		context = "edit"
	}
	for i := range v.d.Fields {
		f := &v.d.Fields[i]
		if !slices.Contains(f.contexts(), context) {
			continue
		}
		text := stored[f.key()]
		j.Key(f.Name)
		switch f.Type {
		case "integer":
			n, _ := strconv.ParseInt(text, 10, 64)
			j.Int(n)
		case "boolean":
			j.Bool(text != "" && text != "0")
		case "number":
			n, _ := parseFinite(text)
			j.Value(wprest.Value{Kind: wprest.Number, Text: strconv.FormatFloat(n, 'g', -1, 64)})
		default:
			j.Str(text)
		}
	}
}

// fieldArgs declares the site's fields as arguments.
func (d *dialect) fieldArgs() []wprest.Arg {
	args := make([]wprest.Arg, 0, len(d.Fields))
	for i := range d.Fields {
		f := &d.Fields[i]
		a := wprest.Arg{Name: f.Name, Description: f.Description}
		switch f.Type {
		case "integer":
			a.Type = wprest.TypeInt
		case "boolean":
			a.Type = wprest.TypeBool
		case "number":
			a.Type, a.Told, a.Parse = wprest.TypeCustom, "number", parseNumber
		default:
			a.Type = wprest.TypeString
		}
		args = append(args, a)
	}
	return args
}

// parseFinite reads a number; 0 for what is none.
func parseFinite(s string) (n float64, ok bool) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, false
	}
	return n, true
}

func parseNumber(param string, v wprest.Value) (int64, *wprest.Fault) {
	if v.Kind == wprest.Number || v.Kind == wprest.String {
		if _, ok := parseFinite(v.Text); ok {
			return 0, nil
		}
	}
	return 0, &wprest.Fault{Param: param, Code: "rest_invalid_type", TypeOf: param,
		Message: param + " is not of type number."}
}

// sentFields are the fields a request wants written, by meta key.
func (d *dialect) sentFields(c *wprest.Call) map[string]string {
	var fields map[string]string
	for i := range d.Fields {
		f := &d.Fields[i]
		if !c.Args.Sent(f.Name) {
			continue
		}
		if fields == nil {
			fields = make(map[string]string, len(d.Fields))
		}
		switch f.Type {
		case "integer":
			fields[f.key()] = strconv.FormatInt(c.Args.Int(f.Name), 10)
		case "boolean":
			fields[f.key()] = strconv.FormatInt(flag(c.Args.Bool(f.Name)), 10)
		default:
			fields[f.key()] = c.Args.Value(f.Name).Text
		}
	}
	return fields
}
