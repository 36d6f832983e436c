package testservers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mavenGet is the plugin goal that brings one artifact; its version is named so that it is the same everywhere.
const mavenGet = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"

// Cache is a folder for what tests install once and keep: below the user's cache, outside the repository.
func Cache(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "waybill-test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatalf("make the cache for test programs: %v", err)
	}
	return dir
}

// Maven is the path of an artifact, "group:artifact:version:type" without what it depends on. It is fetched once, with the
// Maven that is installed and its settings.
func Maven(t testing.TB, coordinates string) string {
	t.Helper()
	part := strings.Split(coordinates, ":")
	if len(part) != 4 {
		t.Fatalf("%s is not group:artifact:version:type", coordinates)
	}
	repository := filepath.Join(Cache(t), "maven")
	file := filepath.Join(repository, filepath.FromSlash(strings.ReplaceAll(part[0], ".", "/")), part[1], part[2], part[1]+"-"+part[2]+"."+part[3])
	if _, err := os.Stat(file); err == nil {
		return file
	}
	mvn := find("mvn")
	if mvn == "" {
		missing(t, "Maven", "apt-get install maven")
	}
	cmd := exec.CommandContext(t.Context(), mvn, "-q", "-B", "-Dmaven.repo.local="+repository, mavenGet, "-Dartifact="+coordinates, "-Dtransitive=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(t, coordinates, "Maven could not fetch it: "+err.Error()+"\n"+string(out))
	}
	return file
}
