#!/bin/sh
# bench.sh BUILD [MODEL...]: the speed of kernels against plain loops and the machine's peak, then that of whole networks
# on one thread and on all. Without models: the digit reader and, when MOTE_SHARED is there, MobileNet v2 and ResNet-50
# with random weights. Shares are of the peak measured in the same process, so they hold on a machine that is busy.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
shared=${MOTE_SHARED:-../shared}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --build "$build" --target bench_kernels bench_convolution bench_operators >/dev/null
status=0
for program in bench_kernels bench_convolution bench_operators; do
  find "$build" -name "$program" -type f -perm -u+x -exec {} \; || status=1
done

if [ $# = 0 ]; then
  set -- examples/digits/digits.tflite
  if python3 -c 'import numpy, flatbuffers' 2>/dev/null && [ -f "$shared/tools/netgen.py" ]; then
    for network in mobilenet_v2:f32 mobilenet_v2:s8 resnet50:f32 resnet50:s8; do
      model=$work/$(echo "$network" | tr : .).tflite
      python3 "$shared/tools/netgen.py" "${network%:*}" --type "${network#*:}" -o "$model" >/dev/null
      set -- "$@" "$model"
    done
  else
    echo "left out: well-known networks, because $shared, python3-numpy or python3-flatbuffers is not there"
  fi
fi

echo
printf '%-24s %8s %10s %10s %8s %8s\n' network threads "median ms" "best ms" "of peak" "start ms"
for model in "$@"; do
  for threads in 1 -1; do
    "$build/mote" bench "$model" --threads $threads --runs 30 --json | tr ',{}' '\n\n\n' |
      awk -F : -v name="$(basename "$model" .tflite)" '{ gsub(/"/, "", $1); v[$1] = $2 }
        END { printf "%-24s %8d %10.2f %10.2f %6.0f %% %8.2f\n", name, v["threads"], v["median_ms"], v["min_ms"],
              100 * v["peak_fraction"], v["start_ms"] }'
  done
done
exit $status
