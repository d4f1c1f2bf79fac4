// Package cli is frontdesk's commands, a file each.
package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// Root is the command with all its subcommands. Results go to out, progress and notes to notes.
func Root(out, notes io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "frontdesk",
		Short: "Turns every phone call into a record in Salesforce, exactly once",
		Long: "Frontdesk turns every phone call that an AI receptionist answers into a clean, redacted, attributed record in\n" +
			"Salesforce. Begin with `frontdesk demo`.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	var show, asJSON bool
	root.Flags().BoolVar(&show, "version", false, "print the version and what it was built from")
	root.Flags().BoolVar(&asJSON, "json", false, "with --version: print JSON")
	root.RunE = func(c *cobra.Command, _ []string) error {
		if show {
			return printVersion(c, asJSON)
		}
		return c.Help()
	}
	root.SetOut(out)
	root.SetErr(notes)
	root.AddCommand(demo(), up(), replay(), sandbox(), topics(), checkCommand(), reconcileCommand(), dlqCommand(), ready(), benchmark(), serve())
	reportUsage(root)
	return root
}
