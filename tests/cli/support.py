"""What the tests of the command share: running it, small files of every kind, networks written as JSON.

Needs nothing but Python's own library. The environment names the programs: MOTE (the command) and PACK (from JSON to
.tflite). Every test works in a folder of its own, which goes when it ends.
"""
import ast
import base64
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOTE = os.path.abspath(os.environ.get("MOTE", os.path.join(ROOT, "build", "mote")))
PACK = os.path.abspath(os.environ.get("PACK", os.path.join(ROOT, "build", "digits_pack")))
SHARED = os.path.abspath(os.environ.get("MOTE_SHARED", os.path.join(ROOT, "..", "shared")))
DIGITS = os.path.join(ROOT, "examples", "digits", "digits.tflite")
SEVEN = os.path.join(ROOT, "examples", "digits", "seven.png")
DIGIT_LABELS = os.path.join(ROOT, "examples", "digits", "labels.txt")
SANITIZED = bool(os.environ.get("SANITIZED"))


def mote(*args, stdin=b"", cwd=None):
    """Runs the command; gives exit status, output and errors."""
    run = subprocess.run([MOTE, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                         timeout=120, check=False)
    return run.returncode, run.stdout.decode("utf-8", "replace"), run.stderr.decode("utf-8", "replace")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mote-cli-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def succeeds(self, *args, stdin=b"", notes=None):
        """Exit status 0 and, unless notes are expected, nothing on stderr; gives the output."""
        status, out, err = mote(*args, stdin=stdin, cwd=self.folder)
        self.assertEqual(status, 0, f"mote {' '.join(args)}: {err}")
        if notes is None:
            self.assertEqual(err, "", f"mote {' '.join(args)} says on stderr: {err}")
        else:
            self.assertIn(notes, err)
        return out

    def json(self, *args, stdin=b"", notes=None):
        out = self.succeeds(*args, "--json", stdin=stdin, notes=notes)
        self.assertEqual(out.count("\n"), 1, "JSON is one line")
        return json.loads(out)

    def fails(self, status, args, *phrases, stdin=b"", output=""):
        """This exit status, and one sentence on stderr that begins with "mote: " and holds every phrase."""
        got, out, err = mote(*args, stdin=stdin, cwd=self.folder)
        what = f"mote {' '.join(args)}: status {got}, stdout {out!r}, stderr {err!r}"
        self.assertEqual(got, status, what)
        self.assertTrue(err.startswith("mote: "), what)
        self.assertEqual(err.count("\n"), 1, f"more than one line: {what}")
        self.assertTrue(err.endswith("\n"), what)
        self.assertEqual(out, output, what)
        for phrase in phrases:
            self.assertIn(phrase, err, what)

    def needs_shared(self, *names):
        """The paths of shared files; leaves the test out when one is not there."""
        paths = [os.path.join(SHARED, *name.split("/")) for name in names]
        for path in paths:
            if not os.path.exists(path):
                print(f"\nleft out: {self.id().split('.', 1)[1]}, because {path} is not there", flush=True)
                self.skipTest(f"{path} is not there")
        return paths

    def net(self, name, network):
        """Writes a network (a Net, or its JSON) as a .tflite file; gives its path."""
        source = self.file(name + ".json", json.dumps(network.model if isinstance(network, Net) else network))
        run = subprocess.run([PACK, source, self.path(name)], stderr=subprocess.PIPE, check=False)
        self.assertEqual(run.returncode, 0, run.stderr.decode())
        return self.path(name)


class Net:
    """A network in the JSON form of the format, built call by call."""

    def __init__(self, description=""):
        self.model = {"version": 3, "operator_codes": [], "subgraphs": [], "description": description,
                      "buffers": [{}], "signature_defs": [], "metadata": []}
        self.subgraph()

    def subgraph(self):
        self.graph = {"tensors": [], "inputs": [], "outputs": [], "operators": []}
        self.model["subgraphs"].append(self.graph)

    def tensor(self, name, kind, shape, scale=None, zero_point=0, signature=None, data=None):
        t = {"shape": shape, "type": kind, "name": name}
        if signature:
            t["shape_signature"] = signature
        if scale is not None:
            t["quantization"] = {"scale": [scale], "zero_point": [zero_point]}
        if data is not None:
            t["buffer"] = len(self.model["buffers"])
            self.model["buffers"].append({"data": base64.b64encode(data).decode()})
        self.graph["tensors"].append(t)
        return len(self.graph["tensors"]) - 1

    def op(self, name, inputs, outputs, options=None, custom=None, version=1):
        code = {"builtin_code": name, "version": version}
        if custom:
            code["custom_code"] = custom
        op = {"opcode_index": len(self.model["operator_codes"]), "inputs": inputs, "outputs": outputs}
        if options:
            op["builtin_options_type"], op["builtin_options"] = options
        self.model["operator_codes"].append(code)
        self.graph["operators"].append(op)

    def ends(self, inputs, outputs):
        self.graph["inputs"], self.graph["outputs"] = inputs, outputs

    def signature(self, key, inputs, outputs):
        def names(pairs):
            return [{"name": name, "tensor_index": tensor} for name, tensor in pairs.items()]
        self.model["signature_defs"].append({"signature_key": key, "inputs": names(inputs), "outputs": names(outputs),
                                             "subgraph_index": len(self.model["subgraphs"]) - 1})


def adder(kind="FLOAT32", shape=(1, 3), names=("x", "y"), scale=None, zero_point=0, signature=None):
    """y = x + x."""
    n = Net("doubles its input")
    x = n.tensor(names[0], kind, list(shape), scale, zero_point, signature)
    y = n.tensor(names[1], kind, list(shape), scale and 2 * scale, zero_point, signature)
    n.op("ADD", [x, x], [y], ("AddOptions", {}))
    n.ends([x], [y])
    return n


def scorer(width, height, channels, kind="FLOAT32", scale=None, zero_point=0):
    """Softmax over the pixels' sums of each channel: a classifier of as many classes as there are channels."""
    n = Net("finds the strongest channel")
    x = n.tensor("image", kind, [1, height, width, channels], scale, zero_point)
    axes = n.tensor("axes", "INT32", [2], data=struct.pack("<2i", 1, 2))
    mean = n.tensor("mean", kind, [1, channels], scale, zero_point)
    y = n.tensor("probability", kind, [1, channels], scale and 1 / 256, -128 if kind == "INT8" else 0)
    n.op("MEAN", [x, axes], [mean], ("ReducerOptions", {}))
    n.op("SOFTMAX", [mean], [y], ("SoftmaxOptions", {"beta": 1.0}))
    n.ends([x], [y])
    return n


def missing(*names):
    """A chain of custom operators that nobody has, between two ADDs."""
    n = Net()
    at = x = n.tensor("x", "FLOAT32", [1, 3])
    for i, name in enumerate(names):
        to = n.tensor(f"t{i}", "FLOAT32", [1, 3])
        n.op("CUSTOM", [at], [to], custom=name)
        at = to
    n.ends([x], [at])
    return n


# ---- files ----

def npy(shape, kind, data):
    """A NumPy array; kind as in NumPy: '<f4', '|i1', ..."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def read_npy(path):
    """(shape, kind, bytes) of an array."""
    with open(path, "rb") as f:
        all_bytes = f.read()
    size = struct.unpack_from("<H", all_bytes, 8)[0]
    header = ast.literal_eval(all_bytes[10:10 + size].decode().strip())
    return header["shape"], header["descr"], all_bytes[10 + size:]


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def ppm(width, height, pixel):
    return f"P6\n{width} {height}\n255\n".encode() + bytes(pixel) * (width * height)


def wav(samples, rate=16000):
    data = struct.pack(f"<{len(samples)}h", *samples)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data" + struct.pack("<I", len(data)) + data)


def main():
    for program in (MOTE, PACK):
        if not os.path.exists(program):
            sys.exit(f"{program} is not there: build it, or name it in the environment")
    unittest.main(verbosity=2)
