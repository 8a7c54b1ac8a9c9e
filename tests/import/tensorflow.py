#!/usr/bin/env python3
"""mote convert on TensorFlow's files: each operator against its definition in numpy, in float64."""
import base64
import json
import os
import struct
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from support import SHARED, Case, main, mote  # noqa: E402
import tfwrite as tf  # noqa: E402

RANDOM = np.random.RandomState(7)


def some(*dims, low=-2.0, high=2.0):
    return RANDOM.uniform(low, high, dims).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def windows(x, kh, kw, sh, sw, same, dh=1, dw=1, fill=0.0):
    """Patches (n, oh, ow, kh, kw, c) of an NHWC array, with TensorFlow's paddings."""
    n, h, w, c = x.shape
    eh, ew = (kh - 1) * dh + 1, (kw - 1) * dw + 1
    if same:
        oh, ow = -(-h // sh), -(-w // sw)
        ph, pw = max((oh - 1) * sh + eh - h, 0), max((ow - 1) * sw + ew - w, 0)
        x = np.pad(x, ((0, 0), (ph // 2, ph - ph // 2), (pw // 2, pw - pw // 2), (0, 0)), constant_values=fill)
    else:
        oh, ow = (h - eh) // sh + 1, (w - ew) // sw + 1
    out = np.empty((n, oh, ow, kh, kw, c))
    for i in range(oh):
        for j in range(ow):
            out[:, i, j] = x[:, i * sh:i * sh + eh:dh, j * sw:j * sw + ew:dw]
    return out


def flexbuffer(blob):
    """A map of numbers and texts, all 4 bytes wide."""
    def number(at, form="<I"):
        return struct.unpack_from(form, blob, at)[0]

    values = len(blob) - 3 - blob[-3]
    count, keys = number(values - 4), values - 12 - number(values - 12)
    types = blob[values + 4 * count:values + 5 * count]
    map_of = {}
    for i in range(count):
        key = keys + 4 * i - number(keys + 4 * i)
        at, kind = values + 4 * i, types[i] >> 2
        text = at - number(at)
        map_of[blob[key:blob.index(b"\0", key)].decode()] = (
            number(at, "<i") if kind == 1 else number(at, "<f") if kind == 3 else bool(number(at)) if kind == 26
            else blob[text:text + number(text - 4)].decode())
    return map_of


class Convert(Case):
    def check(self, graph, feeds, wanted, form="pb", options=(), tolerance=1e-5, notes=None):
        """Converts, runs on feeds (in the order of the placeholders), compares with arrays by the order of outputs."""
        name = self.file("net." + form, graph.text() if form == "pbtxt" else graph.binary())
        self.succeeds("convert", name, "-o", "net.tflite", *options, notes=notes)
        self.run_and_compare(feeds, wanted, tolerance)

    def run_and_compare(self, feeds, wanted, tolerance=1e-5):
        self.succeeds("verify", "net.tflite")
        args = []
        for i, x in enumerate(feeds):
            np.save(self.path(f"in{i}.npy"), x)
            args += ["--input", f"{i}=in{i}.npy"]
        self.succeeds("run", "net.tflite", *args)
        for i, w in enumerate(wanted):
            got, w = np.load(self.path(f"output_{i}.npy")), np.asarray(w)
            self.assertEqual(got.shape, w.shape, f"output {i}")
            if w.dtype.kind in "ib":
                np.testing.assert_array_equal(got, w, err_msg=f"output {i}")
            else:
                spread = float(w.max() - w.min()) if w.size else 0.0
                np.testing.assert_allclose(got, w, rtol=tolerance, atol=tolerance * max(spread, 1e-3), err_msg=f"output {i}")

    # ---- operators of one operand ----

    def test_one_operand(self):
        x = some(3, 5)
        rules = {
            "Abs": np.abs, "Neg": np.negative, "Exp": np.exp, "Expm1": np.expm1, "Sin": np.sin, "Cos": np.cos,
            "Tan": np.tan, "Square": np.square, "Floor": np.floor, "Ceil": np.ceil, "Round": np.round, "Rint": np.rint,
            "Sign": np.sign, "Reciprocal": lambda v: 1 / v, "Relu": lambda v: np.maximum(v, 0),
            "Relu6": lambda v: np.clip(v, 0, 6), "Elu": lambda v: np.where(v > 0, v, np.expm1(v)), "Tanh": np.tanh,
            "Sigmoid": sigmoid, "Softplus": lambda v: np.log1p(np.exp(v)), "Softsign": lambda v: v / (1 + np.abs(v)),
            "Selu": lambda v: 1.0507009873554805 * np.where(v > 0, v, 1.6732632423543772 * np.expm1(v)),
            "Softmax": softmax, "LogSoftmax": lambda v: np.log(softmax(v)), "ZerosLike": np.zeros_like,
            "OnesLike": np.ones_like, "L2Loss": lambda v: (v * v).sum() / 2, "IsNan": np.isnan, "IsFinite": np.isfinite,
            "IsInf": np.isinf,
        }
        g = tf.Graph()
        g.input("x", "float32", (3, 5))
        for op in rules:
            g.node(op, "y_" + op, "x", T=tf.Type("float32"))
        self.check(g, [x], [rule(x.astype(np.float64)) for rule in rules.values()])

    def test_one_operand_above_zero(self):
        x = some(4, 3, low=0.1, high=3.0)
        rules = {"Log": np.log, "Log1p": np.log1p, "Sqrt": np.sqrt, "Rsqrt": lambda v: 1 / np.sqrt(v)}
        g = tf.Graph()
        g.input("x", "float32", (-1, 3))
        for op in rules:
            g.node(op, "y_" + op, "x")
        self.check(g, [x], [rule(x.astype(np.float64)) for rule in rules.values()], form="pbtxt")

    # ---- of two ----

    def test_two_operands(self):
        a, b = some(2, 4, low=0.5), some(4, low=0.5)
        rules = {
            "Add": np.add, "AddV2": np.add, "Sub": np.subtract, "Mul": np.multiply, "RealDiv": np.divide,
            "Div": np.divide, "Maximum": np.maximum, "Minimum": np.minimum, "Pow": np.power,
            "SquaredDifference": lambda p, q: (p - q) ** 2, "FloorDiv": np.floor_divide, "FloorMod": np.mod,
            "Greater": np.greater, "GreaterEqual": np.greater_equal, "Less": np.less, "LessEqual": np.less_equal,
            "Equal": np.equal, "NotEqual": np.not_equal,
        }
        g = tf.Graph()
        g.input("a", "float32", (2, 4))
        g.input("b", "float32", (4,))
        for op in rules:
            g.node(op, "y_" + op, "a", "b")
        g.const("zero", np.zeros(4, np.float32))
        g.node("DivNoNan", "by_nothing", "a", "zero")
        g.node("AddN", "sum", "a", "a", "a")
        g.node("LeakyRelu", "leaky", "a", alpha=0.3)
        g.node("Atan2", "angle", "a", "sum")
        p, q = a.astype(np.float64), b.astype(np.float64)
        self.check(g, [a, b], [rule(p, q) for rule in rules.values()] +
                   [np.zeros_like(p), np.where(p > 0, p, p * np.float32(0.3)), np.arctan2(p, 3 * p)])

    def test_truth(self):
        a, b = some(6) > 0, some(6) > 0
        g = tf.Graph()
        g.input("a", "bool", (6,))
        g.input("b", "bool", (6,))
        for op in ("LogicalAnd", "LogicalOr", "LogicalXor"):
            g.node(op, op, "a", "b")
        g.node("LogicalNot", "not", "a")
        g.const("x", np.arange(6, dtype=np.float32))
        g.const("y", -np.arange(6, dtype=np.float32))
        g.node("SelectV2", "pick", "a", "x", "y")
        r = np.arange(6.0)
        self.check(g, [a, b], [a & b, a | b, a ^ b, ~a, np.where(a, r, -r)])

    def test_reductions(self):
        x = some(2, 3, 4)
        rules = {"Sum": np.sum, "Mean": np.mean, "Max": np.max, "Min": np.min, "Prod": np.prod}
        g = tf.Graph()
        g.input("x", "float32", (2, 3, 4))
        g.const("axes", np.array([1, 2], np.int32))
        g.const("last", np.int32(-1))
        for op in rules:
            g.node(op, op, "x", "axes", keep_dims=False)
            g.node(op, op + "_kept", "x", "last", keep_dims=True)
        g.node("ArgMax", "argmax", "x", "last", output_type=tf.Type("int64"))
        g.node("ArgMin", "argmin", "x", "last", output_type=tf.Type("int32"))
        g.node("Cumsum", "cumsum", "x", "last", reverse=True)
        d = x.astype(np.float64)
        wanted = []
        for rule in rules.values():
            wanted += [rule(d, axis=(1, 2)), rule(d, axis=-1, keepdims=True)]
        self.check(g, [x], wanted + [d.argmax(-1), d.argmin(-1), d[..., ::-1].cumsum(-1)[..., ::-1]])

    # ---- moving data ----

    def test_shapes(self):
        x = some(2, 3, 4)
        g = tf.Graph()
        g.input("x", "float32", (2, 3, 4))
        c = g.const
        g.node("Reshape", "reshape", "x", c("s", np.array([4, -1], np.int32)))
        g.node("ExpandDims", "expand", "x", c("a1", np.int32(1)))
        g.node("Squeeze", "squeeze", "expand", squeeze_dims=[1])
        g.node("Transpose", "transpose", "x", c("perm", np.array([2, 0, 1], np.int32)))
        g.node("ConcatV2", "concat", "x", "x", c("a2", np.int32(2)), N=2)
        g.node("Pack", "pack", "x", "x", axis=1, N=2)
        g.node("Unpack", "unpack", "x", axis=1, num=3)
        g.node("Split", "split", c("a0", np.int32(2)), "x", num_split=2)
        g.node("SplitV", "splitv", "x", c("sizes", np.array([1, 3], np.int32)), "a0", num_split=2)
        g.node("Slice", "slice", "x", c("begin", np.array([0, 1, 2], np.int32)), c("extent", np.array([2, 2, -1], np.int32)))
        g.node("StridedSlice", "strided", "x", c("b", np.array([0, 0, 3], np.int32)), c("e", np.array([0, 1, 0], np.int32)),
               c("st", np.array([1, 1, -2], np.int32)), begin_mask=1, end_mask=5, shrink_axis_mask=2)
        g.node("GatherV2", "gather", "x", c("i", np.array([2, 0], np.int32)), "a1", batch_dims=0)
        g.node("GatherNd", "gathernd", "x", c("nd", np.array([[0, 1], [1, 2]], np.int32)))
        g.node("Pad", "pad", "x", c("p", np.array([[0, 1], [2, 0], [0, 0]], np.int32)))
        g.node("PadV2", "padv2", "x", "p", c("five", np.float32(5)))
        g.node("MirrorPad", "mirror", "x", c("mp", np.array([[0, 0], [1, 1], [2, 0]], np.int32)), mode="REFLECT")
        g.node("Tile", "tile", "x", c("m", np.array([1, 2, 1], np.int32)))
        g.node("ReverseV2", "reverse", "x", "a2")
        g.node("BroadcastTo", "broadcast", "five", c("bs", np.array([2, 2], np.int64)))
        g.node("Fill", "fill", c("fs", np.array([3], np.int32)), "five")
        g.node("Shape", "shape", "x", out_type=tf.Type("int64"))
        g.node("Rank", "rank", "x")
        g.node("Size", "size", "x")
        for k in range(3):
            g.node("Identity", f"u{k}", f"unpack:{k}")
        for k in range(2):
            g.node("Identity", f"s{k}", f"split:{k}")
            g.node("Identity", f"v{k}", f"splitv:{k}")
        d = x.astype(np.float64)
        border = ((0, 1), (2, 0), (0, 0))
        wanted = {
            "reshape": d.reshape(4, -1), "squeeze": d, "transpose": d.transpose(2, 0, 1),
            "concat": np.concatenate([d, d], 2), "pack": np.stack([d, d], 1), "slice": d[:, 1:3, 2:],
            "strided": d[:, 0, 3::-2], "gather": d[:, [2, 0]], "gathernd": d[[0, 1], [1, 2]], "pad": np.pad(d, border),
            "padv2": np.pad(d, border, constant_values=5), "mirror": np.pad(d, ((0, 0), (1, 1), (2, 0)), "reflect"),
            "tile": np.tile(d, (1, 2, 1)), "reverse": d[..., ::-1], "broadcast": np.full((2, 2), 5.0),
            "fill": np.full(3, 5.0), "shape": np.array([2, 3, 4]), "rank": np.array(3), "size": np.array(24),
            "u0": d[:, 0], "u1": d[:, 1], "u2": d[:, 2], "s0": d[..., :2], "s1": d[..., 2:], "v0": d[..., :1],
            "v1": d[..., 1:],
        }
        self.check(g, [x], list(wanted.values()), options=["--outputs", ",".join(wanted)])

    def test_space(self):
        x = some(2, 4, 6, 4)
        g = tf.Graph()
        g.input("x", "float32", (-1, 4, 6, 4))
        g.node("SpaceToDepth", "down", "x", block_size=2)
        g.node("DepthToSpace", "up", "x", block_size=2)
        d = x.astype(np.float64)
        down = d.reshape(2, 2, 2, 3, 2, 4).transpose(0, 1, 3, 2, 4, 5).reshape(2, 2, 3, 16)
        up = d.reshape(2, 4, 6, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(2, 8, 12, 1)
        self.check(g, [x], [down, up])

    def test_lookup(self):
        x = np.array([2, 0, 1], np.int32)
        g = tf.Graph()
        g.input("x", "int32", (3,))
        g.node("OneHot", "onehot", "x", g.const("depth", np.int32(4)), g.const("on", np.float32(2)), g.const("off", np.float32(-1)),
               axis=-1)
        g.node("Cast", "cast", "x", DstT=tf.Type("float32"), SrcT=tf.Type("int32"))
        g.node("TopKV2", "top", "cast", g.const("k", np.int32(2)))
        g.node("Identity", "values", "top:0")
        g.node("Identity", "indices", "top:1")
        g.node("Range", "range", g.const("r0", np.int32(1)), g.const("r1", np.int32(7)), g.const("r2", np.int32(2)))
        g.node("InvertPermutation", "inverse", g.const("pm", np.array([2, 0, 1], np.int32)))
        hot = np.full((3, 4), -1.0)
        hot[np.arange(3), x] = 2
        self.check(g, [x], [hot, [2.0, 1.0], np.array([0, 2]), np.array([1, 3, 5]), np.array([1, 2, 0])])

    # ---- networks ----

    def test_products(self):
        x, w, y = some(3, 4), some(4, 5), some(2, 4, 3)
        g = tf.Graph()
        g.input("x", "float32", (-1, 4))
        g.input("y", "float32", (2, 4, 3))
        g.const("w", w)
        g.node("MatMul", "plain", "x", "w")
        g.node("MatMul", "turned", "x", g.const("wt", w.T.copy()), transpose_b=True)
        g.node("BatchMatMulV2", "batch", "y", "y", adj_x=True, adj_y=False)
        g.node("MatMul", "both", "x", "x", transpose_b=True)
        d = x.astype(np.float64)
        self.check(g, [x, y], [d @ w, d @ w, np.einsum("bij,bik->bjk", y.astype(np.float64), y), d @ d.T])

    def conv(self, x, w, sh, sw, same, dh=1, dw=1):
        return np.einsum("nhwijc,ijco->nhwo", windows(x.astype(np.float64), w.shape[0], w.shape[1], sh, sw, same, dh, dw), w)

    def test_convolution(self):
        x, w, bias = some(2, 7, 8, 3), some(3, 2, 3, 4), some(4)
        g = tf.Graph()
        g.input("x", "float32", (-1, 7, 8, 3))
        g.const("w", w)
        g.node("Conv2D", "same", "x", "w", strides=[1, 2, 1, 1], padding="SAME", data_format="NHWC", dilations=[1, 1, 1, 1])
        g.node("Conv2D", "valid", "x", "w", strides=[1, 1, 1, 1], padding="VALID", dilations=[1, 2, 2, 1])
        g.node("BiasAdd", "biased", "valid", g.const("bias", bias))
        g.node("Relu", "relu", "biased")
        g.node("Conv2D", "explicit", "x", "w", strides=[1, 1, 1, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 3, 0, 0])
        dw = some(3, 3, 3, 2)
        g.node("DepthwiseConv2dNative", "depthwise", "x", g.const("dw", dw), strides=[1, 2, 2, 1], padding="SAME")
        padded = np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)))
        deep = np.einsum("nhwijc,ijcm->nhwcm", windows(x.astype(np.float64), 3, 3, 2, 2, True), dw).reshape(2, 4, 4, 6)
        self.check(g, [x], [self.conv(x, w, 2, 1, True), np.maximum(self.conv(x, w, 1, 1, False, 2, 2) + bias, 0),
                            self.conv(padded, w, 1, 1, False), deep])

    def test_channels_first(self):
        x, w, bias = some(2, 3, 7, 8), some(3, 3, 3, 4), some(4)
        g = tf.Graph()
        g.input("x", "float32", (2, 3, 7, 8))
        g.node("Conv2D", "conv", "x", g.const("w", w), strides=[1, 1, 2, 1], padding="SAME", data_format="NCHW")
        g.node("BiasAdd", "biased", "conv", g.const("bias", bias), data_format="NCHW")
        g.node("Relu", "relu", "biased")
        g.node("MaxPool", "pool", "relu", ksize=[1, 1, 2, 2], strides=[1, 1, 2, 2], padding="VALID", data_format="NCHW")
        y = np.maximum(self.conv(x.transpose(0, 2, 3, 1), w, 2, 1, True) + bias, 0)
        y = windows(y, 2, 2, 2, 2, False).max((3, 4)).transpose(0, 3, 1, 2)
        self.check(g, [x], [y])

    def test_transposed_convolution(self):
        x, w = some(1, 3, 4, 2), some(3, 3, 5, 2)
        g = tf.Graph()
        g.input("x", "float32", (1, 3, 4, 2))
        g.const("shape", np.array([1, 6, 8, 5], np.int32))
        g.node("Conv2DBackpropInput", "up", "shape", g.const("w", w), "x", strides=[1, 2, 2, 1], padding="SAME")
        y = np.zeros((1, 7, 9, 5))
        for i in range(3):
            for j in range(4):
                y[:, 2 * i:2 * i + 3, 2 * j:2 * j + 3] += np.einsum("nc,ijoc->nijo", x[:, i, j].astype(np.float64), w)
        self.check(g, [x], [y[:, :6, :8]])  # all that SAME cuts off is at the end

    def test_pooling_and_resizing(self):
        x = some(1, 5, 6, 2)
        g = tf.Graph()
        g.input("x", "float32", (1, 5, 6, 2))
        g.node("MaxPool", "max", "x", ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding="VALID")
        g.node("AvgPool", "avg", "x", ksize=[1, 2, 2, 1], strides=[1, 1, 2, 1], padding="VALID")
        g.node("ResizeNearestNeighbor", "nearest", "x", g.const("size", np.array([10, 12], np.int32)), half_pixel_centers=True)
        g.node("ResizeBilinear", "smooth", "x", "size", align_corners=True)
        d = x.astype(np.float64)
        rows, columns = np.linspace(0, 4, 10), np.linspace(0, 5, 12)
        r0, c0 = np.minimum(rows.astype(int), 3), np.minimum(columns.astype(int), 4)
        fr, fc = (rows - r0)[None, :, None, None], (columns - c0)[None, None, :, None]
        half = d[:, r0] * (1 - fr) + d[:, r0 + 1] * fr
        smooth = half[:, :, c0] * (1 - fc) + half[:, :, c0 + 1] * fc
        self.check(g, [x], [windows(d, 2, 3, 2, 1, False).max((3, 4)), windows(d, 2, 2, 1, 2, False).mean((3, 4)),
                            d.repeat(2, 1).repeat(2, 2), smooth])

    def test_batch_norm(self):
        x, scale, offset, mean, variance = some(2, 3, 3, 4), some(4), some(4), some(4), some(4, low=0.1)
        for form in ("FusedBatchNorm", "FusedBatchNormV3"):
            g = tf.Graph()
            g.input("x", "float32", (-1, 3, 3, 4))
            for name, value in (("s", scale), ("o", offset), ("m", mean), ("v", variance)):
                g.const(name, value)
            g.node(form, "norm", "x", "s", "o", "m", "v", epsilon=0.01, is_training=False)
            wanted = (x.astype(np.float64) - mean) / np.sqrt(variance + np.float32(0.01)) * scale + offset
            self.check(g, [x], [wanted])

    def steps(self, lo, hi, narrow=False):
        """Scale, and codes of the ends of a range that holds 0 as one of its steps."""
        least = 1 if narrow else 0
        scale = np.float32(np.float32(hi) - np.float32(lo)) / np.float32(255 - least)
        zero = np.clip(np.round(np.float32(least) - np.float32(lo) / scale), least, 255)
        return float(scale), least - zero, 255 - zero

    def fake_quant(self, x, lo, hi, narrow=False):
        scale, least, most = self.steps(lo, hi, narrow)
        return np.clip(np.floor(x / scale + 0.5), least, most) * scale

    def test_ranges_of_training(self):
        x = some(4, 5)
        g = tf.Graph()
        g.input("x", "float32", (4, 5))
        g.node("FakeQuantWithMinMaxArgs", "args", "x", min=-1.0, max=1.5, num_bits=8)
        g.node("FakeQuantWithMinMaxVars", "vars", "x", g.const("lo", np.float32(-0.7)), g.const("hi", np.float32(2)))
        self.check(g, [x], [self.fake_quant(x, -1.0, 1.5), self.fake_quant(x, -0.7, 2.0)])

    def test_ranges_around_zero(self):
        """Steps around 0 of the larger end of a range."""
        x = some(4, 5)
        g = tf.Graph()
        g.input("x", "float32", (4, 5))
        lo, hi = g.const("lo", np.float32(-0.5)), g.const("hi", np.float32(1.27))
        g.node("QuantizeAndDequantizeV2", "two", "x", lo, hi, signed_input=True, range_given=True, num_bits=8)
        g.node("QuantizeAndDequantizeV4", "four", "x", lo, hi, signed_input=False, range_given=True, num_bits=8)
        g.node("QuantizeAndDequantizeV3", "three", "x", lo, hi, g.const("bits", np.int32(6)), signed_input=True, range_given=True,
               narrow_range=True)
        d = x.astype(np.float64)
        wanted = [np.clip(np.round(d / s), lo, hi) * s for s, lo, hi in
                  ((1.27 / 127, -128, 127), (1.27 / 255, 0, 255), (1.27 / 31, -31, 31))]
        self.check(g, [x], wanted, tolerance=1e-4)

    def codes(self, name):
        """Operators that a model has, each once."""
        self.succeeds("convert", name, "-o", "net.json")
        with open(self.path("net.json")) as f:
            return sorted(c.get("builtin_code", "ADD") for c in json.load(f)["operator_codes"])

    def test_activation_between_ranges(self):
        x = some(2, 4, low=0.0)
        g = tf.Graph()
        g.input("x", "float32", (2, 4))
        self.quantized(g, "q1", g.node("Relu", "a", self.quantized(g, "q0", "x", -2, 2)), 0, 1)
        self.succeeds("convert", self.file("net.pb", g.binary()), "-o", "net.tflite")
        self.assertEqual(self.codes("net.tflite"), ["DEQUANTIZE", "QUANTIZE", "RELU"])
        np.save(self.path("x.npy"), x)
        self.succeeds("run", "net.tflite", "--input", "0=x.npy")
        wanted = self.fake_quant(np.maximum(self.fake_quant(x.astype(np.float64), -2, 2), 0), 0, 1)
        self.assertLess(np.abs(np.load(self.path("output_0.npy")) - wanted).max(), 1.01 / 255)

    def quantized(self, g, name, x, lo, hi):
        return g.node("FakeQuantWithMinMaxVars", name, x, g.const(name + "_lo", np.float32(lo)), g.const(name + "_hi", np.float32(hi)),
                      num_bits=8)

    def quantized_weights(self, g, name, w, channels=True):
        """Weights with a range for each of their last dimension (or one), and what they are after rounding."""
        most = np.abs(w).max(tuple(range(w.ndim - 1))) if channels else np.abs(w).max()
        op = "FakeQuantWithMinMaxVarsPerChannel" if channels else "FakeQuantWithMinMaxVars"
        most = most.astype(np.float32)
        g.node(op, name, g.const(name + "_w", w), g.const(name + "_lo", -most), g.const(name + "_hi", most), num_bits=8, narrow_range=True)
        scale = (2 * most.astype(np.float64)) / 254
        return np.clip(np.floor(w / scale + 0.5), -127, 127) * scale

    def test_network_of_quantization_aware_training(self):
        """A residual block as the optimization toolkit writes it. A value on the edge between two steps may fall on either side:
        what comes in to the dense layer may be a step off, and its answer by what its weights make of that, and one."""
        x = some(2, 8, 8, 3, low=-1, high=1)
        w1, w2, w3, w4 = some(3, 3, 3, 8), some(3, 3, 8, 1), some(1, 1, 8, 8), some(8, 5)
        scale, offset = some(8, low=0.3), some(8)
        scale[2] = -scale[2]
        mean, variance, bias = some(8), some(8, low=0.2), some(5)
        g = tf.Graph()
        g.input("x", "float32", (-1, 8, 8, 3))
        self.quantized(g, "q0", "x", -1, 1)
        r1 = self.quantized_weights(g, "k1", w1)
        g.node("Conv2D", "c1", "q0", "k1", strides=[1, 1, 1, 1], padding="SAME")
        for name, value in (("s", scale), ("o", offset), ("m", mean), ("v", variance)):
            g.const(name, value)
        g.node("FusedBatchNormV3", "norm", "c1", "s", "o", "m", "v", epsilon=0.001, is_training=False)
        self.quantized(g, "q1", g.node("Relu6", "a1", "norm"), 0, 6)
        r2 = self.quantized_weights(g, "k2", w2)
        g.node("DepthwiseConv2dNative", "c2", "q1", "k2", strides=[1, 1, 1, 1], padding="SAME")
        self.quantized(g, "q2", "c2", -12, 11)
        r3 = self.quantized_weights(g, "k3", w3)
        g.node("Conv2D", "c3", "q2", "k3", strides=[1, 1, 1, 1], padding="VALID")
        self.quantized(g, "q3", "c3", -30, 29)
        self.quantized(g, "q4", g.node("AddV2", "sum", "q3", "q1"), -30, 33)
        g.node("MaxPool", "pool", "q4", ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
        self.quantized(g, "q5", g.node("Mean", "mean", "pool", g.const("axes", np.array([1, 2], np.int32))), -25, 25)
        r4 = self.quantized_weights(g, "k4", w4, channels=False)
        self.quantized(g, "q6", g.node("BiasAdd", "biased", g.node("MatMul", "c4", "q5", "k4"), g.const("bias", bias)), -40, 40)

        fake = self.fake_quant
        y = fake(x.astype(np.float64), -1, 1)
        factor = scale / np.sqrt(variance.astype(np.float64) + 0.001)
        y1 = fake(np.clip((self.conv(y, r1, 1, 1, True) - mean) * factor + offset, 0, 6), 0, 6)
        y = fake(np.einsum("nhwijc,ijcm->nhwcm", windows(y1, 3, 3, 1, 1, True), r2).reshape(2, 8, 8, 8), -12, 11)
        y = fake(self.conv(y, r3, 1, 1, False), -30, 29)
        y = fake(y + y1, -30, 33)
        y = fake(windows(y, 2, 2, 2, 2, False).max((3, 4)).mean((1, 2)), -25, 25)
        y = fake(y @ r4 + bias, -40, 40)
        name = self.file("net.pb", g.binary())
        self.succeeds("convert", name, "-o", "net.tflite")
        self.assertEqual(self.codes("net.tflite"), ["ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "FULLY_CONNECTED",
                                                    "MAX_POOL_2D", "MEAN", "QUANTIZE"])
        np.save(self.path("x.npy"), x)
        self.succeeds("run", "net.tflite", "--input", "0=x.npy")
        step = self.steps(-40, 40)[0]
        off = np.abs(np.load(self.path("output_0.npy")) - y) / step
        self.assertTrue((off < 1.5 + np.abs(r4).sum(0) * self.steps(-25, 25)[0] / step).all(), off)
        self.assertLess(off.mean(), 1, off)

    def test_what_has_no_range_stays_float(self):
        x, w = some(2, 6), some(6, 4)
        g = tf.Graph()
        g.input("x", "float32", (-1, 6))
        self.quantized(g, "q0", "x", -2, 2)
        r = self.quantized_weights(g, "k", w, channels=False)
        g.node("MatMul", "c", "q0", "k")
        g.node("Sin", "wave", "c")
        self.quantized(g, "q1", "wave", -1, 1)
        fake = self.fake_quant
        wanted = fake(np.sin(fake(x.astype(np.float64), -2, 2) @ r), -1, 1)
        self.succeeds("convert", self.file("net.pb", g.binary()), "-o", "net.tflite")
        np.save(self.path("x.npy"), x)
        self.succeeds("run", "net.tflite", "--input", "0=x.npy")
        self.assertLess(np.abs(np.load(self.path("output_0.npy")) - wanted).max(), 1.01 * self.steps(-1, 1)[0])

    def test_calls_are_inlined(self):
        inner = tf.Function("inner", [("v", 1)], [("twice", 1, "add:z:0"), ("same", 1, "v")])
        inner.node("AddV2", "add", "v", "v")
        outer = tf.Function("outer", [("a", 1), ("b", 1)], [("r", 1, "mul:z:0")])
        outer.node("PartitionedCall", "call", "a", f=tf.Func("inner"))
        outer.node("inner", "direct", "b")
        outer.node("Mul", "mul", "call:output:0", "direct:twice:0")
        g = tf.Graph()
        g.functions = [inner, outer]
        g.input("x", "float32", (3,))
        g.node("StatefulPartitionedCall", "y", "x", "x", f=tf.Func("outer"))
        x = some(3)
        self.check(g, [x], [4.0 * x.astype(np.float64) ** 2])

    def test_branches(self):
        yes = tf.Function("yes", [("v", 1)], [("r", 1, "n:y:0")])
        yes.node("Neg", "n", "v")
        no = tf.Function("no", [("v", 1)], [("r", 1, "s:y:0")])
        no.node("Square", "s", "v")
        g = tf.Graph()
        g.functions = [yes, no]
        g.input("c", "bool", ())
        g.input("x", "float32", (3,))
        g.node("StatelessIf", "y", "c", "x", then_branch=tf.Func("yes"), else_branch=tf.Func("no"))
        x = some(3)
        for c in (True, False):
            self.check(g, [np.array(c), x], [-x if c else x.astype(np.float64) ** 2])

    def test_loops(self):
        cond = tf.Function("cond", [("i", 3), ("v", 1)], [("go", 10, "less:z:0")])
        cond.const("n", np.int32(5))
        cond.node("Less", "less", "i", "n:output:0")
        body = tf.Function("body", [("i", 3), ("v", 1)], [("i1", 3, "next:z:0"), ("v1", 1, "mul:z:0")])
        body.const("one", np.int32(1))
        body.const("half", np.float32(0.5))
        body.node("AddV2", "next", "i", "one:output:0")
        body.node("Mul", "mul", "v", "half:output:0")
        g = tf.Graph()
        g.functions = [cond, body]
        g.input("x", "float32", (2, 2))
        g.const("start", np.int32(0))
        g.node("StatelessWhile", "loop", "start", "x", cond=tf.Func("cond"), body=tf.Func("body"))
        g.node("Identity", "y", "loop:1")
        x = some(2, 2)
        self.check(g, [x], [x / 32.0], options=["--outputs", "y"])

    # ---- loops of TensorFlow 1, lists ----

    def v1_loop(self, g, prefix, test, body, carried, captured=()):
        """Enter, Merge, Switch, NextIteration, Exit around nodes. carried: names of values before; test and body get the
        names of the values inside (and of what is captured) and return the condition's name, and the new values."""
        frame = {"frame_name": prefix + "context"}
        merges, inside = [], []
        outside = [g.node("Enter", f"{prefix}const{i}", v, is_constant=True, **frame) for i, v in enumerate(captured)]
        for i, v in enumerate(carried):
            g.node("Enter", f"{prefix}enter{i}", v, is_constant=False, **frame)
            merges.append(g.node("Merge", f"{prefix}merge{i}", f"{prefix}enter{i}", f"{prefix}next{i}", N=2))
        go_on = g.node("LoopCond", prefix + "go_on", test(*merges, *outside))
        for i, m in enumerate(merges):
            g.node("Switch", f"{prefix}switch{i}", m, go_on)
            inside.append(g.node("Identity", f"{prefix}inside{i}", f"{prefix}switch{i}:1"))
        for i, v in enumerate(body(*inside, *outside)):
            g.node("NextIteration", f"{prefix}next{i}", v)
        return [g.node("Exit", f"{prefix}exit{i}", f"{prefix}switch{i}") for i in range(len(carried))]

    def test_loop_of_tensorflow_1(self):
        g = tf.Graph()
        g.input("x", "float32", (2, 2))
        g.input("n", "int32", ())
        g.const("zero", np.int32(0))
        g.const("one", np.int32(1))
        g.const("half", np.float32(0.5))
        exits = self.v1_loop(g, "loop/", lambda i, v, n, h: g.node("Less", "less", i, n),
                             lambda i, v, n, h: (g.node("Add", "next", i, "one"), g.node("Mul", "mul", v, h)),
                             ["zero", "x"], ["n", "half"])
        x = some(2, 2)
        for n in (0, 1, 5):
            self.check(g, [x, np.int32(n)], [x * 0.5 ** n], options=["--outputs", exits[1]])
        self.check(g, [x, np.int32(4)], [np.array(4), x / 16.0], options=["--outputs", ",".join(exits)])

    def test_loops_of_tensorflow_1_within_each_other(self):
        g = tf.Graph()
        g.input("x", "float32", (3,))
        for name, value in (("zero", np.int32(0)), ("one", np.int32(1)), ("three", np.int32(3)), ("two", np.int32(2))):
            g.const(name, value)

        def inner(i, v, x):
            ends = self.v1_loop(g, "inner/", lambda k, u, y: g.node("Less", "inner_less", k, "two"),
                                lambda k, u, y: (g.node("Add", "inner_next", k, "one"), g.node("AddV2", "sum", u, y)),
                                ["zero", v], [x])
            return g.node("Add", "next", i, "one"), g.node("Neg", "neg", ends[1])

        exits = self.v1_loop(g, "outer/", lambda i, v, x: g.node("Less", "less", i, "three"), inner, ["zero", "x"], ["x"])
        x = some(3)
        v = x.astype(np.float64)
        for _ in range(3):
            v = -(v + 2 * x)
        self.check(g, [x], [v], options=["--outputs", exits[1]])

    def recurrent(self):
        x, h = some(6, 2, 3), some(2, 4)
        w, u = some(3, 4), some(4, 4)
        wanted, state = [], h.astype(np.float64)
        for t in range(6):
            state = np.tanh(x[t].astype(np.float64) @ w + state @ u)
            wanted.append(state)
        return x, h, w, u, np.stack(wanted)

    def test_arrays_of_tensors(self):
        x, h, w, u, wanted = self.recurrent()
        g = tf.Graph()
        g.input("x", "float32", (6, 2, 3))
        g.input("h", "float32", (2, 4))
        for name, value in (("w", w), ("u", u), ("zero", np.int32(0)), ("one", np.int32(1)), ("six", np.int32(6))):
            g.const(name, value)
        g.node("TensorArrayV3", "in", "six", dtype=tf.Type("float32"))
        g.node("TensorArrayV3", "out", "six", dtype=tf.Type("float32"))
        g.node("Range", "range", "zero", "six", "one")
        g.node("TensorArrayScatterV3", "scatter", "in", "range", "x", "in:1")

        def step(t, state, flow, source, given, target):
            g.node("TensorArrayReadV3", "read", source, t, given)
            g.node("MatMul", "wx", "read", "w")
            g.node("MatMul", "uh", state, "u")
            g.node("Tanh", "state", g.node("Add", "sum", "wx", "uh"))
            g.node("TensorArrayWriteV3", "write", target, t, "state", flow)
            return g.node("Add", "t1", t, "one"), "state", "write"

        exits = self.v1_loop(g, "rnn/", lambda t, *_: g.node("Less", "less", t, "six"), step, ["zero", "h", "out:1"],
                             ["in", "scatter", "out"])
        g.node("TensorArraySizeV3", "size", "out", exits[2])
        g.node("Range", "all", "zero", "size", "one")
        g.node("TensorArrayGatherV3", "outputs", "out", "all", exits[2])
        self.check(g, [x, h], [wanted, wanted[-1]], options=["--outputs", "outputs," + exits[1]])

    def test_lists_of_tensors(self):
        x, h, w, u, wanted = self.recurrent()
        ends = [("t", 3), ("h", 1), ("out", tf.VARIANT), ("in", tf.VARIANT), ("n", 3), ("w", 1), ("u", 1)]
        cond = tf.Function("cond", ends, [("go", 10, "less:z:0")])
        cond.node("Less", "less", "t", "n")
        again = {"t": "next:z:0", "h": "tanh:y:0", "out": "set:output_handle:0"}
        body = tf.Function("body", ends, [(f"{n}1", t, again.get(n, n)) for n, t in ends])
        body.const("one", np.int32(1))
        body.const("shape", np.array([2, 3], np.int32))
        body.node("TensorListGetItem", "get", "in", "t", "shape:output:0", element_dtype=tf.Type("float32"))
        body.node("MatMul", "wx", "get:item:0", "w")
        body.node("MatMul", "uh", "h", "u")
        body.node("AddV2", "sum", "wx:product:0", "uh:product:0")
        body.node("Tanh", "tanh", "sum:z:0")
        body.node("TensorListSetItem", "set", "out", "t", "tanh:y:0")
        body.node("AddV2", "next", "t", "one:output:0")
        g = tf.Graph()
        g.functions = [cond, body]
        g.input("x", "float32", (6, 2, 3))
        g.input("h", "float32", (2, 4))
        for name, value in (("w", w), ("u", u), ("zero", np.int32(0)), ("six", np.int32(6)),
                            ("open", np.array([-1, 4], np.int32)), ("shape", np.array([2, 3], np.int32))):
            g.const(name, value)
        g.node("TensorListFromTensor", "list", "x", "shape")
        g.node("TensorListReserve", "room", "open", "six")
        g.node("While", "loop", "zero", "h", "room", "list", "six", "w", "u", cond=tf.Func("cond"), body=tf.Func("body"))
        g.node("TensorListStack", "outputs", "loop:2", "open")
        g.node("Identity", "last", "loop:1")
        self.check(g, [x, h], [wanted, wanted[-1]], options=["--outputs", "outputs,last"])

    def test_loops_that_are_damaged(self):
        def graph(*nodes):
            g = tf.Graph()
            g.input("x", "float32", (3,))
            g.const("go", np.bool_(True))
            for op, name, *inputs in nodes:
                g.node(op, name, *inputs, frame_name="f" if op == "Enter" and len(name) == 1 else name)
            return g
        circle = [("Enter", "e", "x"), ("Merge", "m", "e", "n"), ("Switch", "s", "m", "go"), ("NextIteration", "n", "s:1")]
        deep = [("Enter", f"e{i}", f"e{i - 1}" if i else "x") for i in range(40)]
        for nodes, end, phrase in (([("Exit", "y", "x")], "y", "out of no loop"),
                                   ([("Enter", "e", "x"), ("Neg", "y", "e")], "y", "carries no value"),
                                   ([("Enter", "e", "x"), ("Merge", "m", "e", "n"), ("NextIteration", "n", "m"),
                                     ("Exit", "y", "m")], "y", "carries no value"),
                                   (circle + [("Neg", "y", "s:1")], "y", "outside of its loop"),
                                   ([("NextIteration", "n", "a"), ("Neg", "a", "n")], "a", "circles"),
                                   ([("Enter", "e"), ("Exit", "y", "e")], "y", "has 0 inputs"),
                                   (deep + [("Exit", "y", "e39")], "y", "nested more than"),
                                   ([("Switch", "s", "x", "go"), ("Merge", "y", "s:1", "s")], "y", "enable_control_flow_v2")):
            name = self.file("net.pb", graph(*nodes).binary())
            self.fails(1, ["convert", name, "-o", "no.tflite", "--outputs", end], phrase)

    def test_recurrent_networks(self):
        folder = os.path.join(SHARED, "convert", "arm_kws_gru_s")
        if not os.path.exists(folder):
            print(f"left out: a network with a loop, because {SHARED} is not there")
            return
        self.succeeds("convert", os.path.join(folder, "GRU_S.pb"), "-o", "net.tflite", "--inputs", "Reshape_1", "--input-shape",
                      "Reshape_1=1x25x10", "--outputs", "labels_softmax")
        with open(os.path.join(folder, "GRU_S.pb"), "rb") as f:
            weights = tf.constants(f.read())
        x = some(1, 25, 10)
        h = np.zeros((1, 154))
        cell = "rnn/multi_rnn_cell/cell_0/gru_cell/"
        for t in range(25):
            z = sigmoid(np.concatenate([x[:, t], h], 1) @ weights[cell + "gates/kernel"] + weights[cell + "gates/bias"])
            reset, update = z[:, :154], z[:, 154:]
            new = np.tanh(np.concatenate([x[:, t], reset * h], 1) @ weights[cell + "candidate/kernel"] +
                          weights[cell + "candidate/bias"])
            h = update * h + (1 - update) * new
        self.run_and_compare([x], [softmax(h @ weights["W_o"] + weights["b_o"])])

    # ---- SavedModels ----

    def model(self, folder, names, restore=False):
        w, b = some(4, 3), some(3)
        g = tf.Graph()
        g.input("serving_default_x", "float32", (-1, 4))
        f = tf.Function("serve", [("x", 1), ("w", tf.RESOURCE), ("b", tf.RESOURCE)], [("out", 1, "add:output:0")])
        f.node("ReadVariableOp", "rw", "w", dtype=tf.Type("float32"))
        f.node("ReadVariableOp", "rb", "b", dtype=tf.Type("float32"))
        f.node("MatMul", "mul", "x", "rw:value:0")
        f.node("BiasAdd", "add", "mul:product:0", "rb:value:0")
        g.functions.append(f)
        g.node("VarHandleOp", "v0", shared_name="dense/kernel", dtype=tf.Type("float32"))
        g.node("VarHandleOp", "v1", shared_name="dense/bias", dtype=tf.Type("float32"))
        g.node("StatefulPartitionedCall", "StatefulPartitionedCall", "serving_default_x", "v0", "v1", f=tf.Func("serve"))
        if restore:
            r = tf.Function("restore", [("file", tf.STRING), ("h0", tf.RESOURCE), ("h1", tf.RESOURCE)], [])
            r.const("names", np.array([names[1], names[0]], object))
            r.const("slices", np.array(["", ""], object))
            r.node("RestoreV2", "read", "file", "names:output:0", "slices:output:0")
            r.node("Identity", "i0", "read:tensors:1")
            r.node("Identity", "i1", "read:tensors:0")
            r.node("AssignVariableOp", "a0", "h0", "i0:output:0")
            r.node("AssignVariableOp", "a1", "h1", "i1:output:0")
            g.functions.append(r)
            g.input("saver_filename", tf.STRING, ())
            g.node("StatefulPartitionedCall", "restore_call", "saver_filename", "v0", "v1", f=tf.Func("restore"))
        tf.saved_model(self.path(folder), g, {"x": ("serving_default_x:0", 1, (-1, 4))},
                       {"y": ("StatefulPartitionedCall:0", 1, (-1, 3))}, restore="restore_call" if restore else "")
        objects = None if restore else {"dense/kernel": names[0], "dense/bias": names[1]}
        tf.checkpoint(os.path.join(self.path(folder), "variables", "variables"), {names[0]: w, names[1]: b}, objects)
        return w, b

    def test_saved_model(self):
        for restore in (False, True):
            w, b = self.model("model", ["layer-1/kernel/.ATTRIBUTES/VARIABLE_VALUE", "layer-1/bias/.ATTRIBUTES/VARIABLE_VALUE"], restore)
            self.succeeds("convert", "model", "-o", "net.tflite")
            x = some(5, 4)
            self.run_and_compare([x], [x.astype(np.float64) @ w + b])
            said = self.json("info", "net.tflite")
            self.assertEqual(said["inputs"][0]["name"], "serving_default_x:0")
            self.assertEqual(said["inputs"][0]["shape"], [-1, 4])
            self.assertEqual(list(said["signatures"][0]["inputs"]), ["x"])

    def test_batch_and_shape(self):
        self.model("model", ["k", "b"])
        self.succeeds("convert", "model", "-o", "net.tflite", "--batch", "2")
        self.assertEqual(self.json("info", "net.tflite")["inputs"][0]["shape"], [2, 4])
        self.succeeds("convert", "model", "-o", "net.tflite", "--input-shape", "x=7x4")
        self.assertEqual(self.json("info", "net.tflite")["inputs"][0]["shape"], [7, 4])

    # ---- what fails ----

    def test_damage(self):
        self.model("model", ["k", "b"])
        data = self.path("model/variables/variables.data-00000-of-00001")
        with open(data, "r+b") as f:
            f.seek(-1, os.SEEK_END)
            f.write(b"\xff")
        self.fails(1, ["convert", "model", "-o", "no.tflite"], "checksum")
        index = self.path("model/variables/variables.index")
        with open(index, "rb") as f:
            whole = f.read()
        for size in (0, 10, 47, len(whole) // 2, len(whole) - 1):
            with open(index, "wb") as f:
                f.write(whole[:size])
            self.fails(1, ["convert", "model", "-o", "no.tflite"])
        os.remove(index)
        status, _, err = mote("convert", "model", "-o", "no.tflite", cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertIn("its variables/ folder", err)
        self.assertFalse(os.path.exists(self.path("no.tflite")))

    def test_all_that_is_unknown_is_listed(self):
        g = tf.Graph()
        g.input("x", "float32", (3,))
        g.node("Bessel", "first", "x")
        g.node("Qr", "second", "x")
        g.node("Add", "y", "first", "second")
        name = self.file("net.pb", g.binary())
        status, _, err = mote("convert", name, "-o", "no.tflite", cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertEqual([line.split(":")[0] for line in err.splitlines()], ["  first (Bessel)", "  second (Qr)", "mote"])
        self.assertIn("2 operators cannot be converted", err)
        self.fails(1, ["convert", name, "-o", "no.tflite", "--outputs", "nowhere"], "nowhere")

    def test_operators_that_lack_operands(self):
        kinds = ["Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "BiasAdd", "MaxPool", "FusedBatchNormV3", "MatMul",
                 "ConcatV2", "Concat", "Split", "SplitV", "OneHot", "Fill", "Range", "StridedSlice", "GatherV2", "Select",
                 "ArgMax", "Sum", "L2Loss", "AddN", "Mfcc", "NonMaxSuppressionV5", "FakeQuantWithMinMaxVars", "StatelessIf",
                 "While", "ReadVariableOp", "InvertPermutation", "Shape"]
        f = tf.Function("f", [("v", 1)], [("r", 1, "v")])
        for count in (0, 1):
            g = tf.Graph()
            g.functions.append(f)
            g.input("x", "float32", (2, 3))
            for kind in kinds:
                g.node(kind, "y_" + kind, *["x"] * count, strides=[1, 1, 1, 1], padding="SAME", then_branch=tf.Func("f"),
                       else_branch=tf.Func("f"), cond=tf.Func("f"), body=tf.Func("f"), num_split=2)
            status, _, err = mote("convert", self.file("net.pb", g.binary()), "-o", "no.tflite", cwd=self.folder)
            self.assertEqual(status, 1, err)
            self.assertIn("y_Conv2D (Conv2D): ", err)

    def test_circles_and_depth(self):
        f = tf.Function("f", [("x", 1)], [("y", 1, "c:output:0")])
        f.node("PartitionedCall", "c", "x", f=tf.Func("f"))
        g = tf.Graph()
        g.functions.append(f)
        g.input("x", "float32", (3,))
        g.node("PartitionedCall", "y", "x", f=tf.Func("f"))
        self.fails(1, ["convert", self.file("net.pb", g.binary()), "-o", "no.tflite"], "circles")
        g = tf.Graph()
        g.node("Neg", "a", "b")
        g.node("Neg", "b", "a")
        self.fails(1, ["convert", self.file("net.pb", g.binary()), "-o", "no.tflite", "--outputs", "a"], "leads to")

    def test_text_that_is_wrong(self):
        for bad, phrase in (("node { name: \"x\" op: }", "line 1"), ("node { name: \"x", "no end"), ("node { name: 'x'\n", "'}'"),
                            ("node { attr { key: 'a' value { i: twelve } } }", "twelve"), ("node [ " + "[" * 2000, "")):
            self.fails(1, ["convert", self.file("net.pbtxt", bad), "-o", "no.tflite"], phrase)

    # ---- real ones ----

    def test_pair(self):
        source = os.path.join(SHARED, "convert", "basic_pitch")
        if not os.path.exists(source):
            print(f"left out: a network and its official conversion, because {SHARED} is not there")
            return
        self.succeeds("convert", os.path.join(source, "saved_model"), "-o", "net.tflite")
        x = some(1, 43844, 1, low=-1.0, high=1.0)
        np.save(self.path("x.npy"), x)
        self.succeeds("run", os.path.join(source, "official.tflite"), "--input", "0=x.npy", "--output-dir", "official")
        self.run_and_compare([x], [np.load(self.path(f"official/output_{2 - i}.npy")) for i in range(3)], tolerance=1e-4)


    def test_custom_operators(self):
        g = tf.Graph()
        g.input("x", "float32", (2, 3))
        g.node("Strange", "odd", "x", T=tf.Type("float32"), depth=3, scale=0.5, kind="soft", odd=True, _own=1)
        g.node("Neg", "y", "odd", T=tf.Type("float32"))
        name = self.file("net.pb", g.binary())
        self.fails(1, ("convert", name, "-o", "net.tflite"), "odd (Strange)", "--allow-custom")
        self.succeeds("convert", name, "-o", "net.tflite", "--allow-custom")
        self.succeeds("convert", name, "-o", "net.json", "--allow-custom")
        with open(self.path("net.json"), encoding="utf-8") as f:
            model = json.load(f)
        self.assertEqual([c.get("custom_code") for c in model["operator_codes"]], ["Strange", None])
        options = model["subgraphs"][0]["operators"][0]["custom_options"]
        blob = base64.b64decode(options) if isinstance(options, str) else bytes(options)
        self.assertEqual(flexbuffer(blob), {"T": 0, "depth": 3, "scale": 0.5, "kind": "soft", "odd": True})
        self.assertIn("Strange [missing]", self.succeeds("info", "net.tflite"))


if __name__ == "__main__":
    main()
