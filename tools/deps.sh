#!/bin/sh
# deps.sh LEVEL: installs what a Debian machine lacks. LEVEL is
#   build   compiler, CMake and the libraries of the command
#   check   and what the tests need: cmocka, clang with its sanitizers and fuzzer, clang-format
#   ci      and a browser for pages, cross compilers with emulators for aarch64, armv7, riscv64 and 32-bit x86
# Says what is missing before it installs it; does nothing, and needs no network, when all is there.
set -eu

level=${1:-build}
build="gcc g++ libc6-dev make cmake pkg-config libjansson-dev libjpeg-dev libpng-dev libzip-dev zlib1g-dev
libprotobuf-c-dev protobuf-c-compiler libhdf5-dev"
check="libcmocka-dev clang libclang-rt-dev clang-format xz-utils python3 python3-numpy python3-h5py"
ci="chromium gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-riscv64-linux-gnu
libc6-dev-riscv64-cross gcc-i686-linux-gnu libc6-dev-i386-cross libc6-i386 qemu-user-static"

case $level in
  build) wanted=$build ;;
  check) wanted="$build $check" ;;
  ci) wanted="$build $check $ci" ;;
  *) echo "deps.sh: unknown level '$level'; build, check or ci" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "deps.sh: this is no Debian machine; mote needs: $wanted" | tr '\n' ' '
  echo
  exit 0
fi

missing=
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "deps.sh: run as root: apt-get install$missing" >&2; exit 1; }
  as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
