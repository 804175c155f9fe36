package bundle

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a module with one function of the given source.
func module(t *testing.T, source string) (root string) {
	t.Helper()
	root = t.TempDir()
	for path, text := range map[string]string{
		"go.mod":                  "module night\n\ngo 1.26\n",
		"functions/owl/main.go":   source,
		"dist/owl/left-from-1999": "stale",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFunctionsBuildsWhatLambdaRuns(t *testing.T) {
	const source = "package main\n\nfunc main() { println(\"hoo\") }\n"
	var before []byte
	for range 2 { // in two places: the bytes must not know where they were built
		root := module(t, source)
		folders, err := Functions(t.Context(), root, []byte("service: Owls\n"), "owl")
		if err != nil {
			t.Fatal(err)
		}

		bootstrap := filepath.Join(folders["owl"], "bootstrap")
		file, err := elf.Open(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		if file.Machine != elf.EM_AARCH64 {
			t.Errorf("built for %v, want arm64", file.Machine)
		}
		if libraries, _ := file.ImportedLibraries(); len(libraries) > 0 {
			t.Errorf("linked to %v; the runtime promises no libraries", libraries)
		}
		file.Close()
		if info, err := os.Stat(bootstrap); err != nil || info.Mode()&0o111 != 0o111 {
			t.Errorf("bootstrap is not executable: %v, %v", info.Mode(), err)
		}

		config, err := os.ReadFile(filepath.Join(folders["owl"], "rouse.yaml"))
		if err != nil || string(config) != "service: Owls\n" {
			t.Errorf("rouse.yaml beside the binary: %q, %v", config, err)
		}
		if entries, err := os.ReadDir(folders["owl"]); err != nil || len(entries) != 2 {
			t.Errorf("the folder holds %v, %v; want the binary and rouse.yaml alone", entries, err)
		}
		if entries, err := os.ReadDir(filepath.Join(root, Dir)); err != nil || len(entries) != 1 {
			t.Errorf("dist holds %v, %v; want no leftovers of the build", entries, err)
		}

		binary, err := os.ReadFile(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && string(before) != string(binary) {
			t.Error("the same source in another folder built other bytes")
		}
		before = binary
	}
}

func TestFunctionsSaysWhyItCouldNotBuild(t *testing.T) {
	root := module(t, "package main\n\nfunc main() { moon() }\n")
	_, err := Functions(t.Context(), root, nil, "owl")
	var failed *BuildError
	if !errors.As(err, &failed) {
		t.Fatalf("error = %v, want a BuildError", err)
	}
	for _, want := range []string{"owl", "functions/owl/main.go:3", "undefined: moon", "nothing was deployed"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, Dir, "owl", "left-from-1999")); err != nil {
		t.Errorf("a failed build touched what an earlier one left: %v", err)
	}
}

func TestFunctionsWithoutToolchain(t *testing.T) {
	root := module(t, "package main\n\nfunc main() {}\n")
	t.Setenv("PATH", t.TempDir())
	_, err := Functions(t.Context(), root, nil, "owl")
	if !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "needs the Go toolchain") {
		t.Errorf("error = %v, want one that names the missing toolchain", err)
	}
}
