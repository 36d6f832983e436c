package testservers

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/fourmarketing/waybill"
)

// S3 is a running gateway with one empty bucket.
type S3 struct {
	Endpoint  string // http://127.0.0.1:port
	Region    string
	AccessKey waybill.Secret
	SecretKey waybill.Secret
	Bucket    string
	Folder    string // where the gateway keeps the bucket's objects as files, so that a test can age or break them
	PID       int    // of the gateway, so that a test can stop it for a while
}

// StartS3 starts versitygw for one test.
func StartS3(t testing.TB) S3 {
	t.Helper()
	bin := find("versitygw")
	if bin == "" {
		missing(t, "versitygw", "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 with GOBIN set to the repository's bin folder")
	}
	dir := t.TempDir()
	s := S3{Region: "us-east-1", AccessKey: newSecret(), SecretKey: newSecret(), Bucket: "lake"}
	s.Folder = filepath.Join(dir, "objects", s.Bucket)
	sidecar := filepath.Join(dir, "sidecar") // attributes as files: not every file system has extended ones
	for _, d := range []string{s.Folder, sidecar} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatalf("make the gateway's folder: %v", err)
		}
	}
	addr := loopback(FreePort(t))
	s.Endpoint = "http://" + addr
	// It is ended by the test's clean-up, later than the test's context.
	cmd := exec.Command(bin, "--port", addr, "--region", s.Region, "--quiet", "posix", "--sidecar", sidecar, filepath.Dir(s.Folder))
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey.Reveal(), "ROOT_SECRET_KEY="+s.SecretKey.Reveal())
	srv := start(t, cmd, syscall.SIGTERM, listens(addr))
	s.PID = srv.cmd.Process.Pid
	return s
}
