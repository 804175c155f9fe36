package watch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Fetch is a Watch's Ping over HTTP.
func Fetch(client *http.Client) func(ctx context.Context, address string) error {
	return func(ctx context.Context, address string) error {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return errors.New("its address is not one")
		}
		q.Header.Set("User-Agent", "rouse")
		answer, err := client.Do(q)
		var failed *url.Error
		if errors.As(err, &failed) { // its words would repeat the address
			return failed.Err
		}
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode/100 != 2 {
			return fmt.Errorf("it answers %d", answer.StatusCode)
		}
		return nil
	}
}
