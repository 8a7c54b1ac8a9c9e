#!/usr/bin/env python3
"""bench-compress.py MOTE: makes networks smaller in every way there is, and writes bench/COMPRESS.md: what each takes, and
what it costs. Networks and data are read from MOTE_SHARED (default ../shared); what is not there is left out, and said so.

With labels the share of right answers is told, on all samples of the data set (the first four fifths of which made the
network smaller); without, how near the outputs are to those of the float network."""
import json
import os
import subprocess
import sys
import tarfile
import tempfile

SHARED = os.environ.get("MOTE_SHARED", "../shared")
MNIST = ["--data", f"{SHARED}/datasets/mnist_t10k-images-idx3-ubyte.gz"]
MNIST_LABELS = ["--labels-from", f"{SHARED}/datasets/mnist_t10k-labels-idx1-ubyte.gz"]

# name, source, options that name the data, options that name the labels
NETWORKS = [
    ("digit reader, MNIST", "examples/digits/digits.tflite", MNIST, MNIST_LABELS),
    ("LSTM, MNIST", f"{SHARED}/models/mnist_lstm_float.tflite", MNIST + ["--mean", "0", "--std", "255"], MNIST_LABELS),
    ("keyword network, kws01", f"{SHARED}/convert/mlperf_kws_dscnn/saved_model",
     ["--data", f"{SHARED}/datasets/mlperf_tiny_kws01.tar", "--raw", "int8,0.58470291,83"],
     ["--labels-from", f"{SHARED}/datasets/mlperf_tiny_kws01_y_labels.csv"]),
    ("hand keypoints", f"{SHARED}/convert/hand_keypoint_classifier/keypoint_classifier.hdf5",
     ["--data", f"{SHARED}/datasets/hand_keypoint.csv", "--label-column", "0"], []),
    ("MobileNet v1 0.25, pictures of meters", f"{SHARED}/models/mobilenet_v1_0.25_224_float.tflite",
     ["--data", f"{SHARED}/datasets/meter_digits.tar"], None),
]

# name, steps: each a command and its options
WAYS = [(kind, [["quantize", "--kind", kind]]) for kind in ("float16", "dynamic", "int8", "int16x8", "int4")]
WAYS += [(f"pruned {share} %", [["prune", "--sparsity", str(share / 100)]]) for share in (50, 70, 90)]
WAYS += [(f"{n} clusters", [["cluster", "--clusters", str(n)]]) for n in (16, 32)]
WAYS += [("pruned 50 %, int8", [["prune", "--sparsity", "0.5"], ["quantize", "--kind", "int8"]]),
         ("pruned 50 %, 32 clusters, int8",
          [["prune", "--sparsity", "0.5"], ["cluster", "--clusters", "32"], ["quantize", "--kind", "int8"]])]


def run(*args):
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def kilobytes(size):
    return f"{size / 1000:.1f}" if size else "-"


def row(mote, whole, small, way, data, labels):
    """A line of the table: what `small` takes, beside the network it was made from."""
    said = json.loads(run(mote, "compare", whole, small, *data, *(labels or []), "--json"))
    size = said["b"]["size"]
    right = "-" if said["accuracy_b"] is None else f"{100 * said['accuracy_b']:.2f}"
    near = "-" if said["outputs"][0]["sqnr"] is None else f"{said['outputs'][0]['sqnr']:.1f}"
    same = "-" if said["top1"] is None else f"{100 * said['top1']:.1f}"
    faster = f"{said['a']['ms'] / said['b']['ms']:.2f}"
    return f"| {way} | {kilobytes(size['bytes'])} | {kilobytes(size['zipped'])} | {right} | {same} | {near} | {faster} |"


def table(mote, name, source, data, labels, work):
    whole = os.path.join(work, "whole.tflite")
    run(mote, "convert", source, "-o", whole, "--quiet")
    lines = [f"\n## {name}\n", "| way | kB | zipped | right % | same answer % | SQNR dB | times as fast |",
             "|---|---|---|---|---|---|---|", row(mote, whole, whole, "float", data, labels)]
    for way, steps in WAYS:
        at = whole
        for number, step in enumerate(steps):
            to = os.path.join(work, f"step{number}.tflite")
            run(mote, step[0], at, "-o", to, *step[1:], *data, "--quiet", "--shuffle", "1")
            at = to
        lines.append(row(mote, whole, at, way, data, labels))
        print(lines[-1], flush=True)
    return "\n".join(lines)


def some_of(data, work, most=200):
    """The first files of an archive, as a folder: pictures take their time."""
    folder = os.path.join(work, "pictures")
    with tarfile.open(data[1]) as archive:
        files = sorted((f for f in archive.getmembers() if f.isfile()), key=lambda f: f.name)
        for f in files[::max(1, len(files) // most)][:most]:
            f.name = os.path.basename(f.name)
            archive.extract(f, folder)
    return ["--data", folder]


def main():
    mote = os.path.abspath(sys.argv[1])
    parts = ["# Networks made smaller\n\nMade by `make bench-compress`. Sizes in thousands of bytes; speed against the float "
             "network in the same run, one thread."]
    with tempfile.TemporaryDirectory() as work:
        for name, source, data, labels in NETWORKS:
            if os.path.exists(source) and os.path.exists(data[1]):
                print(name, flush=True)
                data = some_of(data, work) if labels is None else data
                parts.append(table(mote, name, source, data, labels, work))
            else:
                print(f"left out: {name}, because {source} or its data is not there")
    with open("bench/COMPRESS.md", "w", encoding="utf-8") as f:
        f.write("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
