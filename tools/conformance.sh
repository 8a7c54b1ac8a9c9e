#!/bin/sh
# conformance.sh BUILD [replay options]: the recorded cases of TensorFlow Lite's kernels on libtensorflowlite_c.so: all
# whose operators this build has (EVERY=N: each Nth), and whole models. Prints what fails, a table by operator, and "N
# passed, N failed"; says what is left out, and for want of what. A whole run keeps its table as BUILD/conformance.tsv.
# RUNNER: an emulator for BUILD's programs; MOTE: the command to ask for operators when BUILD's own cannot run here.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
shared=${MOTE_SHARED:-../shared}
vectors=$shared/vectors
if [ ! -f "$vectors/CASES.tsv" ]; then
  echo "left out: the recorded cases, because $vectors is not there"
  echo "0 passed, 0 failed"
  exit 0
fi
mote=${MOTE:-$build/mote}
if [ ! -x "$mote" ]; then
  echo "FAIL: $mote is not there; it tells which operators there are (make builds it)"
  echo "0 passed, 1 failed"
  exit 1
fi
every=${EVERY:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
${CC:-cc} ${CFLAGS:-} -O1 -w -o "$work/replay" "$vectors/replay.c" -ldl -lm

# All cases, as "name, expected, operators": those of one operator or a few stand in CASES.tsv (information/ is none of
# them: there the reference is at fault); those of whole models are named "file:NAME.tflite ..." in models/*.mvec, and of
# their operators only those count that this build lacks.
awk -F '\t' 'NR > 1 && !/^information\// { gsub(/custom /, "", $4); gsub(/, +/, ",", $4); print $2 "\t" $3 "\t" $4 }' \
  "$vectors/CASES.tsv" >"$work/all"
LC_ALL=C grep -aohE 'file:[A-Za-z0-9_.]+\.tflite[ -~]*' "$vectors"/models/*.mvec | while read -r name; do
  file=${name#file:}
  lacks=$("$mote" ops --used-by "$shared/models/${file%% *}" 2>&1 >/dev/null |
    sed -n 's/^mote: \(.*\) is used and not.*/,\1/p' | tr -d '\n')
  printf '%s\t0\t%s\n' "$name" "whole models$lacks"
done >>"$work/all"

# Cases that no implementation can follow, each with the reason.
cut -f 1 tests/conformance.leftout >"$work/faulty"
awk -F '\t' 'NR == FNR { faulty[$1] = 1; next } !($1 in faulty)' "$work/faulty" "$work/all" >"$work/followed"
awk -F '\t' '{ n[$2]++ } END { for (why in n) printf "left out: %d recorded cases, because %s\n", n[why], why }' \
  tests/conformance.leftout

# An operator that stands only in cases to be refused is none of the format: refusing it is the answer.
"$mote" ops | cut -d ' ' -f 1 >"$work/have"
echo "whole models" >>"$work/have"
awk -F '\t' -v every="$every" -v chosen="$work/chosen" '
FILENAME ~ /have$/ { have[$1] = 1; next }
{ n = split($3, op, ","); line[++total] = $0 }
$2 == 0 { for (i = 1; i <= n; i++) real[op[i]] = 1 }
END {
  for (c = 1; c <= total; c++) {
    split(line[c], field, "\t")
    lacks = ""
    n = split(field[3], op, ",")
    for (i = 1; i <= n; i++) if (op[i] in real && !(op[i] in have)) lacks = op[i]
    if (lacks != "") { missing[lacks]++; left++ }
    else if (++taken % every == 0) print line[c] > chosen
  }
  if (left) printf "left out: %d recorded cases, because this build lacks their operators:", left
  for (m in missing) printf " %s (%d)", m, missing[m]
  if (left) print ""
  printf "%d of %d recorded cases have the operators of this build; every %s is run\n", taken, total,
    every == 1 ? "one" : every "th"
}' "$work/have" "$work/followed"
cut -f 1 "$work/chosen" >"$work/names"

# shellcheck disable=SC2086
${RUNNER:-} "$work/replay" --list "$@" --names "$work/names" "$build/libtensorflowlite_c.so" "$vectors"/*.mvec \
  "$vectors"/random/*.mvec "$vectors"/models/*.mvec >"$work/said" || true
grep -a '^FAIL' "$work/said" || true

# What was said, by operator. A line that fails is "FAIL  NAME: WHY", and names may hold ": " too.
LC_ALL=C awk -F '\t' '
NR == FNR { expect[$1] = $2; ops[$1] = $3; next }
!/^(ok  |FAIL)  / { next }
{
  good = /^ok/
  name = substr($0, 7)
  for (cut = length(name); !good && !(name in expect) && cut > 0; cut--)
    if (substr($0, 7 + cut, 2) == ": ") name = substr($0, 7, cut)
  n = split(ops[name], op, ",")
  if (n == 0) op[n = 1] = "(none)"
  for (i = 1; i <= n; i++) {
    if (!good) failed[op[i]]++
    else if (expect[name] > 0) refused[op[i]]++
    else passed[op[i]]++
    seen[op[i]] = 1
  }
}
END { for (o in seen) printf "%s\t%d\t%d\t%d\n", o, passed[o], refused[o], failed[o] }
' "$work/chosen" "$work/said" | LC_ALL=C sort >"$work/table"
printf '%-36s %8s %8s %8s\n' operator computed refused failed
awk -F '\t' '{ printf "%-36s %8d %8d %8d\n", $1, $2, $3, $4 }' "$work/table"
[ "$every" != 1 ] || [ $# != 0 ] || cp "$work/table" "$build/conformance.tsv"
tail -n 2 "$work/said"
case $(tail -n 1 "$work/said") in *", 0 failed") exit 0 ;; *) exit 1 ;; esac
