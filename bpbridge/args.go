package bpbridge

import "parley/wprest"

// page and size are the arguments of a slice.
func pageArg(name, description string) wprest.Arg {
	return wprest.Arg{Name: name, Type: wprest.TypeInt, Default: int64(1), Min: wprest.Bound(1), Description: description}
}

func sizeArg(name, description string) wprest.Arg {
	return wprest.Arg{Name: name, Type: wprest.TypeInt, Default: int64(10), Min: wprest.Bound(1), Max: wprest.Bound(100),
		Description: description}
}

// slices are the arguments that cut the lists inside a thread.
func sliceArgs() []wprest.Arg {
	return []wprest.Arg{
		pageArg("recipients_page", "Current page of the recipients collection."),
		sizeArg("recipients_per_page", "Maximum number of recipients to be returned in result set."),
		pageArg("messages_page", "Current page of the messages collection."),
		sizeArg("messages_per_page", "Maximum number of messages to be returned in result set."),
	}
}

// threadID is the id in the path.
func (d *dialect) threadID() wprest.Arg {
	if d.second {
		return wprest.Arg{Name: "id", InPath: true, Description: "A unique numeric ID for the Thread."}
	}
	return wprest.Arg{Name: "id", Type: wprest.TypeInt, InPath: true, Description: "ID of the Messages Thread."}
}

// caller is the default of user_id and sender_id.
func (d *dialect) callerDefault(c *wprest.Call) int64 { return int64(d.Identity(c).UserID) }

// contextArg decides on raw. BuddyPress declares it for lists only and takes any
// text elsewhere; here it is checked wherever it counts (contract 9, D8).
func contextArg() wprest.Arg {
	return wprest.Arg{Name: "context", Type: wprest.TypeString, Enum: both, Default: "view",
		Description: "Scope under which the request is made; determines fields present in response."}
}

// listArgs are the arguments of List (contract 1.4).
func (d *dialect) listArgs() wprest.Schema {
	boxes := []string{"sentbox", "inbox"}
	if d.stars() {
		boxes = append(boxes, "starred")
	}
	boxText, stateText := "Filter the result by box.", "Filter the result by thread status."
	if d.second {
		boxText, stateText = "Filter threads by the mailbox type.", "Filter threads by the status."
	}
	args := wprest.Schema{
		contextArg(),
		pageArg("page", "Current page of the collection."),
		sizeArg("per_page", "Maximum number of items to be returned in result set."),
		{Name: "search", Type: wprest.TypeString, Description: "Limit results to those matching a string."},
		{Name: "box", Type: wprest.TypeString, Default: "inbox", Enum: boxes, Description: boxText},
		{Name: "type", Type: wprest.TypeString, Default: "all", Enum: []string{"all", "read", "unread"},
			Description: stateText},
		{Name: "user_id", Type: wprest.TypeInt, Required: true, DefaultFor: d.callerDefault,
			Description: "Limit result to messages created by a specific user."},
	}
	if d.second {
		args = append(args, wprest.Arg{Name: "includes", Type: wprest.TypeCustom, Parse: parseIncludes, Told: "array",
			Description: "Filter threads by recipient IDs.",
			More:        func(j *wprest.JSON) { j.Key("default").OpenList().CloseList() }})
	}
	return append(args, sliceArgs()...)
}

// createArgs are the arguments of Create (contract 1.5). A reply needs no
// recipients (D2).
func (d *dialect) createArgs() wprest.Schema {
	id := wprest.Arg{Name: "id", Type: wprest.TypeInt, Default: int64(0),
		Description: "ID of the Messages Thread. Required when replying to an existing Thread."}
	rest := wprest.Schema{
		{Name: "subject", Type: wprest.TypeCustom, Parse: parseSubject, Default: false,
			Description: "Subject of the Message initializing the Thread."},
		{Name: "message", Type: wprest.Any, Told: "string", Required: true,
			Description: "Content of the Message to add to the Thread."},
		{Name: "recipients", Type: wprest.TypeInts, Required: true, Needless: isReply,
			Description: "The list of the recipients user IDs of the Message."},
	}
	sender := wprest.Arg{Name: "sender_id", Type: wprest.TypeInt, DefaultFor: d.callerDefault,
		Description: "The user ID of the Message sender."}
	if d.second {
		id.Type, id.Description = wprest.Any, "A unique numeric ID for the Thread. Required when replying to an existing Thread."
		rest = append(rest, id, sender, silent(contextArg()))
	} else {
		rest = append(append(wprest.Schema{id}, rest...), sender)
	}
	return append(rest, d.fieldArgs()...)
}

// parseIncludes takes any list; what is no number in it is nobody.
func parseIncludes(param string, v wprest.Value) (int64, *wprest.Fault) {
	if _, ok := v.Elements(); !ok {
		return 0, &wprest.Fault{Param: param, Code: "rest_invalid_type", TypeOf: param,
			Message: param + " is not of type array."}
	}
	return 0, nil
}

// isReply reports whether a Create names a thread.
func isReply(c *wprest.Call) bool {
	v, ok := c.Param("id")
	if !ok {
		return false
	}
	n, ok := v.Int()
	return ok && n != 0
}

// parseSubject refuses what is no scalar (D6).
func parseSubject(param string, v wprest.Value) (int64, *wprest.Fault) {
	if v.Kind == wprest.Map || v.Kind == wprest.List && len(v.Items) > 0 {
		return 0, &wprest.Fault{Param: param, Code: "rest_invalid_type", TypeOf: param,
			Message: param + " is not of type string."}
	}
	return 0, nil
}

// getArgs are the arguments of Get (contract 1.6).
func (d *dialect) getArgs() wprest.Schema {
	args := wprest.Schema{d.threadID(),
		d.viewerArg()}
	args = append(args, sliceArgs()...)
	return append(args, wprest.Arg{Name: "order", Type: wprest.TypeString, Default: "asc", Enum: []string{"asc", "desc"},
		Description: "Order sort attribute ascending or descending."}, silent(contextArg()))
}

var (
	readArg = wprest.Arg{Name: "read", Type: wprest.TypeBool, Default: false,
		Description: "Whether to mark the thread as read."}
	unreadArg = wprest.Arg{Name: "unread", Type: wprest.TypeBool, Default: false,
		Description: "Whether to mark the thread as unread."}
	messageArg = wprest.Arg{Name: "message_id", Type: wprest.TypeInt,
		Description: "By default the latest message of the thread will be updated. " +
			"Specify this message ID to edit another message of the thread."}
)

// viewerArg is user_id where it is no more than named.
func (d *dialect) viewerArg() wprest.Arg {
	return wprest.Arg{Name: "user_id", Type: wprest.TypeInt, Description: "The user ID to get the thread for."}
}

// updateArgs are the arguments of Update (contract 1.7).
func (d *dialect) updateArgs() wprest.Schema {
	if d.second {
		return append(wprest.Schema{d.threadID(), d.viewerArg(), readArg, unreadArg, messageArg, silent(contextArg())}, d.fieldArgs()...)
	}
	text := func(name string) wprest.Arg {
		p := propertyNamed(name)
		return wprest.Arg{Name: name, Type: wprest.Any, Told: "object", Description: p.description, More: p.writeForms}
	}
	return append(wprest.Schema{d.threadID(), text("subject"), text("message"),
		{Name: "recipients", Type: wprest.TypeObjects, Description: propertyNamed("recipients").description},
		readArg, unreadArg, messageArg,
		silent(wprest.Arg{Name: "user_id", Type: wprest.TypeInt}),
	}, d.fieldArgs()...)
}

// deleteArgs are the arguments of Delete (contract 1.8).
func (d *dialect) deleteArgs() wprest.Schema {
	if d.second {
		return wprest.Schema{d.threadID(), d.viewerArg(), silent(contextArg())}
	}
	return wprest.Schema{d.threadID(),
		{Name: "user_id", Type: wprest.TypeInt, Required: true, DefaultFor: d.callerDefault,
			Description: "The user ID to remove from the thread"}}
}

// starArgs are the arguments of Star: BuddyPress declares none.
func (d *dialect) starArgs() wprest.Schema { return wprest.Schema{silent(contextArg())} }

// silent is an argument that OPTIONS does not tell.
func silent(a wprest.Arg) wprest.Arg {
	a.Untold = true
	return a
}
