#!/bin/sh
# demo.sh BUILD: reads the bundled picture of a digit, and a real photo when MOTE_SHARED is there.
set -eu
cd "$(dirname "$0")/.."
build=$1
shared=${MOTE_SHARED:-../shared}
echo "reading examples/digits/seven.png with examples/digits/digits.tflite"
"$build/mote" classify examples/digits/digits.tflite examples/digits/seven.png --labels examples/digits/labels.txt --top 3
if [ -f "$shared/models/mobilenet_v1_0.25_224_float.tflite" ] && [ -f "$shared/images/cat.bmp" ]; then
  echo
  echo "classifying a photo with MobileNet"
  "$build/mote" classify "$shared/models/mobilenet_v1_0.25_224_float.tflite" "$shared/images/cat.bmp" \
    --labels "$shared/labels/imagenet_1001.txt" --top 3
else
  echo
  echo "left out: a real photo with MobileNet, because $shared is not there"
fi
echo
echo "next: $build/mote --help"
