package importer_test

import "github.com/go-sql-driver/mysql"

// otherUser is a DSN for somebody else.
func otherUser(dsn, user, password string) (string, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", err
	}
	c.User, c.Passwd = user, password
	return c.FormatDSN(), nil
}
