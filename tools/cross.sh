#!/bin/sh
# cross.sh [--all]: builds for aarch64, armv7, riscv64 and 32-bit x86, and runs there, under qemu-user, the unit tests and
# a fixed sample of the recorded cases (--all: every one). Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
every=25
[ "${1:-}" != --all ] || every=1
passed=0
failed=0
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

# Real models are too slow for emulators: tests that try thousands of damaged ones keep to those they build.
no_models=$log/none

one() { # one PRESET TRIPLE QEMU
  if ! tools/cmocka.sh "$2-gcc" "build-$1/cmocka" >"$log/build" 2>&1; then
    cat "$log/build"
    echo "left out: unit tests for $1, because the test framework could not be made for it"
  fi
  if ! { cmake --preset "$1" && cmake --build "build-$1" -j "$(nproc)"; } >"$log/build" 2>&1; then
    tail -n 40 "$log/build"
    echo "FAILED  build for $1"
    failed=$((failed + 1))
    return
  fi
  passed=$((passed + 1))
  echo "ok      build for $1"
  emulator="qemu-$3-static -L /usr/$2"
  [ "$3" != i386 ] || [ "$(uname -m)" != x86_64 ] || emulator= # such machines run it as it is
  for program in build-"$1"/test_* build-"$1"/checkkern; do
    [ -x "$program" ] || continue
    if MOTE_SHARED=$no_models $emulator "$program" >"$log/test" 2>&1; then passed=$((passed + 1))
    else
      failed=$((failed + 1))
      tail -n 30 "$log/test"
      echo "FAILED  $1 $(basename "$program")"
    fi
  done
  MOTE=build/mote CC="$2-gcc" RUNNER=$emulator EVERY=$every tools/conformance.sh "build-$1" >"$log/cases" 2>&1
  grep -a '^FAIL' "$log/cases" | head -n 20
  result=$(tail -n 1 "$log/cases")
  p=$(echo "$result" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
  f=$(echo "$result" | sed -n 's/.*, \([0-9]*\) failed.*/\1/p')
  passed=$((passed + ${p:-0}))
  failed=$((failed + ${f:-1}))
  echo "$1: recorded cases: $result"
}

one aarch64 aarch64-linux-gnu aarch64
one armv7 arm-linux-gnueabihf arm
one riscv64 riscv64-linux-gnu riscv64
one i686 i686-linux-gnu i386
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
