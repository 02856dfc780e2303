package doctor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/internal/doctor"
	"parley/internal/testdb"
)

// visit examines the cast's site, which a web server shows.
func visit(t *testing.T, dsn, address string) doctor.Report {
	t.Helper()
	for name, value := range testdb.Keys {
		t.Setenv("PARLEY_WORDPRESS_"+name, value)
	}
	return doctor.Examine(t.Context(), doctor.Patient{Config: load(t, dsn), Through: address})
}

func TestTheSiteIsAskedWhetherItSendsParleyItsAddresses(t *testing.T) {
	dsn := testdb.CastDSN(t)
	exec(t, testdb.Connect(t, dsn), "INSERT INTO wp_options (option_name, option_value) VALUES ('permalink_structure', '/%postname%/') ON DUPLICATE KEY UPDATE option_value = VALUES(option_value)")
	// parley and wordpress answer a visitor who is not logged in.
	parley := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", r.Header.Get("X-Request-Id"))
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":"rest_not_logged_in"}`)
	}
	wordpress := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"code":"rest_no_route"}`)
	}
	isParleys := func(r *http.Request) bool {
		asked := r.URL.Path + r.URL.Query().Get("rest_route")
		return strings.Contains(asked, "jetonomy/v1/") || strings.Contains(asked, "parley/v1/") || strings.HasSuffix(asked, "/messages/")
	}
	for name, c := range map[string]struct {
		server http.HandlerFunc
		says   []string // of the problem; none: all is well
	}{
		"all is well": {func(w http.ResponseWriter, r *http.Request) {
			if isParleys(r) {
				parley(w, r)
			} else {
				wordpress(w, r)
			}
		}, nil},
		"forwarded without the header, and a page of the theme": {func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/messages/"):
				fmt.Fprint(w, "<parley-inbox>")
			case isParleys(r):
				r.Header.Del("X-Request-Id")
				parley(w, r)
			default:
				wordpress(w, r)
			}
		}, nil},
		"no rules":   {wordpress, []string{"/wp-json/jetonomy/v1/conversations does not reach Parley: 404", "deploy/"}},
		"everything": {parley, []string{"leaves WordPress without its own REST interface"}},
		"no Parley": {func(w http.ResponseWriter, r *http.Request) {
			if isParleys(r) {
				w.WriteHeader(http.StatusBadGateway)
			}
		}, []string{"gets no answer (502)", "Start Parley"}},
		"moved": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://www.example.org"+r.URL.Path, http.StatusMovedPermanently)
		}, []string{"is moved to https://www.example.org/wp-json/"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.server)
			defer s.Close()
			r := visit(t, dsn, s.URL+"/")
			if c.says == nil {
				if f, ok := find(r, "routes", doctor.OK); !ok || !r.OK || !strings.Contains(f.Text, s.URL+" sends Parley") {
					t.Errorf("%+v", r)
				}
				return
			}
			wantProblem(t, r, "routes", c.says...)
		})
	}
	t.Run("unreachable", func(t *testing.T) {
		wantProblem(t, visit(t, dsn, "http://127.0.0.1:1"), "routes", "http://127.0.0.1:1 cannot be asked", "refused")
	})
	t.Run("no address", func(t *testing.T) {
		wantProblem(t, visit(t, dsn, "example.org"), "routes", "no address")
	})
	t.Run("its own", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(wordpress))
		defer s.Close()
		t.Setenv("PARLEY_WORDPRESS_HOME", s.URL)
		wantProblem(t, visit(t, dsn, doctor.SiteHome), "routes", "does not reach Parley")
	})
}
