#!/bin/sh
# conformance-convert.sh BUILD: models of Keras converted, and their numbers compared: small ones with recorded answers
# (each file on both of its samples), and trained networks with the official converter's file of the same weights. Prints
# a line a model and "N passed, N failed"; whatever fails with its reason.
set -eu
cd "$(dirname "$0")/.."
shared=${MOTE_SHARED:-../shared}
if [ ! -d "$shared/convert_layers" ]; then
  echo "left out: conversions, because $shared/convert_layers is not there"
  echo "0 passed, 0 failed"
  exit 0
fi
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c "import numpy" 2>/dev/null; then
  echo "left out: conversions, because $python has no numpy"
  echo "0 passed, 0 failed"
  exit 0
fi
exec env MOTE="${MOTE:-$1/mote}" SHARED="$shared" "$python" tools/conformance_convert.py
