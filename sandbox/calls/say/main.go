// Command say makes the audio of sample calls from their scripts: one file for each utterance that names one which isn't
// there. What was recorded or spoken before is left alone.
//
//	go run ./sandbox/calls/say samples/calls
//
// It needs sox and the synthesisers that the calls' voices name: "flite:slt" is flite -voice slt, "espeak-ng:es-419+f3" is
// espeak-ng -v es-419+f3. The same versions make the same bytes: sox runs without dither and without random numbers.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := command(os.Stdout).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "say:", err)
		os.Exit(1)
	}
}

func command(out io.Writer) *cobra.Command {
	c := &cobra.Command{
		Use:   "say FOLDER",
		Short: "Speak the utterances of sample calls whose sound is missing",
		Long: "Speaks what the scripts in a folder of calls (or of one call) say, in the voices that their call.yaml names, and writes\n" +
			"the .ulaw files that are named there and missing. A file that is there is never written again, whether recorded or\n" +
			"spoken: delete it to have it spoken anew. The format is in samples/README.md.\n\n" +
			"Voices are flite:awb, flite:kal, flite:kal16, flite:rms, flite:slt, and all that espeak-ng --voices lists, as\n" +
			"espeak-ng:en-us or espeak-ng:es-419+f3. Debian and Ubuntu: apt-get install flite espeak-ng sox",
		Example: "  go run ./sandbox/calls/say my-calls",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("name one folder of calls, not %d; see say --help", len(args))
			}
			return nil
		},
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args[0], cmd.OutOrStdout()) },
	}
	c.SetOut(out)
	return c
}

// run speaks what is missing in a folder of calls.
func run(ctx context.Context, dir string, out io.Writer) error {
	list, err := calls.Read(dir)
	if err != nil {
		return err //nolint:wrapcheck // it names the files
	}
	base, shown, err := calls.Folder(dir)
	if err != nil {
		return fmt.Errorf("opening the calls: %w", err)
	}
	// A root keeps every file inside the folder of calls, links included.
	root, err := os.OpenRoot(base)
	if err != nil {
		return fmt.Errorf("opening the calls: %w", err)
	}
	defer func() { _ = root.Close() }() // what was written in it is closed
	lines, kept, err := plan(root, shown, list)
	if err != nil {
		return err
	}
	if err := ready(ctx, lines); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "say")
	if err != nil {
		return fmt.Errorf("making a folder for raw speech: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }() // a leftover in the temporary folder harms nobody
	total := 0
	for _, l := range lines {
		audio, err := l.speak(ctx, tmp)
		if err != nil {
			return fmt.Errorf("speaking %s: %w", l.file, err)
		}
		if err := keep(root, l.file, audio); err != nil {
			return err
		}
		total += len(audio)
	}
	_, err = fmt.Fprintf(out, "spoke %d files, %d KB; %d were there\n", len(lines), total/1000, kept)
	return err
}
