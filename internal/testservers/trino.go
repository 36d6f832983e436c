package testservers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trinoVersion is the newest whose parts are published as Maven artifacts. It needs Java 24 or later.
const trinoVersion = "476"

// Trino is a running coordinator that does its own work.
type Trino struct{ address string }

// TrinoColumn is a column of a result, its type as Trino spells it.
type TrinoColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// StartTrino starts Trino for one test with catalogs by name, each a text of properties.
func StartTrino(t testing.TB, catalogs map[string]string) Trino {
	t.Helper()
	home := java(t, 24, 99)
	program := installTrino(t)
	dir := t.TempDir()
	port := FreePort(t)
	files := map[string]string{
		"config.properties": fmt.Sprintf("coordinator=true\nnode-scheduler.include-coordinator=true\nhttp-server.http.port=%d\ndiscovery.uri=http://%s\n", port, loopback(port)),
		"log.properties":    "io.trino=WARN\nio.airlift=WARN\n",
	}
	for name, text := range catalogs {
		files["catalog/"+name+".properties"] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, "etc", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatalf("configure Trino: %v", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatalf("configure Trino: %v", err)
		}
	}
	// It is ended by the test's clean-up, later than the test's context. The quick compiler alone: it runs for a minute.
	cmd := exec.Command(filepath.Join(home, "bin", "java"), "-Xmx2g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Djdk.attach.allowAttachSelf=true", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "--add-modules=jdk.incubator.vector",
		"-Dnode.environment=test", "-Dnode.id=test", "-Dnode.bind-ip=127.0.0.1", "-Dnode.internal-address=127.0.0.1", "-Dnode.data-dir="+filepath.Join(dir, "data"),
		"-Dplugin.dir="+filepath.Join(program, "plugin"), "-Dconfig=etc/config.properties", "-Dlog.levels-file=etc/log.properties",
		"-cp", filepath.Join(program, "lib", "*"), "io.trino.server.TrinoServer")
	cmd.Dir = dir
	s := Trino{address: "http://" + loopback(port)}
	startWithin(t, 3*time.Minute, cmd, syscall.SIGTERM, func(ctx context.Context) error {
		_, rows, err := s.once(ctx, "", "select 1")
		if err == nil && len(rows) != 1 {
			err = fmt.Errorf("select 1 gave %d rows", len(rows))
		}
		return err
	})
	return s
}

// installTrino puts the server and the plugins that tests use together, once.
func installTrino(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(Cache(t), "trino-"+trinoVersion)
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	work, err := os.MkdirTemp(Cache(t), "trino-*") //nolint:usetesting // it is renamed within one file system
	if err != nil {
		t.Fatalf("install Trino: %v", err)
	}
	defer os.RemoveAll(work)
	server := filepath.Join(work, "trino-server-core-"+trinoVersion)
	unpack := func(program, artifact string, args ...string) {
		file := Maven(t, "io.trino:"+artifact)
		cmd := exec.CommandContext(t.Context(), Program(t, program, program), append(args, file)...)
		cmd.Dir = work
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("unpack %s: %v\n%s", file, err, out)
		}
		if err := os.Remove(file); err != nil { // half a gigabyte that is not needed again
			t.Fatal(err)
		}
	}
	unpack("tar", "trino-server-core:"+trinoVersion+":tar.gz", "xzf")
	for _, plugin := range []string{"iceberg", "memory"} {
		unpack("unzip", "trino-"+plugin+":"+trinoVersion+":zip", "-q")
		err = errors.Join(err,
			os.Rename(filepath.Join(work, "trino-"+plugin+"-"+trinoVersion), filepath.Join(server, "plugin", plugin)))
	}
	if err == nil {
		err = os.Rename(server, dir)
	}
	if _, there := os.Stat(dir); err != nil && there != nil { // else another test was first
		t.Fatalf("install Trino: %v", err)
	}
	return dir
}

// trinoAnswer is a page of a result (Trino's client protocol, "Client REST API" in its documentation).
type trinoAnswer struct {
	NextURI string        `json:"nextUri"`
	Columns []TrinoColumn `json:"columns"`
	Data    [][]any       `json:"data"`
	Error   *trinoError   `json:"error"`
}

// trinoError is what Trino says of a statement that failed.
type trinoError struct {
	Name    string `json:"errorName"`
	Message string `json:"message"`
}

func (e *trinoError) Error() string { return "trino: " + e.Name + ": " + e.Message }

// noNodes is Trino's name for an error that goes away: a node tells which catalogs it has only a while after it answers.
const noNodes = "NO_NODES_AVAILABLE"

// Query runs a statement to its end. Names without a catalog are looked up in the given one; the session's zone is UTC. Values are
// as JSON has them: numbers as json.Number, decimals, dates and times as text.
func (s Trino) Query(ctx context.Context, catalog, statement string) ([]TrinoColumn, [][]any, error) {
	for patience := time.Now().Add(time.Minute); ; {
		columns, rows, err := s.once(ctx, catalog, statement)
		var failed *trinoError
		if !errors.As(err, &failed) || failed.Name != noNodes || time.Now().After(patience) {
			return columns, rows, err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// once is Query without patience.
func (s Trino) once(ctx context.Context, catalog, statement string) (columns []TrinoColumn, rows [][]any, err error) {
	method, uri := http.MethodPost, s.address+"/v1/statement"
	for uri != "" {
		page, err := trinoPage(ctx, method, uri, catalog, statement)
		if err != nil {
			return nil, nil, fmt.Errorf("ask Trino: %w", err)
		}
		if page.Error != nil {
			return nil, nil, page.Error
		}
		if len(page.Columns) > 0 {
			columns = page.Columns
		}
		rows = append(rows, page.Data...)
		method, uri, statement = http.MethodGet, page.NextURI, ""
	}
	return columns, rows, nil
}

// trinoPage gets one page, again where the server asks for that.
func trinoPage(ctx context.Context, method, uri, catalog, body string) (page trinoAnswer, err error) {
	req, err := http.NewRequestWithContext(ctx, method, uri, strings.NewReader(body))
	if err != nil {
		return page, err
	}
	for k, v := range map[string]string{"User": "waybill", "Catalog": catalog, "Time-Zone": "UTC"} {
		req.Header.Set("X-Trino-"+k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return page, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		select {
		case <-ctx.Done():
			return page, ctx.Err()
		case <-time.After(100 * time.Millisecond):
			return trinoPage(ctx, method, uri, catalog, body)
		}
	default:
		return page, errors.New("status " + strconv.Itoa(res.StatusCode))
	}
	decode := json.NewDecoder(res.Body)
	decode.UseNumber()
	return page, decode.Decode(&page)
}
