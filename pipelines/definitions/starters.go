package definitions

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Starter is what a project needs to begin with a partner: its definition, and its connection and links as they stand in a waybill.yaml.
type Starter struct {
	Name       string
	About      string // kind of partner and how it is reached
	Definition []byte

	sections map[string][]string // entries of a waybill.yaml's lists and connections, as text, comments too
	byFolder map[string][]string // feed → globs of its files where the partner's reports come to a folder and not by API
}

// ErrNoFolder is asked for a partner whose answers do not come as files.
var ErrNoFolder = errors.New("has no files that could come to a folder; it is asked by API")

// sectionOrder is the order of a waybill.yaml's parts, with what is said above each.
func sectionOrder() [][2]string {
	return [][2]string{
		{"connections", "How each source is reached; the name is the one that pipelines/*.yaml use."},
		{"brands", "What customers know the group's shops by."},
		{"shops", "Which shop sells which brand; the prefix is what its order names begin with."},
		{"warehouses", "Which site ships which brands; the first that lists a brand is where its orders go."},
		{"accounts", "Which account is paid for which brand."},
		{"carriers", "Who brings parcels, and by which terms claims are made (seeds.claim_rules)."},
	}
}

// Starters reads what comes with Waybill, sorted by name.
func Starters() ([]Starter, error) {
	entries, err := Files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	var all []Starter
	for _, e := range entries {
		s := Starter{Name: strings.TrimSuffix(e.Name(), ".yaml")}
		if s.Definition, err = Files.ReadFile(e.Name()); err != nil {
			return nil, fmt.Errorf("read definitions: %w", err)
		}
		text, err := starters.ReadFile(path.Join("starters", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("definition %s has no starter: %w", s.Name, err)
		}
		if err := s.read(text); err != nil {
			return nil, fmt.Errorf("starters/%s: %w", e.Name(), err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Rules are the rows of seeds of dated rules that the partners come with, by the seed's name, each once.
func Rules(chosen []Starter) map[string][]string {
	rows := map[string][]string{}
	for _, s := range chosen {
		for _, e := range s.sections["rules"] {
			seed, row, _ := strings.Cut(strings.TrimPrefix(e, "  - "), ": ")
			if !slices.Contains(rows[seed], row) {
				rows[seed] = append(rows[seed], row)
			}
		}
	}
	return rows
}

// read cuts the text into its parts and each part into entries, which stay as they are written.
func (s *Starter) read(text []byte) error {
	var folder struct {
		ByFolder map[string][]string `yaml:"by_folder"`
	}
	if err := yaml.Unmarshal(text, &folder); err != nil {
		return err
	}
	s.byFolder, s.sections = folder.ByFolder, map[string][]string{}
	section := ""
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "# ") && s.About == "":
			s.About = line[2:]
		case !strings.HasPrefix(line, " "):
			section = strings.TrimSuffix(line, ":")
		case strings.HasPrefix(line, "   "): // goes on with the entry
			last := len(s.sections[section]) - 1
			s.sections[section][last] += "\n" + line
		default:
			s.sections[section] = append(s.sections[section], line)
		}
	}
	return nil
}

var pullLine = regexp.MustCompile(`(?m)^    pull: .*$`)

// ByFolder is the same partner whose files something else brings to a folder: root, as the connection has it.
func (s Starter) ByFolder(root string) (Starter, error) {
	text := string(s.Definition)
	if pullLine.MatchString(text) && len(s.byFolder) == 0 {
		return s, fmt.Errorf("%s %w", s.Name, ErrNoFolder)
	}
	for feed, globs := range s.byFolder {
		before, after, found := strings.Cut(text, "  - feed: "+feed+"\n")
		if !found {
			return s, fmt.Errorf("%s has no feed %s", s.Name, feed)
		}
		at := pullLine.FindStringIndex(after)
		if at == nil {
			return s, fmt.Errorf("%s: feed %s is not pulled by API", s.Name, feed)
		}
		match := `    file: {match: ["` + strings.Join(globs, `", "`) + `"], ready: {stable_for: 60s}}`
		text = before + "  - feed: " + feed + "\n" + after[:at[0]] + match + after[at[1]:]
	}
	s.Definition = []byte(text)
	own := map[string][]string{}
	for name, entries := range s.sections {
		own[name] = entries
	}
	own["connections"] = nil
	for _, c := range s.sections["connections"] {
		source, _, _ := strings.Cut(strings.TrimSpace(c), ":")
		own["connections"] = append(own["connections"], fmt.Sprintf("  %s: {kind: folder, root: %q}", source, root))
	}
	s.sections = own
	return s, nil
}

// Configuration writes the waybill.yaml of a project with these partners: the head as it is, then their connections and links. An entry that
// several bring, such as a brand, stands there once.
func Configuration(head []byte, chosen []Starter) []byte {
	var b bytes.Buffer
	b.Write(head)
	for _, section := range sectionOrder() {
		var entries []string
		for _, s := range chosen {
			for _, e := range s.sections[section[0]] {
				if !slices.Contains(entries, e) {
					entries = append(entries, e)
				}
			}
		}
		if len(entries) > 0 {
			fmt.Fprintf(&b, "\n# %s\n%s:\n%s\n", section[1], section[0], strings.Join(entries, "\n"))
		}
	}
	return b.Bytes()
}
