package testservers

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// javaVersion is the line of a JDK's file "release" that says which one it is.
var javaVersion = regexp.MustCompile(`(?m)^JAVA_VERSION="(?:1\.)?(\d+)`)

// java is the home of an installed Java of at least one major version and below another; the oldest that fits.
func java(t testing.TB, from, below int) string {
	t.Helper()
	homes, _ := filepath.Glob("/usr/lib/jvm/*") // the pattern is well formed
	best, found := "", below
	for _, home := range append(homes, os.Getenv("JAVA_HOME")) {
		text, err := os.ReadFile(filepath.Join(home, "release"))
		if err != nil {
			continue
		}
		m := javaVersion.FindSubmatch(text)
		if m == nil {
			continue
		}
		if major, err := strconv.Atoi(string(m[1])); err == nil && major >= from && major < found {
			best, found = home, major
		}
	}
	if best == "" {
		missing(t, "Java "+strconv.Itoa(from)+" or later", "install one below /usr/lib/jvm or name it in JAVA_HOME; versions from "+strconv.Itoa(below)+" on do not fit")
	}
	return best
}
