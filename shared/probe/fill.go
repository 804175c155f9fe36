package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"rouse/shared/check"
)

// values are what stands for the references of a request.
type values map[check.Ref]string

// reveal reads the secrets, or says which of them cannot be read.
func (p *Prober) reveal(ctx context.Context, names []string) (v values, why string) {
	if len(names) == 0 {
		return nil, ""
	}
	v = values{}
	for _, name := range names {
		if p.Secrets == nil {
			return nil, fmt.Sprintf("secret %s cannot be read", name)
		}
		value, err := p.Secrets.Secret(ctx, name)
		if err != nil {
			return nil, fmt.Sprintf("secret %s cannot be read", name)
		}
		v[check.Ref{Name: name, Secret: true}] = value
	}
	return v, ""
}

var errAbroad = errors.New("captured address leads elsewhere")

// request makes h's request of the values.
func (v *visitor) request(ctx context.Context, h check.HTTP) (*http.Request, error) {
	u, err := v.values.url(h.URL, v.from)
	switch {
	case err != nil:
		return nil, err
	case v.from != nil && !slices.Contains(v.origins, origin(u)):
		return nil, errAbroad
	}
	method := h.Method
	if method == "" {
		method = http.MethodGet
	}
	body := v.values.body(h.Body)
	if h.Form != nil {
		body = v.values.form(h.Form)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "rouse")
	if h.Form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, text := range h.Headers {
		value := v.values.plain(text)
		if strings.ContainsFunc(value, unicode.IsControl) {
			return nil, errors.New("a header cannot carry what it was filled with")
		}
		if strings.EqualFold(name, "Host") {
			req.Host = value
			continue
		}
		req.Header.Set(name, value)
	}
	if h.Basic != nil {
		req.SetBasicAuth(h.Basic.User, v.values[check.Ref{Name: h.Basic.Secret, Secret: true}])
	}
	if h.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+v.values[check.Ref{Name: h.Bearer, Secret: true}])
	}
	return req, nil
}

func (v values) plain(text string) string {
	return check.Fill(text, func(r check.Ref) string { return v[r] })
}

// url fills a URL. A value is but a part of the path or of the query, whatever
// is in it, unless it is the whole text: then it is an address as one page
// gives it for the next, seen from base.
func (v values) url(text string, base *url.URL) (*url.URL, error) {
	if refs, _ := check.Refs(text); len(refs) == 1 && text == refs[0].String() {
		if base == nil {
			return nil, errors.New("there is no page that gave the address")
		}
		return base.Parse(strings.TrimSpace(v[refs[0]]))
	}
	path, query, hasQuery := strings.Cut(text, "?")
	filled := check.Fill(path, func(r check.Ref) string { return url.PathEscape(v[r]) })
	if hasQuery {
		filled += "?" + check.Fill(query, func(r check.Ref) string { return url.QueryEscape(v[r]) })
	}
	return url.Parse(filled)
}

// body fills a body. In one that is JSON, values are written as JSON's strings
// are, so that none can end its string.
func (v values) body(text string) string {
	if begins := strings.TrimSpace(text); !strings.HasPrefix(begins, "{") && !strings.HasPrefix(begins, "[") || strings.HasPrefix(begins, "{{") {
		return v.plain(text)
	}
	return check.Fill(text, func(r check.Ref) string {
		quoted, _ := json.Marshal(v[r]) // a string always has its JSON
		return string(quoted[1 : len(quoted)-1])
	})
}

func (v values) form(fields map[string]string) string {
	form := url.Values{}
	for name, text := range fields {
		form.Set(name, v.plain(text))
	}
	return form.Encode()
}
