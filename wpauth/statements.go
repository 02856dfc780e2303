package wpauth

import "strings"

// statements are the texts of the SQL this package runs, table names filled in
// once. The names are validated by tableNames; values only ever go in as arguments.
type statements struct {
	// options and siteMeta have one IN list.
	options, siteMeta string
	// touch has one IN list of user ids.
	// cards, with Jetonomy's profiles or without, have one IN list of user ids.
	cards, plainCards string
	standing          string
	touch             string
	byLogin, byEmail  string
	appPasswordCAS    string
}

func newStatements(t Tables) statements {
	fill := strings.NewReplacer(
		"{users}", t.Users, "{usermeta}", t.UserMeta, "{options}", t.Options, "{sitemeta}", t.SiteMeta,
		"{profiles}", t.JTProfiles, "{restrictions}", t.JTRestrictions,
	).Replace
	return statements{
		options:  fill(`SELECT option_name, option_value FROM {options} WHERE option_name IN (?) ORDER BY option_id`),
		siteMeta: fill(`SELECT meta_key, COALESCE(meta_value, '') FROM {sitemeta} WHERE meta_key IN (?) ORDER BY site_id, meta_id`),

		cards: fill(`SELECT u.ID, u.user_login, u.user_nicename, u.display_name, u.user_email,
				p.avatar_url, COALESCE(p.trust_level, 0), p.last_seen_at,
				(SELECT m.meta_value FROM {usermeta} m
				 WHERE m.user_id = u.ID AND m.meta_key = 'jetonomy_has_gravatar'
				 ORDER BY m.umeta_id LIMIT 1)
			FROM {users} u
			LEFT JOIN {profiles} p ON p.user_id = u.ID
			WHERE u.ID IN (?)`),
		plainCards: fill(`SELECT u.ID, u.user_login, u.user_nicename, u.display_name, u.user_email, NULL, 0, NULL, NULL
			FROM {users} u WHERE u.ID IN (?)`),

		// A zero date means the same as NULL; comparing with one literally is an
		// error under some SQL modes, hence the year 1000.
		standing: fill(`SELECT
			EXISTS (SELECT 1 FROM {restrictions} r WHERE r.user_id = ? AND r.type = 'global_ban'
				AND (r.expires_at IS NULL OR r.expires_at > ? OR r.expires_at < '1000-01-01')),
			EXISTS (SELECT 1 FROM {restrictions} r WHERE r.user_id = ? AND r.type = 'silence'
				AND (r.expires_at IS NULL OR r.expires_at > ? OR r.expires_at < '1000-01-01')),
			EXISTS (SELECT 1 FROM {restrictions} r WHERE r.type = 'ip_ban' AND r.reason IN (?, ?, ?)
				AND (r.expires_at IS NULL OR r.expires_at > ? OR r.expires_at < '1000-01-01')),
			(SELECT m.meta_value FROM {usermeta} m
				WHERE m.user_id = ? AND m.meta_key = '_jetonomy_pending_verification'
				ORDER BY m.umeta_id LIMIT 1)`),

		touch: fill(`INSERT INTO {profiles} (user_id, last_seen_at, created_at)
			SELECT u.ID, ?, ? FROM {users} u WHERE u.ID IN (?)
			ON DUPLICATE KEY UPDATE last_seen_at =
				IF({profiles}.last_seen_at IS NULL OR {profiles}.last_seen_at <= ?, ?, {profiles}.last_seen_at)`),

		byLogin: fill(`SELECT u.ID, u.user_login, u.user_pass, u.user_nicename, u.display_name, u.user_email,
				m.umeta_id, m.meta_key, m.meta_value
			FROM {users} u
			LEFT JOIN {usermeta} m ON m.user_id = u.ID AND m.meta_key IN (?, ?)
			WHERE u.user_login = ?
			ORDER BY u.ID, m.umeta_id`),
		byEmail: fill(`SELECT u.ID, u.user_login, u.user_pass, u.user_nicename, u.display_name, u.user_email,
				m.umeta_id, m.meta_key, m.meta_value
			FROM {users} u
			LEFT JOIN {usermeta} m ON m.user_id = u.ID AND m.meta_key IN (?, ?)
			WHERE u.user_email = ?
			ORDER BY u.ID, m.umeta_id`),

		// Compared byte by byte, whatever the table's collation and character set.
		appPasswordCAS: fill(`UPDATE {usermeta} SET meta_value = ?
			WHERE umeta_id = ? AND CAST(CONVERT(meta_value USING utf8mb4) AS BINARY) = CAST(? AS BINARY)`),
	}
}
