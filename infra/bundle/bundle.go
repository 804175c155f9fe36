// Package bundle builds what Lambda runs: for each function a folder
// dist/NAME with the binary, called bootstrap, and the rouse.yaml that it is
// to read.
//
// It needs the local Go toolchain and nothing else. The same source and the
// same rouse.yaml give the same bytes, wherever and whenever they are built,
// so that a deployment replaces only the functions that changed.
package bundle

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Dir is where the folders are made, below the module's root.
const Dir = "dist"

// flags of go build, besides the output and the packages. Version control
// stamps and paths would make every commit and every machine another binary;
// lambda.norpc leaves out the runtime interface of the retired go1.x.
var flags = []string{"-trimpath", "-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w -buildid="}

// Graviton is the GOARCH of what Functions builds.
const Graviton = "arm64"

// target is what provided.al2023 runs, besides the architecture.
var target = []string{"GOOS=linux", "GOARM64=v8.0", "GOAMD64=v1", "CGO_ENABLED=0", "GOEXPERIMENT="}

// Functions builds the named functions from root/functions/NAME into
// root/dist/NAME and lays config beside each as rouse.yaml. It returns the
// folders by name. The error carries what the toolchain said.
func Functions(ctx context.Context, root string, config []byte, names ...string) (map[string]string, error) {
	dist := filepath.Join(root, Dir)
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for the functions: %w", err)
	}
	// All binaries are built by one command, which loads and compiles what
	// they share once, and are moved into their folders when all are whole.
	fresh, err := os.MkdirTemp(dist, ".building-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(fresh)
	if err := Build(ctx, root, fresh, Graviton, names...); err != nil {
		return nil, err
	}

	folders := make(map[string]string, len(names))
	for _, name := range names {
		folder := filepath.Join(dist, name)
		if err := lay(folder, filepath.Join(fresh, name), config); err != nil {
			return nil, fmt.Errorf("lay out %s: %w", folder, err)
		}
		folders[name] = folder
	}
	return folders, nil
}

// Build leaves the binary of each function in the folder out, under the
// function's name, for a GOARCH.
func Build(ctx context.Context, root, out, goarch string, names ...string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	args := append([]string{"build"}, flags...)
	args = append(args, "-o", out+string(filepath.Separator))
	for _, name := range names {
		args = append(args, "./functions/"+name)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(append(os.Environ(), "GOARCH="+goarch), target...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return &BuildError{Functions: names, Said: string(bytes.TrimSpace(said)), Err: err}
	}
	return nil
}

// lay makes folder hold the binary and the configuration, and nothing else.
func lay(folder, binary string, config []byte) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.Rename(binary, filepath.Join(folder, "bootstrap")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "rouse.yaml"), config, 0o644)
}

// A BuildError says why the functions could not be built.
type BuildError struct {
	Functions []string
	Said      string // what go build printed; "" if it never ran
	Err       error
}

func (e *BuildError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the functions (%s) could not be built for Lambda: ", strings.Join(e.Functions, ", "))
	if e.Said == "" {
		fmt.Fprintf(&b, "%v. Synthesizing needs the Go toolchain that go.mod names on the PATH; see https://go.dev/dl", e.Err)
		return b.String()
	}
	fmt.Fprintf(&b, "go build said\n\n%s\n\nMend that and synthesize again; nothing was deployed.", e.Said)
	return b.String()
}

func (e *BuildError) Unwrap() error { return e.Err }
