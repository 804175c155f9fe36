package dynamolocal

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// AWS publishes DynamoDB Local for anybody to run and for nobody to
// redistribute, so every machine fetches its own copy. This npm package is an
// unchanged copy that package registries' mirrors carry too.
const (
	npmPackage    = "amplify-dynamodb-simulator"
	npmVersion    = "2.9.30"
	tarballSHA256 = "3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9"
	emulator      = "package/emulator/" // the emulator's folder in the tarball
)

// Fetch returns the folder that holds DynamoDBLocal.jar, under the
// repository's ignored .cache folder; it is filled first if it is not there.
// Any number of processes may fetch at once: each unpacks into a folder of its
// own, and the first to finish gives it the name.
func Fetch(ctx context.Context) (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	cache := filepath.Join(root, ".cache")
	home := filepath.Join(cache, "dynamodb-local-"+npmVersion)
	if present(home) {
		return home, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(cache, "fetching-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	tarball, err := npmPack(ctx, work)
	if err != nil {
		return "", err
	}
	if err := checkSum(tarball, tarballSHA256); err != nil {
		return "", err
	}
	unpacked := filepath.Join(work, "unpacked")
	if err := unpack(tarball, emulator, unpacked); err != nil {
		return "", fmt.Errorf("unpack DynamoDB Local: %w", err)
	}
	if err := os.Rename(unpacked, home); err != nil && !present(home) {
		return "", err
	}
	return home, nil
}

func present(home string) bool {
	_, err := os.Stat(filepath.Join(home, "DynamoDBLocal.jar"))
	return err == nil
}

// repository is the folder of go.mod, above the working directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory: run this inside the repository")
		}
		dir = up
	}
}

func npmPack(ctx context.Context, into string) (tarball string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is not installed, and DynamoDB Local is fetched with it: install Node.js 20 or later (on Debian: apt-get install nodejs npm)")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", npmPackage+"@"+npmVersion, "--silent", "--pack-destination", into)
	cmd.Dir = into
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch DynamoDB Local with npm pack: %w\n%s", err, out)
	}
	return filepath.Join(into, npmPackage+"-"+npmVersion+".tgz"), nil
}

func checkSum(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s has the SHA-256 sum %s, not the pinned %s: it is not the file that was tested; fetch it again, or look into it before changing the pin", filepath.Base(file), got, want)
	}
	return nil
}

// unpack writes the regular files of a gzipped tar that lie under prefix.
func unpack(tarball, prefix, into string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(path.Clean(h.Name), prefix)
		if !ok || h.Typeflag != tar.TypeReg {
			continue
		}
		if err := writeFile(filepath.Join(into, filepath.FromSlash(name)), r); err != nil {
			return err
		}
	}
}

func writeFile(name string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
