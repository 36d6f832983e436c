package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/project"
)

func newFilesRefetch(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "refetch FILE",
		Short: "Fetch a file's bytes again from the partner, where the kept ones are damaged or missing",
		Long: `Ask the partner once more for a file whose kept bytes are damaged or missing (waybill verify names them). Only the very bytes that were received then
take their place: tables and ledger stay as they are. Answers of an API cannot be given again.`,
		Example: "  waybill files refetch 3f2a9c",
		Args:    oneArg("one file: the start of its id, or its name"),
		RunE: l.onFile(func(c *cobra.Command, p *project.Project, f ledger.File) error {
			asOf, err := l.now()
			if err != nil {
				return err
			}
			if err := p.Puller.Refetch(c.Context(), f, asOf); err != nil {
				return err
			}
			fmt.Fprintf(l.stdout, "%s/%s %s: kept again as it was received\n", f.Source, f.Feed, visible(f.Name))
			return nil
		}),
	}
}
