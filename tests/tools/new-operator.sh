#!/bin/sh
# What tools/new-operator writes: three pieces, no more; they compile without a warning, are formatted, and the new
# operator refuses what it is given.
#
#   new-operator.sh SOURCE_TREE CC OBJECT...     OBJECT: what an operator's test is linked from
set -eu

tree=$1
cc=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "new-operator: $1" >&2
  exit 1
}

mkdir -p "$work/src/operators" "$work/src/schema"
cp "$tree/src/operators/list.def" "$work/src/operators/"
cp "$tree/src/schema/schema.def" "$work/src/schema/"

# An operator of the format that this tree does not have, and one of the caller's own.
name=
for candidate in floor_mod lsh_projection skip_gram bucketize; do
  grep -qx "OP($candidate)" "$work/src/operators/list.def" || name=$candidate
done
[ "$name" ] || name=my_identity custom=--custom

before=$(cat "$work/src/operators/list.def")
pieces=$("$tree/tools/new-operator" --root "$work" --dry-run ${custom:-} "$name" | wc -l)
[ "$pieces" -eq 3 ] || fail "an operator takes $pieces pieces; it must take 3"
[ "$before" = "$(cat "$work/src/operators/list.def")" ] || fail "--dry-run changed list.def"
[ "$(find "$work" -type f | wc -l)" -eq 2 ] || fail "--dry-run wrote a file"

"$tree/tools/new-operator" --root "$work" ${custom:-} "$name" >"$work/said"
"$tree/tools/new-operator" --root "$work" --custom Own:Thing >>"$work/said"
! "$tree/tools/new-operator" --root "$work" ${custom:-} "$name" 2>/dev/null || fail "it wrote the same operator twice"
! "$tree/tools/new-operator" --root "$work" no_such_operator 2>/dev/null || fail "it took a name that the format lacks"
grep '^OP(' "$work/src/operators/list.def" | LC_ALL=C sort -c || fail "list.def is not in order"

flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wmissing-prototypes"
for written in "$name" own_thing; do
  $cc $flags -I"$tree/include" -I"$tree/src" -I"$tree/tests" "$work/src/operators/$written.c" \
    "$work/tests/operators/$written.c" "$@" -lcmocka -lpthread -lm -o "$work/test"
  "$work/test" >"$work/log" 2>&1 || { cat "$work/log"; fail "the test that it wrote for $written fails"; }
done

if command -v clang-format >/dev/null; then
  cp "$tree/.clang-format" "$work/"
  find "$work/src" "$work/tests" -name '*.c' -exec clang-format --dry-run -Werror {} +
fi
echo "new-operator: what it writes compiles and refuses"
