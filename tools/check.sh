#!/bin/sh
# check.sh BUILD [--all]: all tests, from the law of layers to fuzz targets under sanitizers; ends with "N passed, N
# failed". The recorded cases run whole once; on each level of kernels, with two threads, every third (--all: all).
# What cannot run here (no MOTE_SHARED) is said in a line that begins with "left out:".
set -u
cd "$(dirname "$0")/.."
build=${1:-build}
every=3
[ "${2:-}" != --all ] || every=1
jobs=$(nproc)
passed=0
failed=0
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

[ -f "${MOTE_SHARED:-../shared}/vectors/CASES.tsv" ] ||
  echo "left out: recorded cases, whole models and photos, because ${MOTE_SHARED:-../shared} is not there"

# step NAME COMMAND...: one test that is a command.
step() {
  name=$1
  shift
  if "$@" >"$log/step" 2>&1; then
    passed=$((passed + 1))
    grep '^left out:' "$log/step" || true
    echo "ok      $name"
  else
    failed=$((failed + 1))
    tail -n 60 "$log/step"
    echo "FAILED  $name"
  fi
}

# counted NAME COMMAND...: a command that ends with "N passed, N failed".
counted() {
  name=$1
  shift
  "$@" >"$log/step" 2>&1
  status=$?
  grep -a '^left out:' "$log/step" || true
  p=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1/p' "$log/step" | tail -n 1)
  f=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\2/p' "$log/step" | tail -n 1)
  if [ -z "$p" ] || { [ "$f" = 0 ] && [ $status -ne 0 ]; }; then p=${p:-0} f=1; fi
  passed=$((passed + p))
  failed=$((failed + f))
  [ "$f" = 0 ] || { grep -a '^FAIL' "$log/step" | head -n 40; tail -n 20 "$log/step"; }
  echo "$([ "$f" = 0 ] && echo 'ok     ' || echo FAILED) $name: $p passed, $f failed"
}

# ctest_counted NAME FOLDER: the tests registered in a build folder.
ctest_counted() {
  (cd "$2" && ctest -j "$jobs" --output-on-failure >"$log/ctest" 2>&1)
  n=$(sed -n 's/.* tests failed out of \([0-9]*\).*/\1/p' "$log/ctest")
  f=$(sed -n 's/.*passed, \([0-9]*\) tests failed out of.*/\1/p' "$log/ctest")
  grep -h '^left out:' "$2"/Testing/Temporary/LastTest.log 2>/dev/null | sort -u
  if [ -z "$n" ]; then n=1 f=1; fi
  passed=$((passed + n - f))
  failed=$((failed + f))
  [ "$f" = 0 ] || tail -n 80 "$log/ctest"
  echo "$([ "$f" = 0 ] && echo 'ok     ' || echo FAILED) $1: $((n - f)) of $n"
}

step "layer law" tools/check-layers
step "format" sh -c "find bench bindings cli examples fuzz include src tests -name '*.[ch]' | xargs clang-format --dry-run -Werror"
step "build" make --no-print-directory BUILD="$build"
ctest_counted "unit and command tests" "$build"
counted "recorded cases" tools/conformance.sh "$build"
for level in scalar avx2 avx512 neon; do
  MOTE_ISA=$level "$build/mote" version | grep -q "^instruction set: $level$" || continue
  MOTE_ISA=$level counted "recorded cases, $level kernels, 2 threads" env EVERY=$every tools/conformance.sh "$build" --threads 2
done
step "sanitizer build" sh -c "cmake --preset sanitize >/dev/null && cmake --build build-sanitize -j $jobs"
ctest_counted "unit tests under ASan and UBSan" build-sanitize
counted "fuzz targets" tools/fuzz.sh "" "${FUZZ_SECONDS:-10}"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
