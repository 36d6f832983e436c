package testservers

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Spark runs a PySpark program to its end, on this machine alone, and returns what it wrote to standard output. The requirements
// file pins PySpark 3.5, jars are Maven coordinates, and input is the program's standard input.
func Spark(t testing.TB, requirements, program string, input []byte, jars ...string) []byte {
	t.Helper()
	home := java(t, 11, 18) // Spark 3.5 runs on Java 8, 11 and 17 ("Downloading" in its overview); the jars want 11
	files := make([]string, len(jars))
	for i, jar := range jars {
		files[i] = Maven(t, jar)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), Python(t, requirements), program)
	other := func(setting string) bool {
		return strings.HasPrefix(setting, "SPARK_") || strings.HasPrefix(setting, "PYSPARK_")
	}
	cmd.Env = append(slices.DeleteFunc(os.Environ(), other), "JAVA_HOME="+home, "SPARK_LOCAL_IP=127.0.0.1", "SPARK_LOCAL_DIRS="+filepath.Join(dir, "local"),
		"PYSPARK_SUBMIT_ARGS=--master local[2] --driver-memory 1g --driver-java-options -XX:TieredStopAtLevel=1 --jars "+strings.Join(files, ",")+" pyspark-shell")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		text := stderr.String()
		t.Fatalf("Spark: %v\n%s", err, text[max(0, len(text)-8000):])
	}
	return stdout.Bytes()
}
