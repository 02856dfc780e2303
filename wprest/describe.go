package wprest

import "strings"

// describe answers OPTIONS (rest_handle_options_request): what the route takes;
// an empty list for a path that is none. Nobody needs to be logged in.
func (c *Call) describe(site *Site) {
	j, r := c.Out, c.Route
	if r == nil {
		j.OpenList().CloseList()
		return
	}
	j.Open()
	c.describeRoute(r)
	if r.Schema != nil {
		j.Key("schema")
		r.Schema(j)
	}
	r.linkSelf(j, site)
	j.Close()
}

// describeRoute writes what a route takes.
func (c *Call) describeRoute(r *Route) {
	j := c.Out
	j.Key("namespace").Str(r.Namespace)
	j.Key("methods")
	strs(j, r.Methods())
	j.Key("endpoints").OpenList()
	for i := range r.Endpoints {
		j.Open()
		j.Key("methods")
		strs(j, r.Endpoints[i].Methods)
		j.Key("args")
		r.Endpoints[i].Args.describe(c)
		j.Close()
	}
	j.CloseList()
}

// linkSelf writes where a route is, unless that depends on an id.
func (r *Route) linkSelf(j *JSON, site *Site) {
	if !strings.Contains(r.Pattern, "{") {
		j.Key("_links").Open().Key("self").OpenList().Open()
		j.Key("href").Str(site.Root + strings.TrimPrefix(r.Address(), "/"))
		j.Close().CloseList().Close()
	}
}

// IndexOf is the route that tells what there is in a namespace
// (WP_REST_Server::get_namespace_index): itself, and routes of it.
func IndexOf(namespace string, routes []Route) Route {
	index := Route{Namespace: namespace, Allow: func(*Call) []string { return []string{"GET"} }}
	index.Endpoints = []Endpoint{{Methods: []string{"GET"}, Args: Schema{
		{Name: "namespace", Type: Any, Default: namespace},
		{Name: "context", Type: Any, Default: "view"},
	}}}
	listed := append([]Route{index}, routes...)
	for i := range listed {
		listed[i].gather()
	}
	index.Endpoints[0].Handle = func(c *Call) error {
		j := c.Out
		j.Open()
		j.Key("namespace").Str(namespace)
		j.Key("routes").Open()
		for i := range listed {
			r := &listed[i]
			j.name(strings.ReplaceAll(strings.ReplaceAll(r.Address(), "{", "(?P<"), "}", `>[\d]+)`)).Open()
			c.describeRoute(r)
			r.linkSelf(j, c.Site)
			j.Close()
		}
		j.Close()
		j.Key("_links").Open().Key("up").OpenList().Open().Key("href").Str(c.Site.Root).Close().CloseList().Close()
		j.Close()
		return nil
	}
	return index
}

func (s Schema) describe(c *Call) {
	j := c.Out
	told := 0
	for i := range s {
		if !s[i].Untold {
			told++
		}
	}
	if told == 0 {
		j.OpenList().CloseList()
		return
	}
	j.Open()
	for i := range s {
		arg := &s[i]
		if arg.Untold {
			continue
		}
		j.Key(arg.Name).Open()
		if arg.Description != "" {
			j.Key("description").Str(arg.Description)
		}
		if t := arg.Told; t != "" {
			j.Key("type").Str(t)
		} else if t := typeNames[arg.Type]; t != "" {
			j.Key("type").Str(t)
		}
		if arg.Enum != nil {
			j.Key("enum")
			strs(j, arg.Enum)
		}
		if arg.DefaultFor != nil {
			j.Key("default").Int(arg.DefaultFor(c))
		}
		switch d := arg.Default.(type) {
		case int64:
			j.Key("default").Int(d)
		case bool:
			j.Key("default").Bool(d)
		case string:
			j.Key("default").Str(d)
		}
		switch {
		case arg.Type == TypeInts:
			j.Key("items").Open().Key("type").Str("integer")
			arg.describeBounds(j)
			j.Close()
		case arg.Type == TypeObjects:
			j.Key("items").Open().Key("type").Str("object").Close()
		default:
			arg.describeBounds(j)
		}
		if arg.MinRunes > 0 {
			j.Key("minLength").Int(int64(arg.MinRunes))
		}
		if arg.MaxRunes > 0 {
			j.Key("maxLength").Int(int64(arg.MaxRunes))
		}
		if arg.More != nil {
			arg.More(j)
		}
		j.Key("required").Bool(arg.Required)
		j.Close()
	}
	j.Close()
}

func (arg *Arg) describeBounds(j *JSON) {
	if arg.Min != nil {
		j.Key("minimum").Int(*arg.Min)
	}
	if arg.Max != nil {
		j.Key("maximum").Int(*arg.Max)
	}
}

func strs(j *JSON, list []string) {
	j.OpenList()
	for _, s := range list {
		j.Str(s)
	}
	j.CloseList()
}
