package awsfake

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// ssmProtocol is AWS JSON 1.1 (AWS Systems Manager API Reference, "Making API
// requests").
type ssmProtocol struct{ s *Server }

const parameterNameMax = 2048 // GetParameter, parameter Name

func (p ssmProtocol) action(r *http.Request, _ []byte) string {
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		return ""
	}
	action, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.")
	return action
}

type getParameter struct {
	Name           *string
	WithDecryption *bool
}

func (p ssmProtocol) subject(body []byte) string {
	var r struct{ Name string }
	// A body that is no JSON is refused later, by the action.
	_ = json.Unmarshal(body, &r)
	return r.Name
}

var parameterName = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)

// perform follows GetParameter in the AWS Systems Manager API Reference. A
// SecureString that is not to be decrypted comes as it is kept, which is of no
// use to anybody here: that is refused.
func (p ssmProtocol) perform(_ *http.Request, action string, body []byte) (any, *apiError) {
	if action != "GetParameter" {
		return nil, invalid("InvalidAction", "awsfake does not know the SSM action %s; teach it from the API reference", action)
	}
	var r getParameter
	if refused := strictJSON(body, &r, "ValidationException"); refused != nil {
		return nil, refused
	}
	if r.Name == nil || len(*r.Name) > parameterNameMax || !parameterName.MatchString(*r.Name) {
		return nil, invalid("ValidationException", "%v is not the path of a parameter", r.Name)
	}
	if r.WithDecryption == nil || !*r.WithDecryption {
		return nil, invalid("ValidationException", "a SecureString read without decryption is of no use")
	}
	p.s.mu.Lock()
	value, ok := p.s.parameters[*r.Name]
	p.s.mu.Unlock()
	if !ok {
		return nil, &apiError{status: http.StatusBadRequest, code: "ParameterNotFound"}
	}
	return map[string]any{"Parameter": map[string]any{
		"Name": *r.Name, "Type": "SecureString", "Value": value, "Version": 1, "DataType": "text",
		"ARN": "arn:aws:ssm:" + p.s.options.Region + ":" + p.s.options.Account + ":parameter" + *r.Name,
	}}, nil
}

func (p ssmProtocol) write(w http.ResponseWriter, _, requestID string, answer any) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	writeJSON(w, "application/x-amz-json-1.1", http.StatusOK, answer)
}

func (p ssmProtocol) writeError(w http.ResponseWriter, requestID string, e *apiError) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	writeJSON(w, "application/x-amz-json-1.1", e.status, map[string]string{"__type": e.code, "message": e.message})
}

func (p ssmProtocol) throttled() *apiError {
	return invalid("ThrottlingException", "Rate exceeded")
}

// SetParameter keeps a SecureString; "" removes it.
func (s *Server) SetParameter(path, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value == "" {
		delete(s.parameters, path)
		return
	}
	s.parameters[path] = value
}
