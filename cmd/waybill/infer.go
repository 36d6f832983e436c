package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/infer"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

func newInfer(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "infer FILE",
		Short: "Write a pipeline definition to start from, guessed from an example file",
		Long: `Look at a file (CSV, lines of JSON, kept answers of an API, XML; also packed) and write the definition of a pipeline that loads it: how its bytes are
read, its columns, their types, forms of dates and numbers, what seems personal, which columns could name a row. Every guess is marked: # guess: why.
It was told from this one file: what the partner says of its files goes before it. The file is tried by what is written, so that try takes it.`,
		Example: `  waybill infer stock.csv > pipelines/stock.yaml
  waybill try stock.csv --pipeline pipelines/stock.yaml`,
		Args: oneArg("one file of this machine"),
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := os.MkdirTemp("", "waybill-infer-*")
			if err != nil {
				return fmt.Errorf("infer: %w", err)
			}
			defer os.RemoveAll(dir)
			db := duck.Open(duck.Config{MemoryLimit: "1GB", TempDir: dir})
			defer db.Close()
			text, err := infer.Inferrer{Duck: db, Loader: load.New(db), Now: time.Now}.Definition(c.Context(), args[0], dir)
			if err != nil {
				return err
			}
			if l.json {
				return printJSON(l.stdout, map[string]string{"definition": text})
			}
			fmt.Fprint(l.stdout, text)
			return nil
		},
	}
}
