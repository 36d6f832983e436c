package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/definitions"
	"github.com/fourmarketing/waybill/project"
	waybillsql "github.com/fourmarketing/waybill/sql"
)

// starter is the head of a commented waybill.yaml: what does not depend on partners.
//
//go:embed starter.yaml
var starter []byte

// byFolder after a partner's name asks for its files from a folder.
const byFolder = ":folder"

func newInit(l *commandLine) *cobra.Command {
	var list bool
	c := &cobra.Command{
		Use:   "init [FOLDER [PARTNER…]]",
		Short: "Write a configuration and pipeline definitions for the partners that you name",
		Long: `Write waybill.yaml, pipelines/ and sql/seeds/ into FOLDER: connection, definition, links and agreed rules of each PARTNER, of all that
come with Waybill when none is named. What it writes is an example group's: put your own brands, addresses, sites and accounts in, then ask the doctor.

PARTNER:folder takes the partner's files from a folder that something else fills: warehouses' files, or Adyen's settlement details
reports when you have no API (download them into files/adyen, below any folders).`,
		Example: `  waybill init --list                     what comes with Waybill
  waybill init ops adyen northgate        a warehouse and a payment provider
  waybill init ops adyen:folder           settlement reports that somebody puts into a folder
  waybill init ops && cd ops && waybill doctor`,
		RunE: func(_ *cobra.Command, args []string) error {
			if list {
				return l.listOffers()
			}
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return l.begin(dir, args[min(len(args), 1):])
		},
	}
	c.Flags().BoolVar(&list, "list", false, "list the partners that come with Waybill, and write nothing")
	return c
}

// begin writes a project.
func (l *commandLine) begin(dir string, names []string) error {
	path := filepath.Join(dir, "waybill.yaml")
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s is there already; nothing was written", errUsage, path)
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find folder: %w", err)
	}
	chosen, folders, err := choose(names, filepath.Join(root, "files"))
	if err != nil {
		return err
	}
	if partner := meant(dir, names); partner == dir {
		return fmt.Errorf("%w: %q is a partner; name the folder first, such as waybill init ops %[2]s, or ./%[2]s if it is the folder", errUsage, dir)
	} else if partner != "" {
		return fmt.Errorf("%w: %q is no folder yet; did you mean the partner %s? For it: waybill init ops %[3]s; for a folder of that name: waybill init ./%[2]s", errUsage, dir, partner)
	}
	for _, folder := range append(folders, filepath.Join(dir, "pipelines")) {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	var written []string
	for _, s := range chosen {
		file := filepath.Join("pipelines", s.Name+".yaml")
		if err := os.WriteFile(filepath.Join(dir, file), s.Definition, 0o644); err != nil {
			return fmt.Errorf("write definition: %w", err)
		}
		written = append(written, file)
	}
	rules, err := writeRules(dir, definitions.Rules(chosen))
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, definitions.Configuration(starter, chosen), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	if l.json {
		return printJSON(l.stdout, map[string]any{"configuration": path, "pipelines": written, "rules": rules, "folders": folders})
	}
	fmt.Fprintf(l.stdout, "wrote in %s: waybill.yaml, %s\n", dir, strings.Join(append(written, rules...), ", "))
	for _, folder := range folders {
		definition := filepath.Join(dir, "pipelines", filepath.Base(folder)+".yaml")
		fmt.Fprintf(l.stdout, "made %s: put the files there, in the folders and by the names that file.match in %s has\n", folder, definition)
	}
	fmt.Fprintf(l.stdout, "next: put your brands, addresses and accounts into %s and what is agreed with customers, warehouses and carriers into sql/seeds (secrets by ${env:NAME} or ${file:path}), then: waybill doctor -c %[1]s\n", path)
	return nil
}

// writeRules writes the project's seeds of dated rules: the header as it is built in, then the rows. The folder is made in any case.
func writeRules(dir string, rules map[string][]string) ([]string, error) {
	folder := filepath.Join("sql", "seeds")
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	var written []string
	for _, seed := range slices.Sorted(maps.Keys(rules)) {
		header, err := fs.ReadFile(waybillsql.Files, "seeds/"+seed+".csv")
		if err != nil {
			return nil, fmt.Errorf("read the built-in seed: %w", err)
		}
		file := filepath.Join(folder, seed+".csv")
		text := string(header) + strings.Join(rules[seed], "\n") + "\n"
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("write rules: %w", err)
		}
		written = append(written, file)
	}
	return written, nil
}

// meant is the partner that a word in the folder's place is meant for, as the command takes it: its name, or where no partner follows one near it.
// Empty for a path, and for what is there.
func meant(word string, partners []string) string {
	all, err := definitions.Starters()
	_, statErr := os.Stat(word)
	if err != nil || strings.ContainsRune(filepath.ToSlash(word), '/') || !errors.Is(statErr, os.ErrNotExist) {
		return ""
	}
	known := partnersOf(all)
	name, fromFolder := strings.CutSuffix(word, byFolder)
	switch {
	case slices.Contains(known, name):
		return word
	case len(partners) > 0:
		return ""
	}
	near := pipelines.Nearest(name, known)
	if near != "" && fromFolder {
		near += byFolder
	}
	return near
}

func partnersOf(all []definitions.Starter) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return names
}

// choose finds the named starters, all without names, and the folders whose files some of them take, below files.
func choose(names []string, files string) (chosen []definitions.Starter, folders []string, err error) {
	all, err := definitions.Starters()
	if err != nil || len(names) == 0 {
		return all, nil, err
	}
	byName := map[string]definitions.Starter{}
	for _, s := range all {
		byName[s.Name] = s
	}
	seen := map[string]bool{}
	for _, word := range names {
		name, fromFolder := strings.CutSuffix(word, byFolder)
		s, ok := byName[name]
		if !ok {
			near := ""
			whole, how, _ := strings.Cut(name, ":") // adyen:foldr
			switch n := pipelines.Nearest(whole, partnersOf(all)); {
			case n != "" && how != "":
				near = fmt.Sprintf("; the nearest are %q and %q", n, n+byFolder)
			case n != "":
				near = fmt.Sprintf("; the nearest is %q", n)
			}
			return nil, nil, fmt.Errorf("%w: no partner %q comes with Waybill%s; `waybill init --list` shows those that do", errUsage, name, near)
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		if fromFolder {
			folder := filepath.Join(files, name)
			if s, err = s.ByFolder(folder); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", errUsage, err)
			}
			folders = append(folders, folder)
		}
		chosen = append(chosen, s)
	}
	return chosen, folders, nil
}

// listOffers shows what comes with Waybill.
func (l *commandLine) listOffers() error {
	offers, err := project.Offers()
	if err != nil {
		return err
	}
	if l.json {
		return printJSON(l.stdout, offers)
	}
	var rows [][]string
	for _, o := range offers {
		alone, beside := wrapped(strings.Join(o.Alone, ", "), 60), wrapped(strings.Join(o.Beside, ", "), 40)
		rows = append(rows, []string{o.Name, o.Kind, o.About, lineOf(alone, 0), lineOf(beside, 0)})
		for i := 1; i < max(len(alone), len(beside)); i++ {
			rows = append(rows, []string{"", "", "", lineOf(alone, i), lineOf(beside, i)})
		}
	}
	grid(l.stdout, []string{"name", "kind", "how", "marts it fills by itself", "and beside partners of other kinds"}, rows)
	return nil
}

// wrapped breaks a list into lines of about that many letters.
func wrapped(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last < 0 || len(lines[last])+1+len(word) > width {
			lines = append(lines, word)
		} else {
			lines[last] += " " + word
		}
	}
	return lines
}

func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
