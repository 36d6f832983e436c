package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// starter is a commented waybill.yaml.
//
//go:embed starter.yaml
var starter []byte

func newInit(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:     "init [FOLDER]",
		Short:   "Write a starter configuration and the pipeline definitions that come with Waybill",
		Example: "  waybill init\n  waybill init ops && cd ops && waybill doctor",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			path := filepath.Join(dir, "waybill.yaml")
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("%w: %s is there already; nothing was written", errUsage, path)
			}
			if err := os.MkdirAll(filepath.Join(dir, "pipelines"), 0o755); err != nil {
				return fmt.Errorf("make folder: %w", err)
			}
			if err := copyDefinitions(filepath.Join(dir, "pipelines")); err != nil {
				return err
			}
			if err := os.WriteFile(path, starter, 0o600); err != nil {
				return fmt.Errorf("write configuration: %w", err)
			}
			fmt.Fprintf(l.stdout, "wrote %s and pipelines/*.yaml\nnext: fill in the connections (secrets by ${env:NAME} or ${file:path}), remove pipelines you do not have, then: waybill doctor\n", path)
			return nil
		},
	}
}
