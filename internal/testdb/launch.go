package testdb

// Launch starts a server outside of a test, for programs that run tests or show
// the product, with a TCP port. Close ends it. args are further options of mariadbd.
func Launch(args ...string) (*Server, error) { return newServer(true, nil, args) }

// Close ends a launched server and removes its data.
func (s *Server) Close() { s.destroy() }
