#!/bin/sh
# Every public header compiles alone, twice over, as C11 and as C++17, without a warning.
#
#   headers.sh SOURCE_TREE CC CXX
set -eu
tree=$1
cc=$2
cxx=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

compile() { # compile HEADER COMPILER...
  header=$1
  shift
  if ! "$@" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$tree/include" -I"$tree/bindings/tflite_c/include" \
    2>"$work/said"; then
    cat "$work/said"
    echo "FAILED  $header with $*"
    failed=1
  fi
}

count=0
for header in $(cd "$tree/include" && find mote -name '*.h') \
  $(cd "$tree/bindings/tflite_c/include" && find tensorflow -name '*.h'); do
  printf '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' "$header" "$header" >"$work/one.c"
  cp "$work/one.c" "$work/one.cc"
  compile "$header" "$cc" -std=c11 "$work/one.c"
  if command -v "$cxx" >/dev/null; then compile "$header" "$cxx" -std=c++17 "$work/one.cc"
  else echo "left out: headers as C++, because there is no $cxx"; fi
  count=$((count + 1))
done
[ "$count" -ge 8 ] || { echo "only $count headers were found"; failed=1; }
echo "$count headers compile alone"
exit $failed
