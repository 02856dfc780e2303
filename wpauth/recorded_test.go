package wpauth_test

import (
	"encoding/json"
	"os"
	"testing"

	"parley/config"
	"parley/wpauth"
)

type recordedUser struct {
	ID          wpauth.UserID
	Role        string
	AppPassword string `json:"application_password"`
	Cookie      string `json:"cookie_header"`
	Nonce       string `json:"nonce_wp_rest"`
}

type recordedSite struct {
	WPConfig struct {
		Keys map[string]string
	} `json:"wp_config"`
	Users map[string]recordedUser
}

// readRecordedSite reads what belongs to testdb.Site: keys, cookies, passwords.
func readRecordedSite(t *testing.T) (s recordedSite) {
	t.Helper()
	b, err := os.ReadFile("testdata/site/site.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func recordedWordPress(t *testing.T) config.WordPress {
	t.Helper()
	return config.WordPress{TablePrefix: "wp_", Keys: readRecordedSite(t).WPConfig.Keys}
}

func recordedUsers(t *testing.T) map[string]recordedUser {
	t.Helper()
	return readRecordedSite(t).Users
}
