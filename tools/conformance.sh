#!/bin/sh
# conformance.sh BUILD [replay options]: the recorded cases of TensorFlow Lite's kernels whose operators and types this
# build has, on libtensorflowlite_c.so; a table by file, then "N passed, N failed". Says what it leaves out.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
shared=${MOTE_SHARED:-../shared}
if [ ! -f "$shared/vectors/CASES.tsv" ]; then
  echo "left out: the recorded cases, because $shared/vectors is not there"
  echo "0 passed, 0 failed"
  exit 0
fi
cc=${CC:-cc}
runner=${RUNNER:-}
library=$build/libtensorflowlite_c.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
$cc -O1 -w -o "$work/replay" "$shared/vectors/replay.c" -ldl -lm

# Which cases count: every operator is one of this build ('mote ops'), and every type is in the list below.
"${MOTE:-$build/mote}" ops | cut -d ' ' -f 1 >"$work/have.ops"
awk -F '\t' -v every="${EVERY:-1}" '
FILENAME ~ /have.ops$/ { have[$1] = 1; next }
FNR == 1 { next }
$1 ~ /^models\// || $1 ~ /^information\// { next }
{
  good = 1
  n = split($4, op, ",")
  for (i = 1; i <= n; i++) { sub(/^ *custom /, "", op[i]); if (op[i] != "" && !(op[i] in have)) good = 0 }
  n = split($5, type, ",")
  for (i = 1; i <= n; i++)
    if (type[i] !~ /^(float32|int8|uint8|int16|int32|int64|bool|resource)?$/) good = 0
  total++
  if (good && ++taken % every == 0) print $2
}
END { printf "%d of %d recorded cases have operators and types of this build; every %s is run\n", taken, total,
      every == 1 ? "one" : every "th" > "/dev/stderr" }' "$work/have.ops" "$shared/vectors/CASES.tsv" >"$work/names"
# shellcheck disable=SC2086
$runner "$work/replay" "$@" --names "$work/names" "$library" "$shared"/vectors/*.mvec "$shared"/vectors/random/*.mvec
