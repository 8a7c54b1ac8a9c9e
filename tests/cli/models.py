#!/usr/bin/env python3
"""Real networks whose answers nobody recorded: what they are for, and their layers computed anew in float64."""
import base64
import json
import math
import random
import struct

from support import Case, main

SIZES = {"FLOAT32": ("f", 4), "FLOAT16": ("e", 2), "INT8": ("b", 1), "INT16": ("h", 2), "INT32": ("i", 4)}


class File:
    """A network as JSON, its tensors as real numbers."""

    def __init__(self, model):
        self.model, self.graph = model, model["subgraphs"][0]
        self.real = {}

    def tensor(self, index):
        return self.graph["tensors"][index]

    def scales(self, index):
        q = self.tensor(index).get("quantization", {})
        return q.get("scale", [0.0]), q.get("zero_point", [0])

    def numbers(self, index):
        """A constant as stored."""
        t = self.tensor(index)
        data = base64.b64decode(self.model["buffers"][t["buffer"]]["data"])
        if t["type"] == "INT4":
            return [v - 16 if v > 7 else v for b in data for v in (b & 15, b >> 4)]
        code, size = SIZES[t["type"]]
        return list(struct.unpack(f"<{len(data) // size}{code}", data))

    def constant(self, index):
        """A constant as real numbers, by its scale or by the scales of its channels."""
        stored = self.numbers(index)
        scale, zero = self.scales(index)
        if self.tensor(index)["type"] == "FLOAT32":
            return stored
        each = len(stored) // len(scale)
        return [(v - zero[i // each if len(zero) > 1 else 0]) * scale[i // each] for i, v in enumerate(stored)]

    def to_grid(self, index, values):
        """Rounds to the steps of a quantized tensor."""
        limits = {"INT8": (-128, 127), "INT16": (-32768, 32767), "INT32": (-2 ** 31, 2 ** 31 - 1)}
        t = self.tensor(index)
        if t["type"] not in limits:
            return values
        (scale, *_), (zero, *_) = self.scales(index)
        lo, hi = limits[t["type"]]
        return [(min(max(round(v / scale) + zero, lo), hi) - zero) * scale for v in values]


def matrix(weights, width, x, bias):
    return [b + math.fsum(weights[i * width + j] * x[j] for j in range(width)) for i, b in enumerate(bias)]


class Models(Case):
    def read(self, path):
        self.succeeds("convert", path, "-o", "net.json", "--no-rewrites", "--quiet")
        with open(self.path("net.json"), encoding="utf-8") as f:
            return File(json.load(f))

    def run_on(self, path, kind, shape, values):
        """One input of numpy's type `kind`; gives the numbers of output 0."""
        head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        code = {"<i2": "h", "<f4": "f"}[kind]
        self.file("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", 118) + head.encode() +
                  struct.pack(f"<{len(values)}{code}", *values))
        self.succeeds("run", path, "--input", "0=x.npy", "--quiet")
        with open(self.path("output_0.npy"), "rb") as f:
            data = f.read()
        body = data[10 + struct.unpack_from("<H", data, 8)[0]:]
        code = "i" if b"i4" in data[:80] else "f"
        return list(struct.unpack(f"<{len(body) // 4}{code}", body))

    def test_a_person_is_told_from_a_burger(self):
        path, person, burger = self.needs_shared("models/person_detect_int8.tflite", "images/grace_hopper.bmp",
                                                 "images/burger.jpg")
        said = self.json("classify", path, person, burger, "--top", "2")
        scores = [{t["index"]: t["score"] for t in image["top"]} for image in said]
        self.assertGreater(scores[0][1], 0.8)
        self.assertLess(scores[1][1], 0.3)

    def layers(self, net, x):
        """The output of a network of SVDF with its state at 0, FULLY_CONNECTED, SOFTMAX and QUANTIZE."""
        codes = [c["builtin_code"] for c in net.model["operator_codes"]]
        values = {net.graph["inputs"][0]: x}
        for op in net.graph["operators"]:
            ins, out = op["inputs"], op["outputs"][0]
            name, v = codes[op.get("opcode_index", 0)], values[op["inputs"][0]]
            if name == "SVDF":
                rank = op["builtin_options"]["rank"]
                filters, width = net.tensor(ins[1])["shape"]
                steps = net.tensor(ins[2])["shape"][1]
                newest = net.to_grid(ins[4], matrix(net.constant(ins[1]), width, v, [0.0] * filters))
                time = net.constant(ins[2])
                y = [net.constant(ins[3])[u] + math.fsum(newest[f] * time[f * steps + steps - 1]
                                                         for f in range(u * rank, (u + 1) * rank))
                     for u in range(filters // rank)]
            elif name == "FULLY_CONNECTED":
                y = matrix(net.constant(ins[1]), net.tensor(ins[1])["shape"][1], v, net.constant(ins[2]))
                if op["builtin_options"].get("fused_activation_function") == "RELU":
                    y = [max(e, 0.0) for e in y]
            elif name == "SOFTMAX":
                powers = [math.exp(op["builtin_options"]["beta"] * (e - max(v))) for e in v]
                y = [e / math.fsum(powers) for e in powers]
            else:
                self.assertEqual(name, "QUANTIZE")
                y = v
            values[out] = net.to_grid(out, y)
        return values[net.graph["outputs"][0]]

    def test_keyword_layers(self):
        path, = self.needs_shared("models/keyword_scrambled_8bit.tflite")
        net = self.read(path)
        dice = random.Random(3)
        (scale, *_), _ = net.scales(net.graph["inputs"][0])
        (step, *_), (zero, *_) = net.scales(net.graph["outputs"][0])
        for _ in range(3):
            x = [dice.randrange(-32768, 32768) for _ in range(96)]
            got = [(v - zero) * step for v in self.run_on(path, "<i2", "(1, 96)", x)]
            wanted = self.layers(net, [v * scale for v in x])
            for a, b in zip(got, wanted):
                self.assertAlmostEqual(a, b, delta=0.05)

    def test_blockwise_layer(self):
        path, = self.needs_shared("models/qwen_fc_int4_blockwise.tflite")
        net = self.read(path)
        op, = net.graph["operators"]
        weights, (rows, width) = net.numbers(op["inputs"][1]), net.tensor(op["inputs"][1])["shape"]
        details = net.tensor(op["inputs"][1])["quantization"]["details"]
        block, scales = details["block_size"], net.numbers(details["scales"])
        self.assertEqual(len(scales) * block, rows * width)
        real = [w * scales[i // block] for i, w in enumerate(weights)]
        dice = random.Random(4)
        x = list(struct.unpack(f"<{width}f", struct.pack(f"<{width}f", *(dice.gauss(0, 1) for _ in range(width)))))
        got, wanted = self.run_on(path, "<f4", "(1, 1, 1024)", x), matrix(real, width, x, [0.0] * rows)
        spread = max(wanted) - min(wanted)
        for a, b in zip(got, wanted):
            self.assertAlmostEqual(a, b, delta=0.01 * spread)  # the input is rounded to 8 bits

    def test_a_shape_that_contradicts_itself_is_named(self):
        path, = self.needs_shared("models/seanet_transpose_conv0_16x8.tflite")
        self.fails(1, ["run", path, "--random"], "TRANSPOSE_CONV (operator 0)", "channels")


if __name__ == "__main__":
    main()
