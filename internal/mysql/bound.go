package mysql

import (
	"context"
	"database/sql/driver"
	"io"
	"net"
)

// dialed is where dial leaves the socket for the connection that is being opened.
type dialed struct{}

// dial is the driver's own way to dial, and lets Connect know the socket.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if socket, ok := ctx.Value(dialed{}).(*net.Conn); ok && err == nil {
		*socket = c
	}
	return c, err
}

// bound runs one exchange with the server and breaks the connection off when ctx
// ends before it is over.
//
// The driver does the same, but by handing every statement's context to a goroutine
// of the connection and taking it back, two switches a statement; so it is given a
// context without an end.
func (c *conn) bound(ctx context.Context, exchange func(context.Context) error) error {
	leave, err := c.watch(ctx)
	if err != nil {
		return err
	}
	return leave(exchange(context.Background()))
}

// watch begins to watch ctx. leave ends that, and puts the end of ctx in the place of
// the error it caused.
func (c *conn) watch(ctx context.Context) (leave func(error) error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ctx.Done() == nil {
		return func(err error) error { return err }, nil
	}
	stop := context.AfterFunc(ctx, func() { _ = c.socket.Close() })
	return func(err error) error {
		if stop() {
			return err
		}
		c.broken = true
		if err != nil && err != io.EOF && !isServerError(err) {
			return ctx.Err()
		}
		return err
	}, nil
}

// rows are rows whose reading is watched; the driver's own would not be, because their
// statement was given a context without an end.
type rows struct {
	driver.Rows
	ctx   context.Context
	leave func(error) error
}

func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err != nil && err != io.EOF && !isServerError(err) && r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	return err
}

func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.leave == nil {
		return err
	}
	err, r.leave = r.leave(err), nil
	return err
}
