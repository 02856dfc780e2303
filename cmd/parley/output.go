package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// formats are what --format takes (contract 5.2).
var formats = []string{"table", "json", "csv", "yaml"}

// envelope is the JSON form of an outcome (contract 5.2).
type envelope struct {
	Success    bool     `json:"success"`
	Data       any      `json:"data"`
	Errors     []string `json:"errors"`
	Logs       []string `json:"logs"`
	DurationMS int64    `json:"duration_ms"`
}

// outcome is what a command came to: data is a struct or a slice of structs with json
// tags, of which table and CSV show the plain fields as columns.
type outcome struct {
	data  any
	logs  []string
	began time.Time
}

// print writes an outcome, or in JSON also a failure. It returns what the command is
// to end with.
func (o outcome) print(w io.Writer, format string, failure error) error {
	if format == "json" {
		e := envelope{Success: failure == nil, Data: o.data, Errors: []string{}, Logs: o.logs,
			DurationMS: time.Since(o.began).Milliseconds()}
		if e.Logs == nil {
			e.Logs = []string{}
		}
		if failure != nil {
			e.Data, e.Errors = nil, []string{failure.Error()}
		}
		if err := printJSON(w, e); err != nil {
			return err
		}
		if failure != nil {
			return errReported
		}
		return nil
	}
	if failure != nil {
		return failure
	}
	switch format {
	case "yaml":
		return printYAML(w, o.data)
	case "csv":
		c := csv.NewWriter(w)
		header, rows := cells(o.data)
		return errors.Join(c.Write(header), c.WriteAll(rows))
	default:
		return printTable(w, o.data)
	}
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printYAML takes the way over JSON, so that names and order are those of JSON.
func printYAML(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return err
	}
	plainStyle(&doc)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	return errors.Join(e.Encode(&doc), e.Close())
}

// plainStyle undoes JSON's brackets and quotes; texts that would read as something
// else keep quotes.
func plainStyle(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plainStyle(c)
	}
}

func printTable(w io.Writer, v any) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	header, rows := cells(v)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(header, "\t")))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine(cell)
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// oneLine makes members' texts harmless to a terminal.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// cells lays a struct, or a slice of them, out in rows. What nests further stands for
// rows of its own: each of its elements, behind the columns of its owner.
func cells(v any) (header []string, rows [][]string) {
	value := reflect.ValueOf(v)
	if value.Kind() != reflect.Slice {
		return columns(value.Type()), spread(value)
	}
	for i := range value.Len() {
		rows = append(rows, spread(value.Index(i))...)
	}
	return columns(value.Type().Elem()), rows
}

func nests(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

func columns(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		if f := t.Field(i); nests(f.Type) {
			names = append(names, columns(f.Type.Elem())...)
		} else {
			names = append(names, f.Tag.Get("json"))
		}
	}
	return names
}

func spread(v reflect.Value) [][]string {
	var own []string
	var rows [][]string
	for i := range v.NumField() {
		f := v.Field(i)
		if !nests(f.Type()) {
			own = append(own, cell(f))
			continue
		}
		for n := range f.Len() {
			for _, below := range spread(f.Index(n)) {
				rows = append(rows, append(slices.Clip(own), below...))
			}
		}
		if f.Len() == 0 {
			rows = append(rows, append(slices.Clip(own), make([]string, len(columns(f.Type().Elem())))...))
		}
	}
	if rows == nil {
		rows = [][]string{own}
	}
	return rows
}

func cell(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return cell(v.Elem())
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = cell(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v.Interface())
}
