package dynamolocal

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestServerAnswersTheSDK(t *testing.T) {
	client := dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(Endpoint(t)),
		Region:       "us-west-2",
		Credentials:  credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	if _, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsTheServer(t *testing.T) {
	s, err := Start(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if answer, err := http.Get(s.URL); err == nil {
		answer.Body.Close()
		t.Errorf("%s answers after Close", s.URL)
	}
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Start(context.Background(), 0)
	if err == nil || !strings.Contains(err.Error(), "install Java") {
		t.Errorf("without java: %v, want the cure", err)
	}
	_, err = npmPack(context.Background(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "install Node.js") {
		t.Errorf("without npm: %v, want the cure", err)
	}
}

func TestCheckSumRefusesAnotherFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.tgz")
	if err := os.WriteFile(file, []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := checkSum(file, tarballSHA256); err == nil {
		t.Error("another file passed for the pinned one")
	}
	const sumOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
	if err := checkSum(file, sumOfA); err != nil {
		t.Error(err)
	}
}

func TestUnpackStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	tarball := filepath.Join(dir, "t.tgz")
	f, err := os.Create(tarball)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	for _, name := range []string{"package/emulator/lib/a", "package/LICENSE", "package/emulator/../../../escaped"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, close := range []func() error{w.Close, z.Close, f.Close} {
		if err := close(); err != nil {
			t.Fatal(err)
		}
	}
	into := filepath.Join(dir, "deep", "into")
	if err := unpack(tarball, emulator, into); err != nil {
		t.Fatal(err)
	}
	var got []string
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path != tarball {
			rel, _ := filepath.Rel(into, path)
			got = append(got, rel)
		}
		return err
	})
	if len(got) != 1 || got[0] != "lib/a" {
		t.Errorf("unpacked %q, want only lib/a", got)
	}
}
