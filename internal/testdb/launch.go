package testdb

// Launch starts a server outside of a test, for programs that run tests or show
// the product. Close ends it. args are further options of mariadbd.
func Launch(args ...string) (*Server, error) { return newServer(args) }

// Close ends a launched server and removes its data.
func (s *Server) Close() { s.destroy() }
