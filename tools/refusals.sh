#!/bin/sh
# refusals.sh [BUILD]: which refusals of operators a test meets. Builds with gcc, which counts what runs, in a folder of
# its own (build-coverage), runs the tests that hold operators to their sentences, and lists the refusals that none of
# them reached; ends with "N of M refusals are met by a test". Tests that try networks by chance, and damage files, are
# left out: they reach much and look at no sentence.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-coverage}
jobs=$(nproc)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

cmake -S . -B "$build" -DCMAKE_C_COMPILER=gcc -DMOTE_COVERAGE=ON -DMOTE_TOOLS=OFF >"$log" || { cat "$log"; exit 1; }
cmake --build "$build" -j "$jobs" >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
find "$build" -name '*.gcda' -exec rm {} +
(cd "$build" && ctest -j "$jobs" --output-on-failure -R '^test_(operators|runtime|bindings)_' -E 'alloc|damage' >"$log" 2>&1) ||
  { tail -n 60 "$log"; exit 1; }
python3 tools/refusals.py "$build"
