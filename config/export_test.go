package config

import "testing"

// SetDebianConfigs points the look-up of Debian's site files elsewhere.
func SetDebianConfigs(t *testing.T, pattern string) {
	old := debianConfigs
	debianConfigs = pattern
	t.Cleanup(func() { debianConfigs = old })
}

// Names lists the settings with their defaults, and which are secret.
func Names() (names []string, defaults map[string]string, secret map[string]bool) {
	defaults, secret = map[string]string{}, map[string]bool{}
	for _, s := range settings {
		names = append(names, s.name)
		defaults[s.name] = s.def
		secret[s.name] = s.secret
	}
	return names, defaults, secret
}

// Endpoints is parseHost, as network:address.
func Endpoints(host string) ([]string, error) {
	list, err := parseHost(host)
	var out []string
	for _, e := range list {
		out = append(out, e.network+":"+e.address)
	}
	return out, err
}
