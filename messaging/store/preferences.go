package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// Preference is what a member chose; nil is the site's choice.
type Preference struct {
	Web   *bool `db:"notify_web"`
	Email *bool `db:"notify_email"`
	// Presence, Receipts and Typing: what may be told of the member.
	Presence *bool `db:"presence"`
	Receipts *bool `db:"receipts"`
	Typing   *bool `db:"typing"`
}

const preferenceColumns = `notify_web, notify_email, presence, receipts, typing`

// read takes a row of preferenceColumns behind a first one.
func (p *Preference) read(r mysql.Row) {
	for i, field := range []**bool{&p.Web, &p.Email, &p.Presence, &p.Receipts, &p.Typing} {
		if *field = nil; !r.Null(1 + i) {
			on := r.Bool(1 + i)
			*field = &on
		}
	}
}

// PreferencesOf reads what members chose; who chose nothing is missing.
func (s *Store) PreferencesOf(ctx context.Context, users []int64) (map[int64]Preference, error) {
	out := make(map[int64]Preference, len(users))
	if len(users) == 0 {
		return out, nil
	}
	err := mysql.Query(ctx, s.db.DB, s.preferencesText(len(users)), anys(users), func(r mysql.Row) {
		var p Preference
		p.read(r)
		out[r.Int(0)] = p
	})
	return out, err
}

// preferencesText is a look at the primary key for each member.
func (s *Store) preferencesText(n int) string {
	return `SELECT user_id, ` + preferenceColumns + ` FROM ` + s.t.Preferences + ` WHERE user_id IN (` + marks(n) + `)`
}

// LockPreference reads what a member chose and keeps others from changing it until the
// transaction ends. A row that is not there cannot be locked: it is made, without a choice.
func (s *Store) LockPreference(ctx context.Context, tx *sqlx.Tx, user int64, at time.Time) (p Preference, err error) {
	_, err = tx.ExecContext(ctx, `INSERT INTO `+s.t.Preferences+` (user_id, updated_at) VALUES (?, ?)
		ON DUPLICATE KEY UPDATE user_id = VALUES(user_id)`, user, at)
	if err == nil {
		err = tx.GetContext(ctx, &p, `SELECT `+preferenceColumns+` FROM `+s.t.Preferences+` WHERE user_id = ? FOR UPDATE`, user)
	}
	return p, err
}

// SavePreference writes what a member wants told of them; what they are notified of
// stays as it is. LockPreference must have locked the row.
func (s *Store) SavePreference(ctx context.Context, tx *sqlx.Tx, user int64, p Preference, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Preferences+` SET presence = ?, receipts = ?, typing = ?, updated_at = ?
		WHERE user_id = ?`, p.Presence, p.Receipts, p.Typing, at, user)
	return err
}
