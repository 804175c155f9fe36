package awsenv

import (
	"strings"
	"testing"
)

// lambda is what Lambda sets.
var lambda = map[string]string{
	"AWS_REGION": "eu-west-2", "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
}

// with returns an environment with some variables set otherwise.
func with(changes map[string]string) func(string) string {
	return func(name string) string {
		if value, ok := changes[name]; ok {
			return value
		}
		return lambda[name]
	}
}

func TestInLambda(t *testing.T) {
	cfg, err := Config(with(nil), DynamoDB, SNS)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || keys.AccessKeyID != "ASIAEXAMPLE" || keys.SecretAccessKey != "secret" || keys.SessionToken != "token" || cfg.Region != "eu-west-2" {
		t.Errorf("Region %s, keys %+v, err %v", cfg.Region, keys, err)
	}
	if url := Endpoint(with(nil), SNS); url != nil {
		t.Errorf("endpoint %s instead of AWS's own", *url)
	}
}

func TestRefusals(t *testing.T) {
	local := map[string]string{"AWS_SAM_LOCAL": "true", "AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:8000"}
	for name, test := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"no Region":                  {map[string]string{"AWS_REGION": ""}, []string{"AWS_REGION is not set", "say which Region"}},
		"no key":                     {map[string]string{"AWS_ACCESS_KEY_ID": ""}, []string{"AWS_ACCESS_KEY_ID", "export any values"}},
		"no secret":                  {map[string]string{"AWS_SECRET_ACCESS_KEY": ""}, []string{"AWS_SECRET_ACCESS_KEY", "export any values"}},
		"a laptop without endpoints": {local, []string{"AWS_ENDPOINT_URL_SNS is not", "real AWS from a laptop", "make endpoints", "events/env.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Config(with(test.env), DynamoDB, SNS)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in %q", want, err)
				}
			}
			if strings.Contains(err.Error(), "token") {
				t.Errorf("a secret is in %q", err)
			}
		})
	}
}

func TestEndpoints(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"one service's own": {map[string]string{"AWS_ENDPOINT_URL_SNS": "http://localhost:8001/"}, "http://localhost:8001"},
		"all services'":     {map[string]string{"AWS_ENDPOINT_URL": "http://localhost:5000"}, "http://localhost:5000"},
		"its own comes first": {map[string]string{
			"AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_ENDPOINT_URL_SNS": "http://localhost:8001",
		}, "http://localhost:8001"},
	} {
		t.Run(name, func(t *testing.T) {
			test.env["AWS_SAM_LOCAL"] = "true"
			if _, err := Config(with(test.env), SNS); err != nil {
				t.Error(err)
			}
			if url := Endpoint(with(test.env), SNS); url == nil || *url != test.want {
				t.Errorf("endpoint %v, want %s", url, test.want)
			}
		})
	}
}
