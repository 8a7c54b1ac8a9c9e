#!/usr/bin/env python3
"""mote convert on Keras' files: layers against their definitions in numpy, in float64; layouts; files that are refused."""
import json
import os
import struct
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from support import Case, main, mote  # noqa: E402
import keraswrite as keras  # noqa: E402
from keraswrite import Layer  # noqa: E402

RANDOM = np.random.RandomState(11)


def some(*dims, low=-1.0, high=1.0):
    return RANDOM.uniform(low, high, dims).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Keras(Case):
    def runs(self, *args):
        """Like succeeds, where a note about states is no failure."""
        status, out, err = mote(*args, cwd=self.folder)
        self.assertEqual(status, 0, err)
        self.assertTrue(not err or "keeps its state from run to run" in err, err)
        return out

    def compare(self, feeds, wanted, tolerance=1e-4, times=1):
        arrays = {f"in_{i}": x for i, x in enumerate(feeds)} | {f"out_{i}": np.asarray(w, np.float32) for i, w in enumerate(wanted)}
        np.savez(self.path("io.npz"), **arrays)
        self.succeeds("verify", "net.tflite")
        said = json.loads(self.runs("convert", self.source, "-o", "net.tflite", "--check", "io.npz", "--json", *self.options))
        self.assertEqual(said["check"]["outputs"], len(wanted))
        self.assertLess(said["check"]["worst"], tolerance)

    def convert(self, *options):
        self.options = options
        return self.runs("convert", self.source, "-o", "net.tflite", *options)

    def check(self, shape, layers, x, wanted, dtype="float32", both=True, version="2.15.0"):
        """A sequential model, as HDF5 and as an archive."""
        model = keras.sequential(shape, layers, dtype)
        for kind in ("h5", "keras") if both else ("h5",):
            self.source = self.path("net." + kind)
            if kind == "h5":
                keras.hdf5(self.source, model, layers, version)
            else:
                keras.archive(self.source, model, layers)
            self.convert()
            self.compare([x], [wanted])

    # ---- layouts ----

    def test_dense_and_convolution(self):
        x, k, b, w = some(2, 6, 5, 3), some(3, 3, 3, 4), some(4), some(48, 5)
        y = sum(np.einsum("nhwc,cf->nhwf", x[:, i:i + 4, j:j + 3], k[i, j]) for i in range(3) for j in range(3)) + b
        wanted = softmax(np.maximum(y, 0).reshape(2, 48) @ w)
        layers = [Layer("Conv2D", "c", [k, b], filters=4, activation="relu"), Layer("Flatten", "f"),
                  Layer("Dense", "d", [w], units=5, use_bias=False, activation="softmax")]
        self.check([None, 6, 5, 3], layers, x, wanted)

    def test_weights_beside_json(self):
        x, w, b = some(3, 4), some(4, 2), some(2)
        layers = [Layer("Dense", "d", [w, b], units=2)]
        model = keras.sequential([None, 4], layers)
        self.source = self.path("net.weights.h5")
        keras.hdf5(self.source, model, layers, config=False, place="")
        status, _, err = mote("convert", self.source, "-o", "net.tflite", cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertIn("net.json", err)
        self.file("net.json", json.dumps(model))
        self.convert()
        self.compare([x], [x @ w + b])

    def test_layers_within_models_and_shared(self):
        x, y, w, b = some(2, 4), some(2, 4), some(4, 3), some(3)
        inner = keras.functional({"i": [None, 4]}, [Layer("Dense", "d", inputs=["i"], units=3)], ["d"])
        holder = Layer("Functional", "model", [w, b], inputs=["x"])
        holder.config = inner["config"] | {"name": "model"}
        model = keras.functional({"x": [None, 4], "y": [None, 4]}, [holder, Layer("Add", "a", inputs=[("model", 1, 0), ("model", 2, 0)])], ["a"])
        nodes = model["config"]["layers"][2]["inbound_nodes"]
        nodes.append([["y", 0, 0, {}]])
        self.source = self.path("net.h5")
        with h5py.File(self.source, "w") as f:
            f.attrs["keras_version"] = "2.15.0"
            f.attrs["model_config"] = json.dumps(model)
            g = f.create_group("model_weights")
            g.attrs["layer_names"] = [b"model", b"a"]
            m = g.create_group("model")
            m.attrs["weight_names"] = [b"d/kernel:0", b"d/bias:0"]
            m["d/kernel:0"], m["d/bias:0"] = w, b
            g.create_group("a").attrs["weight_names"] = np.zeros(0, "S1")
        self.convert()
        self.compare([x, y], [x @ w + b + y @ w + b])

    # ---- activations ----

    def test_activations(self):
        x = some(3, 6, low=-4, high=4)
        v = x.astype(np.float64)
        soft = np.log1p(np.exp(v))
        rules = {
            "linear": v, "relu": np.maximum(v, 0), "relu6": np.clip(v, 0, 6), "tanh": np.tanh(v), "sigmoid": sigmoid(v),
            "softmax": softmax(v), "log_softmax": np.log(softmax(v)), "elu": np.where(v > 0, v, np.expm1(v)),
            "selu": 1.0507009873554805 * np.where(v > 0, v, 1.6732632423543772 * np.expm1(v)), "exponential": np.exp(v),
            "softplus": soft, "softsign": v / (1 + abs(v)), "swish": v * sigmoid(v), "silu": v * sigmoid(v),
            "mish": v * np.tanh(soft), "hard_sigmoid": np.clip(v / 6 + 0.5, 0, 1), "leaky_relu": np.where(v > 0, v, 0.2 * v),
            "hard_silu": v * np.clip(v / 6 + 0.5, 0, 1), "log_sigmoid": -np.log1p(np.exp(-v)), "tanh_shrink": v - np.tanh(v),
            "soft_shrink": np.sign(v) * np.maximum(abs(v) - 0.5, 0), "hard_shrink": np.where(abs(v) > 0.5, v, 0),
            "hard_tanh": np.clip(v, -1, 1), "squareplus": (v + np.sqrt(v * v + 4)) / 2, "glu": v[:, :3] * sigmoid(v[:, 3:]),
        }
        layers = [Layer("Activation", n, inputs=["x"], activation=n) for n in rules]
        self.source = self.path("net.keras")
        keras.archive(self.source, keras.functional({"x": [None, 6]}, layers, list(rules), 3), layers)
        self.convert()
        self.compare([x], list(rules.values()))

    # ---- normalization ----

    def test_normalization_layers(self):
        x, g, b = some(2, 5, 4, 6), some(6), some(6)
        v = x.astype(np.float64)
        grouped = v.reshape(2, 5, 4, 3, 2)
        mean, var = grouped.mean((1, 2, 4), keepdims=True), grouped.var((1, 2, 4), keepdims=True)
        self.check([None, None, 4, 6], [Layer("GroupNormalization", "g", [g, b], groups=3, axis=-1, epsilon=1e-3)], x,
                   ((grouped - mean) / np.sqrt(var + 1e-3)).reshape(v.shape) * g + b)
        self.check([None, 5, 4, 6], [Layer("RMSNormalization", "r", [g], axis=-1, epsilon=1e-6)], x,
                   v / np.sqrt((v * v).mean(-1, keepdims=True) + 1e-6) * g)
        self.check([None, 5, 4, 6], [Layer("UnitNormalization", "u", axis=-1)], x, v / np.sqrt((v * v).sum(-1, keepdims=True)))
        self.check([None, 5, 4, 6], [Layer("Normalization", "n", [g, b * b + 0.1, 7], axis=[-1])], x, (v - g) / np.sqrt(b * b + 0.1))
        mean, var = v.mean((2, 3), keepdims=True), v.var((2, 3), keepdims=True)
        gamma = some(4, 6)
        self.check([None, 5, 4, 6], [Layer("LayerNormalization", "l", [gamma], axis=[2, 3], center=False, epsilon=1e-3)], x,
                   (v - mean) / np.sqrt(var + 1e-3) * gamma)

    # ---- pooling, resizing, categories ----

    def test_adaptive_pooling(self):
        x = some(2, 7, 5, 3)
        bounds = [(0, 3), (2, 5), (4, 7)]
        wanted = np.stack([np.stack([x[:, a:b, c:d].mean((1, 2)) for c, d in ((0, 3), (2, 5))], 1) for a, b in bounds], 1)
        self.check([None, 7, 5, 3], [Layer("AdaptiveAveragePooling2D", "a", output_size=[3, 2])], x, wanted)

    def test_upsampling_3d(self):
        x = some(2, 2, 3, 2, 2)
        wanted = x.repeat(2, 1).repeat(3, 2).repeat(2, 3)
        self.check([None, 2, 3, 2, 2], [Layer("UpSampling3D", "u", size=[2, 3, 2])], x, wanted)

    def test_discretization(self):
        x = np.array([[-1.5, 0.0, 0.4], [1.0, 3.0, -1.0]], np.float32)
        bounds = [-1.0, 0.0, 1.0]
        self.check([None, 3], [Layer("Discretization", "d", bin_boundaries=bounds, output_mode="int")], x,
                   np.searchsorted(bounds, x, side="right"), both=False)

    # ---- attention ----

    def heads(self, x, kernel, bias):
        return np.einsum("btf,fhd->bhtd", x, kernel) + bias[None, :, None, :]

    def test_multi_head_attention(self):
        q, v = some(2, 5, 6), some(2, 7, 6)
        for kind, key_heads in (("MultiHeadAttention", 4), ("GroupedQueryAttention", 2), ("GroupQueryAttention", 1)):
            w = {"query_dense": [some(6, 4, 3), some(4, 3)], "key_dense": [some(6, key_heads, 3), some(key_heads, 3)],
                 "value_dense": [some(6, key_heads, 3), some(key_heads, 3)], "output_dense": [some(4, 3, 6), some(6)]}
            heads = [self.heads(x, *w[n]).repeat(1 if n == "query_dense" else 4 // key_heads, 1)
                     for x, n in ((q, "query_dense"), (v, "key_dense"), (v, "value_dense"))]
            scores = softmax(np.einsum("bhqd,bhkd->bhqk", heads[0], heads[1]) / np.sqrt(3))
            wanted = np.einsum("bhqd,hdf->bqf", np.einsum("bhqk,bhkd->bhqd", scores, heads[2]), w["output_dense"][0]) + w["output_dense"][1]
            layer = Layer(kind, "a", inputs=["q", "v"], parts=w, num_heads=4, key_dim=3, kwargs={"_apart": True})
            self.source = self.path("net.keras")
            keras.archive(self.source, keras.functional({"q": [None, 5, 6], "v": [None, None, 6]}, [layer], ["a"], 3), [layer])
            self.convert()
            self.compare([q, v], [wanted])

    def test_attention(self):
        q, v = some(2, 4, 3), some(2, 6, 3)
        scale = some(3)
        dot = softmax(np.einsum("bqd,bkd->bqk", q, v)) @ v
        add = softmax((np.tanh(q[:, :, None] + v[:, None]) * scale).sum(-1)) @ v
        layers = [Layer("Attention", "dot", inputs=["q", "v"]), Layer("AdditiveAttention", "add", [scale], inputs=["q", "v"])]
        self.source = self.path("net.h5")
        keras.hdf5(self.source, keras.functional({"q": [None, 4, 3], "v": [None, 6, 3]}, layers, ["dot", "add"]), layers)
        self.convert()
        self.compare([q, v], [dot, add])

    def test_einsum_dense(self):
        x = some(2, 5, 4)
        for equation, axes, k, b in (("abc,cd->abd", "d", some(4, 3), some(3)), ("abc,cde->abde", "de", some(4, 2, 3), some(2, 3)),
                                     ("abc,bd->acd", "d", some(5, 3), some(3)), ("...x,xy->...y", "y", some(4, 6), some(6))):
            spec = equation.replace("...", "ij")
            self.check([None, 5, 4], [Layer("EinsumDense", "e", [k, b], equation=equation, bias_axes=axes)], x,
                       np.einsum(spec, x, k) + b)

    # ---- recurrent ----

    def test_gru_and_unrolled(self):
        x, k, r, b = some(2, 5, 3), some(3, 12), some(4, 12), some(2, 12)
        h, out = np.zeros((2, 4)), []
        for t in range(5):
            i, n = x[:, t] @ k + b[0], h @ r + b[1]
            z, g = sigmoid(i[:, :4] + n[:, :4]), sigmoid(i[:, 4:8] + n[:, 4:8])
            h = z * h + (1 - z) * np.tanh(i[:, 8:] + g * n[:, 8:])
            out.append(h)
        for unroll in (False, True):
            layer = Layer("GRU", "g", parts={"cell": [k, r, b]}, units=4, reset_after=True, return_sequences=True, unroll=unroll)
            self.check([None, 5, 3], [layer], x, np.stack(out, 1))

    def lstm(self, x, k, r, b, u):
        h, c, out = np.zeros((len(x), u)), np.zeros((len(x), u)), []
        for t in range(x.shape[1]):
            z = np.split(x[:, t] @ k + h @ r + b, 4, -1)
            c = sigmoid(z[1]) * c + sigmoid(z[0]) * np.tanh(z[2])
            h = sigmoid(z[3]) * np.tanh(c)
            out.append(h)
        return np.stack(out, 1)

    def test_lstm_open_and_fixed_batch(self):
        x, k, r, b = some(2, 6, 3), some(3, 16), some(4, 16), some(16)
        for batch in (None, 2):
            layer = Layer("LSTM", "l", parts={"cell": [k, r, b]}, units=4, return_sequences=True)
            self.check([batch, 6, 3], [layer], x, self.lstm(x, k, r, b, 4))
            layer = Layer("LSTM", "l", parts={"cell": [k, r, b]}, units=4, go_backwards=True)
            self.check([batch, 6, 3], [layer], x, self.lstm(x[:, ::-1], k, r, b, 4)[:, -1])

    def test_state_from_run_to_run(self):
        x, k, r, b = some(2, 6, 3), some(3, 16), some(4, 16), some(16)
        wanted = self.lstm(x, k, r, b, 4)[:, -1]
        for batch, stateful, told in ((2, False, True), (2, True, False), (None, False, False)):
            layers = [Layer("LSTM", "l", [k, r, b], units=4, stateful=stateful)]
            self.source = self.path("net.h5")
            keras.hdf5(self.source, keras.sequential([batch, 6, 3], layers), layers)
            status, out, err = mote("convert", self.source, "-o", "net.tflite", cwd=self.folder)
            self.assertEqual(status, 0, err)
            self.assertEqual("keeps its state from run to run" in out + err, told, (batch, stateful))
            self.options = ()
            self.compare([x], [wanted])
        inner = keras.entry(Layer("GRU", "g", units=4, stateful=True, reset_after=False))
        layers = [Layer("Bidirectional", "both", [some(3, 12), some(4, 12), some(12)] * 2, layer=inner, merge_mode="sum")]
        keras.hdf5(self.source, keras.sequential([2, 6, 3], layers), layers)
        os.remove(self.path("net.tflite"))
        self.refused("both (Bidirectional)", "stateful")

    # ---- functions called on values ----

    def test_operations_of_keras_3(self):
        x, y = some(2, 3, 4), some(2, 3, 4, low=0.5)
        t, slice_of = keras.tensor, lambda a, b: {"class_name": "__slice__", "config": {"start": a, "stop": b, "step": None}}
        rules = [("Add", [t("x"), t("y")], {}, x + y), ("Subtract", [1.0, t("x")], {}, 1 - x),
                 ("TrueDivide", [t("x"), t("y")], {}, x / y), ("Power", [t("y"), 2.0], {}, y ** 2), ("Exp", [t("x")], {}, np.exp(x)),
                 ("Mean", [t("x")], {"axis": [1], "keepdims": True}, x.mean(1, keepdims=True)), ("Max", [t("x")], {"axis": -1}, x.max(-1)),
                 ("Transpose", [t("x")], {"axes": [0, 2, 1]}, x.transpose(0, 2, 1)), ("Matmul", [t("x"), t("z")], {}, x @ x.transpose(0, 2, 1)),
                 ("Concatenate", [[t("x"), t("y")]], {"axis": 1}, np.concatenate([x, y], 1)), ("Stack", [[t("x"), t("y")]], {"axis": 1}, np.stack([x, y], 1)),
                 ("Clip", [t("x")], {"x_min": -0.5, "x_max": 0.5}, np.clip(x, -0.5, 0.5)), ("Relu", [t("x")], {}, np.maximum(x, 0)),
                 ("ExpandDims", [t("x")], {"axis": 1}, x[:, None]), ("Reshape", [t("x")], {"newshape": [-1, 12]}, x.reshape(2, 12)),
                 ("GetItem", [t("x"), {"class_name": "__tuple__", "config": {"items": [slice_of(None, None), slice_of(1, None), 2]}}], {}, x[:, 1:, 2])]
        model = keras.functional({"x": [None, 3, 4], "y": [None, 3, 4], "z": [None, 4, 3]}, [], [], 3)
        for i, (name, args, config, _) in enumerate(rules):
            model["config"]["layers"].append({"module": "keras.src.ops.numpy", "class_name": name, "config": {"name": f"o{i}", **config},
                                              "name": f"o{i}", "inbound_nodes": [{"args": args, "kwargs": {}}]})
        model["config"]["output_layers"] = [[f"o{i}", 0, 0] for i in range(len(rules))]
        self.source = self.path("net.keras")
        keras.archive(self.source, model, [])
        self.convert()
        self.compare([x, y, x.transpose(0, 2, 1)], [r[3] for r in rules])

    def test_functions_of_tensorflow_in_keras_2(self):
        x, y = some(2, 3, 4), some(2, 3, 4)
        def op(name, function, nodes, class_name="TFOpLambda"):
            return {"class_name": class_name, "name": name, "config": {"name": name, "function": function}, "inbound_nodes": nodes}
        ops = [op("a", "__operators__.add", [["x", 0, 0, {"y": ["y", 0, 0], "name": None}]]),
               op("b", "math.multiply", [["a", 0, 0, {"y": 2.0, "name": None}]]),
               op("c", "math.subtract", [["_CONSTANT_VALUE", -1, 1.0, {"y": ["x", 0, 0]}]]),
               op("d", "math.reduce_mean", [["x", 0, 0, {"axis": [1], "keepdims": False}]]),
               op("e", "concat", [[["x", 0, 0, {"axis": 2}], ["y", 0, 0, {"axis": 2}]]]),
               op("f", "__operators__.getitem", [["x", 0, 0, {"slice_spec": [{"start": None, "stop": None, "step": None}, {"start": 0, "stop": 2, "step": None}]}]], "SlicingOpLambda"),
               op("g", "nn.relu", [["x", 0, 0, {"name": None}]])]
        model = keras.functional({"x": [None, 3, 4], "y": [None, 3, 4]}, [], [])
        model["config"]["layers"] += ops
        model["config"]["output_layers"] = [[o["name"], 0, 0] for o in ops[1:]]
        self.source = self.path("net.h5")
        keras.hdf5(self.source, model, [])
        self.convert()
        self.compare([x, y], [2 * (x + y), 1 - x, x.mean(1), np.concatenate([x, y], 2), x[:, :2], np.maximum(x, 0)])

    def test_integer_lookup(self):
        x = np.array([[5, 7, 9], [42, 5, 0]], np.int32)
        layer = Layer("IntegerLookup", "l", vocabulary=[5, 7, 42], num_oov_indices=1, mask_token=None)
        self.check([None, 3], [layer], x, np.array([[1, 2, 0], [3, 1, 0]]), dtype="int32")
        layer = Layer("IntegerLookup", "l", vocabulary=[5, 7, 42], num_oov_indices=1, mask_token=0)
        self.check([None, 3], [layer], x, np.array([[2, 3, 1], [4, 2, 0]]), dtype="int32")
        layer = Layer("IntegerLookup", "l", vocabulary=[5, 7, 42], output_mode="count")
        self.check([None, 3], [layer], x, np.array([[1, 1, 1, 0], [1, 1, 0, 1]]), dtype="int32")

    # ---- what is refused ----

    def refused(self, wanted, *more):
        status, _, err = mote("convert", self.source, "-o", "net.tflite", cwd=self.folder)
        self.assertEqual(status, 1, err)
        for text in (wanted, *more):
            self.assertIn(text, err)
        self.assertFalse(os.path.exists(self.path("net.tflite")), "nothing is written")

    def test_unknown_layers_are_all_listed(self):
        layers = [Layer("Lambda", "f", function=["4wEAAAA=", None, None]), Layer("Dense", "d", [some(3, 2), some(2)], units=2),
                  Layer("FancyLayer", "g")]
        model = keras.functional({"x": [None, 3]}, [Layer("Lambda", "f", inputs=["x"]), Layer("FancyLayer", "g", inputs=["x"])], ["f", "g"])
        self.source = self.path("net.h5")
        keras.hdf5(self.source, model, layers)
        self.refused("f (Lambda)", "g (FancyLayer)", "2 layers cannot be converted")

    def test_hostile_files(self):
        w, b = some(3, 2), some(2)
        layers = [Layer("Dense", "d", [w, b], units=2)]
        model = keras.sequential([None, 3], layers)
        self.source = self.path("net.h5")

        def fresh(change):
            keras.hdf5(self.source, model, layers)
            with h5py.File(self.source, "r+") as f:
                del f["model_weights/d/d/weight_0:0"]
                change(f)
            self.refused("d (Dense)")

        fresh(lambda f: f.__setitem__("model_weights/d/d/weight_0:0", h5py.ExternalLink("/etc/passwd", "/x")))
        fresh(lambda f: f.__setitem__("model_weights/d/d/weight_0:0", h5py.SoftLink("/model_weights/d/d/weight_1:0")))
        fresh(lambda f: f.__setitem__("model_weights/d/d/weight_0:0", f["model_weights"]))
        fresh(lambda f: f.create_dataset("model_weights/d/d/weight_0:0", (1 << 30, 1 << 20), "f4", chunks=(1, 1 << 20)))
        fresh(lambda f: f.create_dataset("model_weights/d/d/weight_0:0", (3, 2), "f4", external=[(self.path("out"), 0, 24)]))
        fresh(lambda f: f.create_dataset("model_weights/d/d/weight_0:0", data=some(2, 3)))
        keras.hdf5(self.source, model, layers)
        with open(self.source, "rb") as f:
            data = f.read()
        for size in (9, 100, 600, len(data) // 2, len(data) - 100):
            self.file("net.h5", data[:size])
            self.refused("net.h5")

    def test_references_to_texts_that_lie(self):
        layers = [Layer("Dense", "d", [some(3, 2), some(2)], units=2)]
        model = keras.sequential([None, 3], layers)
        self.source = self.path("net.h5")
        keras.hdf5(self.source, model, layers)
        with open(self.source, "rb") as f:
            data = f.read()
        length = len(json.dumps(model))
        text = data.index(b'{"class_name"')
        heap = data.rindex(b"GCOL", 0, text)
        right = struct.pack("<IQ", length, heap)
        place = data.index(right)
        number = struct.unpack_from("<I", data, place + 12)[0]
        for lie in ((length + 4096, heap, number), (0xffffffff, heap, number), (length, heap, number + 1), (length, heap, 0),
                    (length, heap, 0xffff), (length, heap, 0xffffffff), (length, heap + 8, number), (length, len(data) - 4, number),
                    (length, 1 << 62, number), (length, (1 << 64) - 2, number)):
            self.file("net.h5", data[:place] + struct.pack("<IQI", *lie) + data[place + 16:])
            self.refused("damaged")
        for size in (0, 15, 1 << 40, (1 << 64) - 1):
            self.file("net.h5", data[:heap + 8] + struct.pack("<Q", size) + data[heap + 16:])
            self.refused("damaged")
        for size in (1 << 20, (1 << 64) - 1, (1 << 64) - 8): # of the text itself
            self.file("net.h5", data[:text - 8] + struct.pack("<Q", size) + data[text:])
            self.refused("damaged")

    def test_broken_archives(self):
        layers = [Layer("Dense", "d", [some(3, 2), some(2)], units=2)]
        model = keras.sequential([None, 3], layers)
        self.source = self.path("net.keras")
        keras.archive(self.source, model, layers, names=("config.json", "other.h5"))
        self.refused("model.weights.h5")
        keras.archive(self.source, {"class_name": "MyModel", "config": {}}, layers)
        self.refused("class of its own")
        keras.archive(self.source, model, layers)
        with open(self.source, "rb") as f:
            data = f.read()
        for size in (30, len(data) // 2, len(data) - 5):
            self.file("net.keras", data[:size])
            self.refused("net.keras")

    def test_a_wrong_answer_is_told(self):
        w = some(3, 2)
        layers = [Layer("Dense", "d", [w], units=2, use_bias=False)]
        self.source = self.path("net.h5")
        keras.hdf5(self.source, keras.sequential([None, 3], layers), layers)
        x = some(2, 3)
        np.savez(self.path("io.npz"), in_0=x, out_0=(x @ w) * 1.01)
        status, _, err = mote("convert", self.source, "-o", "net.tflite", "--check", "io.npz", cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertIn("differs by", err)
        np.save(self.path("in_0.npy"), x)
        np.save(self.path("out_0.npy"), x @ w)
        self.succeeds("convert", self.source, "-o", "net.tflite", "--check", "in_0.npy")

    def test_known_layers_are_listed(self):
        out = self.succeeds("convert", "--layers")
        for name in ("Conv2D", "LSTM", "MultiHeadAttention"):
            self.assertIn(name, out.split())


main()
