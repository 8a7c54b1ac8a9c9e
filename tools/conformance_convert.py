"""The comparisons of conformance-convert.sh. MOTE: the command; SHARED: the folder with convert/ and convert_layers/."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

MOTE = os.path.abspath(os.environ["MOTE"])
SHARED = os.path.abspath(os.environ["SHARED"])
TOLERANCE = 1e-4

# Official files that do not hold what their source does, with what they lack.
FAULTY = {"mlperf_ad_autoencoder/ad01.h5": "its official file lost the biases of nine Dense layers in front of batch normalization"}


def mote(*args, cwd):
    run = subprocess.run([MOTE, *args], capture_output=True, text=True, cwd=cwd, timeout=120, check=False)
    return run.returncode, run.stdout, run.stderr.strip().replace("\n", "; ")


def convert(source, work, *options):
    status, out, err = mote("convert", source, "-o", "net.tflite", "--json", *options, cwd=work)
    return (json.loads(out) if status == 0 else None), err


def layers(work):
    """Files with recorded answers: name, what was found, reason of failure."""
    folder = os.path.join(SHARED, "convert_layers")
    for name in sorted(os.listdir(folder)):
        for source in ("model.h5", "model.keras", "model_keras3.h5"):
            path = os.path.join(folder, name, source)
            if not os.path.exists(path):
                continue
            said, err = convert(path, work, "--check", os.path.join(folder, name, "io.npz"))
            found = said and f"{said['operators']:3d} operators, {said['check']['worst']:.1e} of the range"
            yield f"{name}/{source}", found, "" if said else err


def inputs_of(path, work):
    """Seeded inputs that the official file can hold: within the range of its quantization."""
    _, out, _ = mote("info", "--json", path, cwd=work)
    random = np.random.RandomState(1)
    said = json.loads(out)
    for i, x in enumerate(said["inputs"]):
        shape = [1 if d < 0 else d for d in x["shape"]]
        low, high = -1.0, 1.0
        if x["type"] == "int8":
            scale, zero = x["scale"], x["zero_point"]
            low, high = scale * (-128 - zero), scale * (127 - zero)
            values = (random.randint(-128, 128, shape) - zero) * scale
        else:
            values = random.uniform(low, high, shape)
        np.save(os.path.join(work, f"in_{i}.npy"), values.astype(np.float32))
    quantized = any(x["type"] == "int8" for x in said["inputs"] + said["outputs"])
    return said, quantized or any(o["name"] in ("QUANTIZE", "DEQUANTIZE") for o in said["operators"])


def run(path, count, work):
    args = [w for i in range(count) for w in ("--input", f"{i}=in_{i}.npy")]
    status, _, err = mote("run", path, "--float", *args, cwd=work)
    if status:
        return None, err
    outputs = []
    while os.path.exists(os.path.join(work, f"output_{len(outputs)}.npy")):
        name = os.path.join(work, f"output_{len(outputs)}.npy")
        outputs.append(np.load(name).astype(np.float64))
        os.remove(name)
    return outputs, ""


def compare(ours, theirs, quantized):
    """What was found, and why it is wrong."""
    if [a.shape for a in ours] != [b.shape for b in theirs]:
        return "", f"shapes {[a.shape for a in ours]} instead of {[b.shape for b in theirs]}"
    if quantized:
        noise = sum(float(((a - b) ** 2).sum()) for a, b in zip(ours, theirs))
        signal = sum(float((b ** 2).sum()) for b in theirs)
        ratio = 10 * np.log10(signal / noise) if noise else 99.0
        same = all(a.argmax() == b.argmax() for a, b in zip(ours, theirs))
        found = f"{ratio:.0f} dB, largest output {'the same' if same else 'another'} (quantized)"
        return found, "" if ratio > 15 or same else "too far from the quantized file"
    worst = max(float(np.abs(a - b).max() / max(b.max() - b.min(), 1e-9)) for a, b in zip(ours, theirs))
    return f"{worst:.1e} of the range", "" if worst < TOLERANCE else "another answer"


def network(source, official, work):
    theirs_said, quantized = inputs_of(official, work)
    said, err = convert(source, work)
    if not said:
        return None, err
    count = len(theirs_said["inputs"])
    theirs, err = run(official, count, work)
    if theirs is None:
        return "converted; the official file does not run: " + err[:120], ""
    ours, err = run("net.tflite", count, work)
    if ours is None:
        return None, err
    found, wrong = compare(ours, theirs, quantized)
    theirs_count = sum(o["count"] for o in theirs_said["operators"])
    found += f", {said['operators']} operators ({theirs_count}), {said['bytes']} bytes ({theirs_said['bytes']})"
    if not wrong and not quantized and said["operators"] > theirs_count:
        wrong = "more operators than the official file"
    if not wrong and not quantized and said["bytes"] > 1.02 * theirs_said["bytes"] + 1024:
        wrong = "larger than the official file"
    return found, wrong


def networks(work):
    folder = os.path.join(SHARED, "convert")
    for name in sorted(os.listdir(folder)):
        here = os.path.join(folder, name)
        official = os.path.join(here, "official.tflite")
        for source in sorted(os.listdir(here)) if os.path.exists(official) else []:
            if source.endswith((".h5", ".hdf5", ".keras")):
                found, wrong = network(os.path.join(here, source), official, work)
                yield f"{name}/{source}", found, wrong if found is None or wrong else ""


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for kind in (layers, networks):
            for name, found, wrong in kind(work):
                if wrong and name in FAULTY:
                    print(f"left out: {name}, because {FAULTY[name]} ({found})")
                    continue
                passed, failed = passed + (not wrong), failed + bool(wrong)
                print(f"{'FAILED' if wrong else 'passed'}  {name:52s} {found or ''}{': ' if found and wrong else ''}{wrong}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
