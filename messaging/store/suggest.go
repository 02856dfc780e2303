package store

import (
	"context"
	"time"
)

// SuggestSpaces returns the spaces that count for a member when they look for
// somebody to write to: those they are in, less those they are banned from
// (contract 2, space_ban).
func (s *Store) SuggestSpaces(ctx context.Context, user int64, now time.Time) ([]int64, error) {
	var ids []int64
	err := s.db.SelectContext(ctx, &ids, `
		SELECT m.space_id
		  FROM `+s.wp.JTSpaceMembers+` m
		 WHERE m.user_id = ?
		   AND NOT EXISTS (SELECT 1 FROM `+s.wp.JTRestrictions+` r
		                    WHERE r.user_id = m.user_id AND r.type = 'space_ban'
		                      AND r.space_id = m.space_id AND `+inForce("r")+`)`, user, now)
	return ids, err
}

// RosterRow is a member as they can be looked for.
type RosterRow struct {
	ID                           int64
	DisplayName, Login, Nicename string
}

// Rosters hands the members of spaces to each, by rising space and user id, limit at
// most; everybody on the site when the only space is 0. Of wp_users it reads the rows
// of those members by their ids, never the table (but for the whole site).
func (s *Store) Rosters(ctx context.Context, spaces []int64, limit int, each func(space int64, row RosterRow)) error {
	query := `
		SELECT m.space_id, u.ID, u.display_name, u.user_login, u.user_nicename
		  FROM ` + s.wp.JTSpaceMembers + ` m FORCE INDEX (PRIMARY)
		  STRAIGHT_JOIN ` + s.wp.Users + ` u ON u.ID = m.user_id
		 WHERE m.space_id IN (` + marks(len(spaces)) + `)
		 ORDER BY m.space_id, m.user_id LIMIT ?`
	args := append(anys(spaces), limit)
	if len(spaces) == 1 && spaces[0] == 0 {
		query = `SELECT 0, u.ID, u.display_name, u.user_login, u.user_nicename FROM ` + s.wp.Users + ` u ORDER BY u.ID LIMIT ?`
		args = args[1:]
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var space int64
		var r RosterRow
		if err := rows.Scan(&space, &r.ID, &r.DisplayName, &r.Login, &r.Nicename); err != nil {
			return err
		}
		each(space, r)
	}
	return rows.Err()
}

// Suggestible returns those of the ids that may be offered to a member at this
// moment: the account is there, neither has blocked the other, no global ban is
// active, and, unless spaces is nil, they are in one of the spaces and not banned
// from it. Without Jetonomy only the account matters.
func (s *Store) Suggestible(ctx context.Context, user int64, ids, spaces []int64, now time.Time) (map[int64]bool, error) {
	query := `SELECT u.ID FROM ` + s.wp.Users + ` u WHERE u.ID IN (` + marks(len(ids)) + `)`
	args := anys(ids)
	if s.features.Jetonomy {
		query += `
		   AND NOT EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id = ? AND b.blocked_id = u.ID)
		   AND NOT EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id = u.ID AND b.blocked_id = ?)
		   AND NOT EXISTS (SELECT 1 FROM ` + s.wp.JTRestrictions + ` r
		                    WHERE r.user_id = u.ID AND r.type = 'global_ban' AND ` + inForce("r") + `)`
		args = append(args, user, user, now)
	}
	if spaces != nil {
		query += `
		   AND EXISTS (SELECT 1 FROM ` + s.wp.JTSpaceMembers + ` m
		                WHERE m.user_id = u.ID AND m.space_id IN (` + marks(len(spaces)) + `)
		                  AND NOT EXISTS (SELECT 1 FROM ` + s.wp.JTRestrictions + ` r
		                                   WHERE r.user_id = m.user_id AND r.type = 'space_ban'
		                                     AND r.space_id = m.space_id AND ` + inForce("r") + `))`
		args = append(append(args, anys(spaces)...), now)
	}
	var found []int64
	if err := s.db.SelectContext(ctx, &found, query, args...); err != nil {
		return nil, err
	}
	out := make(map[int64]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}

// inForce is the condition under which a restriction holds at the moment given as its
// one parameter: no end, a zero date (which stands for none), or an end to come.
func inForce(alias string) string {
	return `(` + alias + `.expires_at IS NULL OR ` + alias + `.expires_at < '1000-01-01' OR ` + alias + `.expires_at > ?)`
}
