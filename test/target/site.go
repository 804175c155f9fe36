package target

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// StartSite starts a site to which one logs in, until its test ends, and
// returns its URL. It asks for what real ones ask for:
//
//	GET  /login     a form with a token of its own, and a cookie
//	POST /session   user probe, the password, that token, that cookie: 303 to
//	                /users/7, and another cookie; else 403, or 401 for the password
//	GET  /users/7   "Welcome, probe", its token in a header, a link; 401 without
//	                that cookie
//	GET  /api/me    {"user": {"id": 7, "name": "probe"}, "next": "/bye"}, for that token
//	GET  /bye       "Bye"
//	GET  /lost      a page without a form, with an address on another host
//
// Cookies and tokens are new each time.
func StartSite(t testing.TB, password string) string {
	s := &site{password: password, forms: map[string]string{}, sessions: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

type site struct {
	password string

	mu       sync.Mutex
	forms    map[string]string // the cookie of a form to its token
	sessions map[string]string // the cookie of a session to its token
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cookie := func(name string) string {
		if c, err := r.Cookie(name); err == nil {
			return c.Value
		}
		return ""
	}
	set := func(name, value string) {
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true})
	}
	refuse := func(status int) { http.Error(w, http.StatusText(status), status) }
	token := s.sessions[cookie("session")]
	switch r.Method + " " + r.URL.Path {
	case "GET /login":
		form, csrf := rand.Text(), rand.Text()+`&"<`
		s.forms[form] = csrf
		set("form", form)
		fmt.Fprintf(w, `<!doctype html><p>Sign in<form method=post action=/session>
<input name="user"><input type="password" name=password>
<input value='%s' type=hidden name="csrf_token"/><textarea name="note">
kept</textarea></form>`, strings.NewReplacer("&", "&amp;", "'", "&#39;", "<", "&lt;").Replace(csrf))
	case "POST /session":
		csrf := s.forms[cookie("form")]
		delete(s.forms, cookie("form"))
		switch {
		case csrf == "" || r.PostFormValue("csrf_token") != csrf:
			refuse(http.StatusForbidden)
		case r.PostFormValue("user") != "probe" || r.PostFormValue("password") != s.password:
			refuse(http.StatusUnauthorized)
		default:
			session := rand.Text()
			s.sessions[session] = rand.Text()
			set("session", session)
			http.Redirect(w, r, "/users/7", http.StatusSeeOther)
		}
	case "GET /users/7":
		if token == "" {
			refuse(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Token", "v1 "+token)
		io.WriteString(w, `Welcome, probe. <a href="/bye">Log out</a>`)
	case "GET /api/me":
		if token == "" || r.Header.Get("Authorization") != "Token "+token {
			refuse(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `{"user": {"id": 7, "name": "probe"}, "next": "/bye", "none": null, "blank": ""}`)
	case "GET /bye":
		io.WriteString(w, "Bye")
	case "GET /lost":
		io.WriteString(w, `Nothing here. <a href="http://elsewhere.invalid/">Elsewhere</a>`)
	default:
		refuse(http.StatusNotFound)
	}
}
