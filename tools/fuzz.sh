#!/bin/sh
# fuzz.sh [TARGET] [SECONDS]: builds the fuzz targets with ASan and UBSan, replays the committed corpus of each and then
# looks for new inputs, TARGET alone or all one after the other, for SECONDS each (default 60). New inputs are kept in
# build-sanitize/corpus/TARGET, inputs that fail in build-sanitize/crashes. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
target=${1:-}
seconds=${2:-60}
[ -n "$seconds" ] || seconds=60
cmake --preset sanitize >/dev/null && cmake --build build-sanitize -j "$(nproc)" >/dev/null || exit 1
passed=0
failed=0
mkdir -p build-sanitize/crashes
for source in fuzz/${target:-*}.c; do
  name=$(basename "$source" .c)
  program=build-sanitize/fuzz_$name
  [ -x "$program" ] || { echo "FAIL  $name: there is no such target"; failed=$((failed + 1)); continue; }
  mkdir -p "build-sanitize/corpus/$name"
  # shellcheck disable=SC2046
  if "$program" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -max_len=200000 -print_final_stats=1 \
    -artifact_prefix=build-sanitize/crashes/"$name"- "build-sanitize/corpus/$name" \
    $([ -d "fuzz/corpus/$name" ] && echo "fuzz/corpus/$name") >"build-sanitize/fuzz_$name.log" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build-sanitize/fuzz_$name.log") inputs"
  else
    failed=$((failed + 1))
    tail -n 40 "build-sanitize/fuzz_$name.log"
    echo "FAIL  $name"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
