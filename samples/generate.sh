#!/bin/sh
# Makes the audio of the sample calls anew from the texts in their call.yaml: the script is the source, the audio
# follows from it, and so do the times. Needs Debian's flite 2.2, espeak-ng 1.51 and sox 14.4.2 (other versions make
# other bytes, which is no harm: nothing but the files themselves depends on them). For calls of your own use the tool
# that it uses: go run ./sandbox/calls/say FOLDER
set -eu
cd "$(dirname "$0")/.."
for tool in flite espeak-ng sox go; do
  command -v "$tool" >/dev/null || { echo "generate.sh: $tool is missing (apt-get install flite espeak-ng sox)" >&2; exit 1; }
done
# The tool speaks only what is missing, so all goes first, and with it the files that no call names any more.
find samples/calls -name '*.ulaw' -exec rm {} +
exec go run ./sandbox/calls/say samples/calls
