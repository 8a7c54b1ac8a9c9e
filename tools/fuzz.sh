#!/bin/sh
# fuzz.sh [TARGET] [SECONDS]: builds the fuzz targets with ASan and UBSan, replays the committed corpus of each and then
# looks for new inputs, TARGET alone or all one after the other, for SECONDS each (default 60). New inputs are kept in
# build-sanitize/corpus/TARGET, inputs that fail in build-sanitize/crashes. Ends with "N passed, N failed".
#
# fuzz.sh --keep: makes fuzz/corpus anew, of the smallest inputs that reach what was reached so far.
set -u
cd "$(dirname "$0")/.."
keep=
[ "${1:-}" != --keep ] || { keep=1; shift; }
target=${1:-}
seconds=${2:-60}
[ -n "$seconds" ] || seconds=60
cmake --preset sanitize >/dev/null && cmake --build build-sanitize -j "$(nproc)" >/dev/null || exit 1
passed=0
failed=0
mkdir -p build-sanitize/crashes
build-sanitize/fuzz_seeds build-sanitize/seeds || exit 1
for source in fuzz/${target:-*}.c; do
  name=$(basename "$source" .c)
  program=build-sanitize/fuzz_$name
  [ -x "$program" ] || { echo "FAIL  $name: there is no such target"; failed=$((failed + 1)); continue; }
  mkdir -p "build-sanitize/corpus/$name" "build-sanitize/seeds/$name"
  if [ -n "$keep" ]; then
    rm -rf "fuzz/corpus/$name.new" && mkdir -p "fuzz/corpus/$name.new" "fuzz/corpus/$name"
    "$program" -merge=1 -use_counters=0 -max_len=8000 -timeout=20 "fuzz/corpus/$name.new" "fuzz/corpus/$name" build-sanitize/seeds/"$name" \
      "build-sanitize/corpus/$name" >"build-sanitize/fuzz_$name.log" 2>&1 || { failed=$((failed + 1)); continue; }
    rm -rf "fuzz/corpus/$name" && mv "fuzz/corpus/$name.new" "fuzz/corpus/$name"
    passed=$((passed + 1))
    echo "kept  $name: $(ls "fuzz/corpus/$name" | wc -l) inputs"
    continue
  fi
  # shellcheck disable=SC2046
  if "$program" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -max_len=200000 -print_final_stats=1 \
    -artifact_prefix=build-sanitize/crashes/"$name"- "build-sanitize/corpus/$name" build-sanitize/seeds/"$name" \
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
