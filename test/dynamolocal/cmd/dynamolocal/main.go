// Command dynamolocal fetches DynamoDB Local and, given a command, runs it
// with ROUSE_TEST_DYNAMODB naming a server that lives as long as the command.
//
//	dynamolocal [command [argument…]]
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"rouse/test/dynamolocal"
)

func main() {
	// The command gets the terminal's interrupt too; we outlive it to clean up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() > 0 {
			os.Exit(exit.ExitCode())
		}
		fmt.Fprintln(os.Stderr, "dynamolocal:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command []string) error {
	if len(command) == 0 {
		_, err := dynamolocal.Fetch(ctx)
		return err
	}
	server, err := dynamolocal.Start(ctx, 0)
	if err != nil {
		return err
	}
	defer server.Close()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), dynamolocal.EndpointVariable+"="+server.URL)
	return cmd.Run()
}
