#!/bin/sh
# What the libraries depend on, export and weigh.
#
#   libraries.sh SOURCE_TREE BUILD
set -eu
tree=$1
cd "$2"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  echo "FAILED  $1"
  failed=1
}

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
soname() { readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p'; }
exported() { nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }'; }

# The runtime links libc, libm, threads and the dynamic linker, nothing else.
for library in libmote-rt.so libtensorflowlite_c.so; do
  for name in $(needed "$library"); do
    case $name in
      libc.so.* | libm.so.* | libpthread.so.* | ld-linux*.so.*) ;;
      *) fail "$library needs $name" ;;
    esac
  done
done

# No library opens a network connection.
for library in libmote-rt.so libmote.so libtensorflowlite_c.so; do
  found=$(nm -D --undefined-only "$library" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
    grep -xE 'socket|socketpair|connect|bind|listen|accept4?|send(to|msg|mmsg)?|recv(from|msg|mmsg)?|getaddrinfo|gethostby.*|res_.*|system|popen|dlopen' || true)
  [ -z "$found" ] || fail "$library calls $found"
done

# All else is hidden.
for library in libmote-rt.so libmote.so; do
  strange=$(exported "$library" | grep -v '^mote_' || true)
  [ -z "$strange" ] || fail "$library exports $strange"
done
strange=$(exported libtensorflowlite_c.so | grep -v '^TfLite[A-Za-z0-9]*@@VERS_1\.0$' || true)
[ -z "$strange" ] || fail "libtensorflowlite_c.so exports $strange"
[ "$(soname libtensorflowlite_c.so)" = libtensorflowlite_c.so ] || fail "libtensorflowlite_c.so has another SONAME"

# Every function that a public header declares is there.
declared() { sed -n "s/.*$1[^(]*[ *]\($2[A-Za-z0-9_]*\)(.*/\1/p"; }
for name in $(cat "$tree"/include/mote/*.h | declared MOTE_API mote_); do
  exported libmote.so | grep -qx "$name" || fail "libmote.so lacks $name"
done
for name in $(cat "$tree"/include/mote/mote.h "$tree"/include/mote/op.h | declared MOTE_API mote_); do
  exported libmote-rt.so | grep -qx "$name" || fail "libmote-rt.so lacks $name"
done
headers=$tree/bindings/tflite_c/include/tensorflow/lite
# Long declarations go over lines: joined first.
functions=$(cat "$headers"/c/*.h "$headers"/delegates/xnnpack/*.h | tr '\n' ' ' |
  sed 's/TFL_CAPI_EXPORT/\n&/g' | declared TFL_CAPI_EXPORT TfLite)
[ "$(echo "$functions" | wc -l)" -gt 200 ] || fail "few functions were found in the headers of the C ABI"
for name in $functions; do
  exported libtensorflowlite_c.so | grep -q "^$name@@" || fail "libtensorflowlite_c.so lacks $name"
done
for name in tensorflowlite_jni tensorflowlite_c-linux; do
  [ "$(soname lib$name.so)" = libtensorflowlite_c.so ] || fail "lib$name.so is not the C ABI"
done
readelf -lW libtensorflowlite_c.so | grep LOAD | grep -vq '0x4000$' && fail "libtensorflowlite_c.so has pages under 16 KB"

# Sizes that README.md states, of what gcc makes: of all operators, of those of usual networks, of MobileNet's.
small() { # small LIBRARY KILOBYTES
  if readelf -p .comment "$1" | grep -q clang; then
    echo "$1: left out its size, which is stated for gcc"
    return
  fi
  strip -o "$work/stripped" "$1"
  size=$(wc -c <"$work/stripped")
  echo "$1, stripped: $size bytes"
  [ "$size" -lt $(($2 * 1000)) ] || fail "$1 is $size bytes, stripped; it must stay under $2 KB"
}
small libmote-rt.so 1000
small libmote-rt-common.so 400
small libmote-rt-mobilenet.so 250
exit $failed
