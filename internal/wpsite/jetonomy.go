package wpsite

import (
	"context"
	"database/sql"
	"fmt"

	gomysql "github.com/go-sql-driver/mysql"

	"parley/internal/testdb"
)

const sampleSpaces = `INSERT INTO wp_jt_spaces (id, author_id, title, slug, description, created_at, updated_at) VALUES
	(1, 1, 'General', 'general', 'Everyone', UTC_TIMESTAMP(), UTC_TIMESTAMP()),
	(2, 1, 'Garden', 'garden', 'What grows', UTC_TIMESTAMP(), UTC_TIMESTAMP())`

// DB opens the site's database as root; "" opens none.
func (s *Site) DB(database string) (*sql.DB, error) {
	cfg, err := gomysql.ParseDSN(s.Database.DSN(database))
	if err != nil {
		return nil, err
	}
	cfg.MultiStatements = true
	connector, err := gomysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// installJetonomy makes the plugin's tables and the members' trust levels and
// spaces. The plugin itself is not there: WordPress shows nothing of it.
func (s *Site) installJetonomy(ctx context.Context) error {
	db, err := s.DB(databaseName)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, testdb.Tables("wp_jt_")+sampleSpaces); err != nil {
		return fmt.Errorf("tables of Jetonomy: %w", err)
	}
	for _, m := range s.Members {
		if _, err := db.ExecContext(ctx, "INSERT INTO wp_jt_user_profiles (user_id, trust_level, created_at) VALUES (?, ?, UTC_TIMESTAMP())",
			m.ID, m.Trust); err != nil {
			return err
		}
		for _, space := range m.Spaces {
			if _, err := db.ExecContext(ctx, "INSERT INTO wp_jt_space_members (space_id, user_id, joined_at) "+
				"SELECT id, ?, UTC_TIMESTAMP() FROM wp_jt_spaces WHERE slug = ?", m.ID, space); err != nil {
				return err
			}
		}
	}
	return nil
}
