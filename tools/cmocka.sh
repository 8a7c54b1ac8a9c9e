#!/bin/sh
# cmocka.sh COMPILER FOLDER: makes the test framework for another machine from Debian's source package, which Debian does
# not offer ready-made for all of them: FOLDER/libcmocka.a, cmocka.h and cmocka.pc. Does nothing when they are there.
set -eu
compiler=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
[ ! -f "$folder/libcmocka.a" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/lists" "$work/parts"
: >"$work/sources.list"
for file in /etc/apt/sources.list.d/*.sources; do
  [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/parts/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ ! -f "$file" ] || sed -n 's/^deb /deb-src /p' "$file" >>"$work/sources.list"
done
apt="apt-get -qq -o Dir::Etc::sourcelist=$work/sources.list -o Dir::Etc::sourceparts=$work/parts
  -o Dir::State::lists=$work/lists"
cd "$work"
# shellcheck disable=SC2086
$apt update
# shellcheck disable=SC2086
$apt source --download-only cmocka 2>/dev/null
rm -f cmocka_*.asc
tar -xf cmocka_*.orig.tar.*
cd cmocka-*/
cat >config.h <<'C'
#define HAVE_INTTYPES_H 1
#define HAVE_STDINT_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRINGS_H 1
#define HAVE_STRING_H 1
#define HAVE_TIME_H 1
#define HAVE_UNISTD_H 1
#define HAVE_SETJMP_H 1
#define HAVE_SIGNAL_H 1
#define HAVE_STRSIGNAL 1
#define HAVE_CLOCK_GETTIME 1
#define HAVE_STRUCT_TIMESPEC 1
#define HAVE_GCC_THREAD_LOCAL_STORAGE 1
C
"$compiler" -O1 -w -fPIC -DHAVE_CONFIG_H -D_GNU_SOURCE -I. -Iinclude -c src/cmocka.c -o cmocka.o
rm -f "$folder/libcmocka.a"
ar rcs "$folder/libcmocka.a" cmocka.o
cp include/cmocka.h "$folder/"
printf 'Name: cmocka\nDescription: tests\nVersion: 1\nLibs: -L%s -lcmocka\nCflags: -I%s\n' "$folder" "$folder" >"$folder/cmocka.pc"
