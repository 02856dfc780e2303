package doctor

import "testing"

func TestSupported(t *testing.T) {
	for version, want := range map[string]bool{
		"10.11.6-MariaDB-0+deb12u1":    true,
		"5.5.5-10.6.18-MariaDB":        true,
		"10.6.0-MariaDB":               true,
		"10.5.29-MariaDB":              false,
		"11.4.2-MariaDB":               true,
		"8.0.36":                       true,
		"8.4.0-commercial":             true,
		"9.0.1":                        true,
		"5.7.44-log":                   false,
		"something else":               false,
		"5.5.68-MariaDB":               false,
		"8.0.30-22 Percona Server (G)": true,
	} {
		if got := supported(version); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}
