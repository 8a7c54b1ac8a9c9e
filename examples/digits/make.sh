#!/bin/sh
# make.sh: makes digits.tflite and seven.png again, from nothing but the sources in this folder. Arguments go to
# digits_train: --seed N, --steps N, --check IMAGES LABELS. BUILD names the build folder (default: build).
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
here=examples/digits
cmake -S . -B "$build" >/dev/null
cmake --build "$build" --target digits_train digits_pack digits_seven

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/digits_train" "$@" >"$work/digits.json"
"$build/digits_pack" "$work/digits.json" "$here/digits.tflite"
"$build/digits_seven" >"$work/seven.png"
cp "$work/seven.png" "$here/seven.png"
ls -l "$here/digits.tflite" "$here/seven.png"
