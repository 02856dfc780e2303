package testdb

// Recorded makes a person of recorded values.
func Recorded(login string, id int64, hash, token string) Person {
	return Person{Login: login, ID: id, hash: hash, SessionToken: token}
}

// Template is the folder a server's data is copied from, kept under base.
func Template(base string) (string, error) {
	bin, err := findServer()
	if err != nil {
		return "", err
	}
	return template(bin, base)
}
