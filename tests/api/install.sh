#!/bin/sh
# What is installed can be used: the program of README.md, as it stands there, compiled against an installed tree through
# pkg-config and through a CMake project of its own, reads the bundled picture; the runtime alone serves who wants no more.
#
#   install.sh SOURCE_TREE BUILD CC
set -eu
tree=$1
build=$2
cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=$tree/examples/digits/digits.tflite
picture=$tree/examples/digits/seven.png

fail() {
  echo "FAILED  $1"
  exit 1
}

expect_seven() { # expect_seven NAME COMMAND...
  name=$1
  shift
  "$@" "$model" "$picture" >"$work/said" || { cat "$work/said"; fail "$name does not run"; }
  grep -q ': class 7, score 0\.9\|: class 7, score 1\.0' "$work/said" || { cat "$work/said"; fail "$name sees no seven"; }
  echo "ok      $name"
}

cmake --install "$build" --prefix "$work/root" >"$work/log" || { cat "$work/log"; fail "cmake --install"; }
for file in bin/mote include/mote/mote.h include/mote/op.h include/tensorflow/lite/c/c_api.h share/man/man1/mote.1 \
  share/man/man1/mote-run.1 share/bash-completion/completions/mote; do
  [ -s "$work/root/$file" ] || fail "$file was not installed"
done

# The program of the README.
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$tree/README.md" >"$work/label.c"
lines=$(wc -l <"$work/label.c")
[ "$lines" -gt 10 ] && [ "$lines" -le 40 ] || fail "the program in README.md has $lines lines; at most 40 are allowed"
PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name mote.pc)")
LD_LIBRARY_PATH=$(dirname "$(find "$work/root" -name libmote.so)")
export PKG_CONFIG_PATH LD_LIBRARY_PATH
# shellcheck disable=SC2046
$cc -std=c11 -Wall -Wextra -Wpedantic -Werror "$work/label.c" $(pkg-config --cflags --libs mote) -o "$work/label"
expect_seven "the program of README.md, through pkg-config" "$work/label"

# The C ABI, by the paths and the name of LiteRT's and Android's programs.
cat >"$work/abi.c" <<'C'
#include "tflite/builtin_ops.h"
#include "tflite/c/c_api_experimental.h"
#include "tflite/core/c/c_api_opaque.h"
#include "tflite/delegates/xnnpack/xnnpack_delegate.h"
int main(void) { return TfLiteSchemaVersion() == 3 && TfLiteInterpreterGetVariableTensorCount(NULL) == 0 ? 0 : 1; }
C
$cc -std=c11 -Wall -Wextra -Werror "$work/abi.c" -I"$work/root/include" -L"$LD_LIBRARY_PATH" -ltensorflowlite_jni \
  -o "$work/abi" && "$work/abi" || fail "the C ABI by its other names"
echo "ok      the C ABI by its other names"

# A project of its own.
mkdir "$work/consumer"
cp "$work/label.c" "$work/consumer/"
cat >"$work/consumer/info.c" <<'C'
#include <mote/mote.h>
#include <stdio.h>
int main(int argc, char **argv) {
  mote_error e;
  mote_model *m = argc > 1 ? mote_model_open(argv[1], NULL, &e) : NULL;
  printf("%s: %d signature\n", mote_version(), m ? (int)mote_model_signature_count(m) : -1);
  mote_model_free(m);
  return !m;
}
C
cat >"$work/consumer/CMakeLists.txt" <<'C'
cmake_minimum_required(VERSION 3.18)
project(consumer C)
find_package(mote REQUIRED)
add_executable(label label.c)
target_link_libraries(label mote::mote)
add_executable(info info.c)
target_link_libraries(info mote::mote-rt)
C
unset LD_LIBRARY_PATH
if ! { cmake -S "$work/consumer" -B "$work/consumer/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$work/root" &&
  cmake --build "$work/consumer/build"; } >"$work/log" 2>&1; then
  cat "$work/log"
  fail "a CMake project that uses find_package(mote)"
fi
expect_seven "the program of README.md, through CMake" "$work/consumer/build/label"
"$work/consumer/build/info" "$model" | grep -q ': 1 signature' || fail "a program that links the runtime alone"
echo "ok      a program that links the runtime alone"
