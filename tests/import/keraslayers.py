#!/usr/bin/env python3
"""Every layer of Keras that mote convert knows, against its definition in numpy, in float64. What has a test of its own in
keras.py is not here again; the last test asserts that no layer is without one."""
import json
import os
import re
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
from support import Case, main  # noqa: E402
import keraswrite as keras  # noqa: E402
from keraswrite import Layer, entry  # noqa: E402

RANDOM = np.random.RandomState(23)


def some(*dims, low=-1.0, high=1.0):
    return RANDOM.uniform(low, high, dims).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# ---- definitions; channels last, any number of dimensions ----

def spans(size, kernel, stride, dilation, same):
    """Places of a window, and zeros before and after."""
    reach = (kernel - 1) * dilation + 1
    count = -(-size // stride) if same else (size - reach) // stride + 1
    lack = max((count - 1) * stride + reach - size, 0) if same else 0
    return count, lack // 2, lack - lack // 2


def windows(x, kernel, stride=1, dilation=1, same=False, fill=0.0):
    """For each place of the kernel, what it meets."""
    n = len(kernel)
    plan = [spans(x.shape[1 + i], kernel[i], stride, dilation, same) for i in range(n)]
    x = np.pad(x.astype(np.float64), [(0, 0)] + [(p[1], p[2]) for p in plan] + [(0, 0)], constant_values=fill)
    for at in np.ndindex(*kernel):
        cut = [slice(a * dilation, a * dilation + (plan[i][0] - 1) * stride + 1, stride) for i, a in enumerate(at)]
        yield at, x[(slice(None), *cut)]


def conv(x, k, **how):
    return sum(v @ k[at].astype(np.float64) for at, v in windows(x, k.shape[:-2], **how))


def depthwise(x, k, **how):
    y = sum(v[..., None] * k[at].astype(np.float64) for at, v in windows(x, k.shape[:-2], **how))
    return y.reshape(*y.shape[:-2], -1)


def transposed(x, k, stride, same):
    """k[..., out, in]: every element spreads its kernel; same keeps the middle."""
    n = k.ndim - 2
    y = np.zeros((len(x), *[(x.shape[1 + i] - 1) * stride + max(k.shape[i], stride) for i in range(n)], k.shape[-2]))
    for at in np.ndindex(*k.shape[:n]):
        cut = tuple(slice(a, a + (x.shape[1 + i] - 1) * stride + 1, stride) for i, a in enumerate(at))
        y[(slice(None), *cut)] += x.astype(np.float64) @ k[at].T
    for i in range(n if same else 0):
        lack = max(k.shape[i] - stride, 0)
        y = np.take(y, range(lack // 2, lack // 2 + x.shape[1 + i] * stride), 1 + i)
    return y


def pool(x, size, how, **more):
    all_of = [v for _, v in windows(x, (size,) * (x.ndim - 2), fill=-np.inf if how == "max" else np.nan, **more)]
    return np.max(all_of, 0) if how == "max" else np.nanmean(all_of, 0)


def lstm(x, k, r, b, project=np.matmul, again=np.matmul):
    """All outputs and the last states; also of convolutions."""
    h = c = None
    out = []
    for t in range(x.shape[1]):
        z = project(x[:, t], k) + b
        if h is not None:
            z = z + again(h, r)
        i, f, g, o = np.split(z, 4, -1)
        c = sigmoid(i) * np.tanh(g) + (0 if c is None else sigmoid(f) * c)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.stack(out, 1), h, c


def simple(x, k, r, b):
    h, out = np.zeros((len(x), len(r))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ k + h @ r + b)
        out.append(h)
    return np.stack(out, 1)


class Layers(Case):
    def check(self, layers, feeds, wanted, shapes=None, kinds=("h5", "keras"), dtype="float32", outputs=None, version="2.11.0"):
        """layers: a chain behind the inputs, or one layer of them all."""
        layers = layers if isinstance(layers, list) else [layers]
        feeds, wanted = (v if isinstance(v, list) else [v] for v in (feeds, wanted))
        names = [f"x{i}" for i in range(len(feeds))]
        inputs = {n: ([None, *x.shape[1:]] if shapes is None else shapes[i], dtype) for i, (n, x) in enumerate(zip(names, feeds))}
        for i, k in enumerate(layers):
            k.inputs = names if not i else [layers[i - 1].name]
        ends = outputs or [layers[-1].name]
        np.savez(self.path("io.npz"), **{f"in_{i}": x for i, x in enumerate(feeds)},
                 **{f"out_{i}": np.asarray(w, np.float32) for i, w in enumerate(wanted)})
        for kind in kinds:
            source = self.path("net." + kind)
            model = keras.functional(inputs, layers, ends, 2 if kind == "h5" else 3)
            keras.hdf5(source, model, layers, version) if kind == "h5" else keras.archive(source, model, layers)
            said = json.loads(self.succeeds("convert", source, "-o", "net.tflite", "--check", "io.npz", "--json"))
            self.assertEqual(said["check"]["outputs"], len(wanted))
            self.assertLess(said["check"]["worst"], 1e-4, f"{layers[0].class_name} {layers[0].config}, {kind}")

    def test_layers_that_do_nothing(self):
        x = some(2, 4, 6, 3)
        for name in ("Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization",
                     "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
                     "RandomHeight", "RandomWidth", "RandomShear", "RandomHue", "RandomSaturation", "RandomSharpness",
                     "RandomColorDegeneration", "RandomColorJitter", "RandomErasing", "RandomGaussianBlur", "RandomGrayscale",
                     "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomElasticTransform", "Identity"):
            self.check([Layer(name, "n", rate=0.5), Layer("ReLU", "r")], x, np.maximum(x, 0), kinds=("h5",))
        for name, rank in (("SpatialDropout1D", 3), ("SpatialDropout3D", 5)):
            y = some(2, *[3] * (rank - 1))
            self.check([Layer(name, "n", rate=0.5), Layer("LeakyReLU", "r", alpha=0.1)], y, np.where(y > 0, y, 0.1 * y), kinds=("h5",))

    def test_convolutions(self):
        for n, names in ((1, ("Conv1D",)), (2, ("Conv2D", "Convolution2D")), (3, ("Conv3D", "Convolution3D"))):
            x, k, b = some(2, *(7, 6, 5)[:n], 4), some(*(3, 2, 2)[:n], 4, 6), some(6)
            for name in names:
                for how in (dict(), dict(same=True, stride=2), dict(dilation=2)):
                    layer = Layer(name, "c", [k, b], filters=6, padding="same" if how.get("same") else "valid",
                                  strides=[how.get("stride", 1)] * n, dilation_rate=[how.get("dilation", 1)] * n)
                    self.check(layer, x, conv(x, k, **how) + b, kinds=("h5",))
            grouped = np.concatenate([conv(x[..., :2], k[..., :2, :3]), conv(x[..., 2:], k[..., :2, 3:])], -1) + b
            self.check(Layer(names[0], "c", [k[..., :2, :], b], filters=6, groups=2), x, grouped, kinds=("keras",))

    def test_depthwise_and_separable(self):
        for n in (1, 2):
            x, k, b = some(2, *(7, 6)[:n], 3), some(*(3, 2)[:n], 3, 2), some(6)
            point, end = some(*[1] * n, 6, 4), some(4)
            names = ("SeparableConv1D",) if n == 1 else ("SeparableConv2D", "SeparableConvolution2D")
            for how in (dict(), dict(same=True, stride=2), dict(dilation=2)):
                config = dict(padding="same" if how.get("same") else "valid", strides=[how.get("stride", 1)] * n,
                              dilation_rate=[how.get("dilation", 1)] * n, depth_multiplier=2)
                y = depthwise(x, k, **how)
                self.check(Layer(f"DepthwiseConv{n}D", "c", [k, b], **config), x, y + b)
                for name in names:
                    self.check(Layer(name, "c", [k, point, end], filters=4, **config), x, conv(y, point) + end)

    def test_transposed(self):
        for n, names in ((1, ["Conv1DTranspose"]), (2, ["Conv2DTranspose", "Deconvolution2D"]), (3, ["Conv3DTranspose"])):
            x, b = some(2, *(4, 3, 3)[:n], 3), some(5)
            for name in names:
                for size, stride, padding in ((3, 1, "valid"), (3, 2, "same"), (2, 3, "valid"), (3, 2, "valid"), (4, 2, "same")):
                    k = some(*[size] * n, 5, 3)
                    self.check(Layer(name, "c", [k, b], filters=5, strides=[stride] * n, padding=padding), x,
                               transposed(x, k, stride, padding == "same") + b, kinds=("h5",))

    def test_pooling(self):
        for n in (1, 2, 3):
            x = some(2, *(7, 6, 5)[:n], 3)
            for kind, how in (("Max", "max"), ("Average", "mean")):
                for same in (False, True):
                    self.check(Layer(f"{kind}Pooling{n}D", "p", pool_size=[3] * n, strides=[2] * n, padding="same" if same else "valid"),
                               x, pool(x, 3, how, stride=2, same=same), kinds=("h5",))
                axes = tuple(range(1, n + 1))
                first = np.moveaxis(x, -1, 1)
                for keep in (False, True):
                    y = getattr(x, how)(axes, keepdims=keep)
                    self.check(Layer(f"Global{kind}Pooling{n}D", "g", keepdims=keep), x, y, kinds=("keras",))
                self.check(Layer(f"Global{kind}Pooling{n}D", "g", data_format="channels_first"), first, getattr(x, how)(axes), kinds=("h5",))
                y = x
                for i in range(n):
                    size = x.shape[1 + i]
                    cuts = [y.take(range(k * size // 2, -(-(k + 1) * size // 2)), 1 + i) for k in range(2)]
                    y = np.concatenate([getattr(c, how)(1 + i, keepdims=True) for c in cuts], 1 + i)
                self.check(Layer(f"Adaptive{kind}Pooling{n}D", "a", output_size=[2] * n), x, y, kinds=("keras",))

    def test_normalization(self):
        x, w = some(2, 4, 5, 3), [some(3), some(3), some(3), some(3, low=0.5, high=2)]
        wanted = (x - w[2]) / np.sqrt(w[3] + 0.01) * w[0] + w[1]
        for name in ("BatchNormalization", "SyncBatchNormalization"):
            self.check(Layer(name, "b", w, axis=-1, epsilon=0.01), x, wanted)
        self.check(Layer("BatchNormalization", "b", w[1:], axis=1, epsilon=0.01, scale=False), np.moveaxis(x, -1, 1),
                   np.moveaxis((x - w[2]) / np.sqrt(w[3] + 0.01) + w[1], -1, 1))
        self.check(Layer("Rescaling", "r", scale=[0.5, 2.0, 3.0], offset=[1.0, 0.0, -1.0]), x, x * [0.5, 2, 3] + [1, 0, -1])
        k, b = some(3, 4), some(4)
        inner = entry(Layer("Dense", "d", units=4))
        self.check(Layer("SpectralNormalization", "s", layer=inner, parts={"layer": [k, b]}), x, x @ k + b)

    def test_activations(self):
        x = some(2, 3, 4, low=-3, high=3).astype(np.float64)
        a = some(3, 4)
        e = np.exp(x - x.max(1, keepdims=True))
        for layer, y in ((Layer("ReLU", "l", max_value=2.0, negative_slope=0.25, threshold=0.5),
                          np.minimum(np.where(x >= 0.5, x, 0.25 * (x - 0.5)), 2)),
                         (Layer("ELU", "l", alpha=0.5), np.where(x > 0, x, 0.5 * np.expm1(x))),
                         (Layer("ThresholdedReLU", "l", theta=0.75), np.where(x > 0.75, x, 0)),
                         (Layer("PReLU", "l", [a]), np.where(x > 0, x, a * x)),
                         (Layer("Softmax", "l", axis=1), e / e.sum(1, keepdims=True)),
                         (Layer("Activation", "l", activation="relu"), np.maximum(x, 0))):
            self.check(layer, x.astype(np.float32), y)

    def test_merges(self):
        x, y, z = (some(2, 3, 4) for _ in range(3))
        for name, wanted in (("Add", x + y + z), ("Multiply", x * y * z), ("Average", (x + y + z) / 3), ("Maximum", np.maximum(np.maximum(x, y), z)),
                             ("Minimum", np.minimum(np.minimum(x, y), z))):
            self.check(Layer(name, "m"), [x, y, z], wanted)
        self.check(Layer("Subtract", "m"), [x, y], x - y)
        self.check(Layer("Concatenate", "m", axis=1), [x, y], np.concatenate([x, y], 1))
        self.check(Layer("Dot", "m", axes=[2, 2]), [x, y], np.einsum("bij,bkj->bik", x, y))
        u = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y)]
        self.check(Layer("Dot", "m", axes=1, normalize=True), [x, y], np.einsum("bij,bik->bjk", *u))

    def test_shapes(self):
        x = some(2, 3, 4)
        for layer, y in ((Layer("Flatten", "s"), x.reshape(2, 12)), (Layer("Reshape", "s", target_shape=[2, -1]), x.reshape(2, 2, 6)),
                         (Layer("Permute", "s", dims=[2, 1]), x.transpose(0, 2, 1)), (Layer("InputLayer", "s"), x)):
            if layer.class_name != "InputLayer":
                self.check(layer, x, y)
        self.check(Layer("RepeatVector", "s", n=3), x[:, 0], np.repeat(x[:, :1], 3, 1))
        for n in (1, 2, 3):
            x = some(2, *(5, 6, 7)[:n], 2)
            sides = [(1, 2), (2, 1), (1, 1)][:n]
            said = sides[0] if n == 1 else sides
            self.check(Layer(f"ZeroPadding{n}D", "s", padding=said), x, np.pad(x, [(0, 0), *sides, (0, 0)]))
            cut = tuple(slice(a, x.shape[1 + i] - b) for i, (a, b) in enumerate(sides))
            self.check(Layer(f"Cropping{n}D", "s", cropping=said), x, x[(slice(None), *cut)])
            y = x
            for i in range(n):
                y = y.repeat(2 + i, 1 + i)
            self.check(Layer(f"UpSampling{n}D", "s", size=2 if n == 1 else [2, 3, 4][:n]), x, y)

    def test_pictures(self):
        x = some(2, 4, 6, 3)
        self.check(Layer("CenterCrop", "s", height=2, width=3), x, x[:, 1:3, 1:4])
        rows, cols = (np.floor((np.arange(n) + 0.5) * s / n).astype(int) for n, s in ((8, 4), (3, 6)))
        self.check(Layer("Resizing", "s", height=8, width=3, interpolation="nearest"), x, x[:, rows][:, :, cols])
        y = x.astype(np.float64)
        for axis, size in ((1, 7), (2, 9)):
            at = np.clip((np.arange(size) + 0.5) * y.shape[axis] / size - 0.5, 0, y.shape[axis] - 1)
            low = np.floor(at).astype(int)
            high = np.minimum(low + 1, y.shape[axis] - 1)
            part = (at - low).reshape([-1 if i == axis else 1 for i in range(4)])
            y = y.take(low, axis) * (1 - part) + y.take(high, axis) * part
        self.check(Layer("Resizing", "s", height=7, width=9, interpolation="bilinear"), x, y)

    def test_categories(self):
        x = np.array([[1, 3, 1], [0, 2, 3]], np.int32)
        hot = np.eye(4)[x]
        for mode, y in (("multi_hot", hot.max(1)), ("count", hot.sum(1))):
            self.check(Layer("CategoryEncoding", "c", num_tokens=4, output_mode=mode), x, y, dtype="int32")
        self.check(Layer("CategoryEncoding", "c", num_tokens=4, output_mode="one_hot"), x[:, :1], np.eye(4)[x[:, 0]], dtype="int32")
        table = some(4, 5)
        self.check(Layer("Embedding", "e", [table], input_dim=4, output_dim=5), x, table[x], dtype="int32")

    def test_words(self):
        words = ["cat", "dog", "a horse"]
        x = np.array([["dog", "cow"], ["a horse", "cat"], ["", "do"]], "S")
        for more, y in (({}, [[2, 0], [3, 1], [0, 0]]), ({"mask_token": ""}, [[3, 1], [4, 2], [0, 1]]),
                        ({"output_mode": "multi_hot"}, [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0]]),
                        ({"output_mode": "count"}, [[1, 0, 1, 0], [0, 1, 0, 1], [2, 0, 0, 0]])):
            layer = Layer("StringLookup", "s", inputs=["x"], vocabulary=words, num_oov_indices=1, **more)
            source = self.path("net.keras")
            keras.archive(source, keras.functional({"x": ([None, 2], "string")}, [layer], ["s"], 3), [layer])
            self.succeeds("convert", source, "-o", "net.tflite")
            np.save(self.path("x.npy"), x)
            self.succeeds("run", "net.tflite", "--input", "0=x.npy", "--output-dir", "out")
            (made,) = os.listdir(self.path("out"))
            np.testing.assert_array_equal(np.load(self.path(os.path.join("out", made))), y, str(more))

    # ---- recurrent ----

    def test_masks(self):
        x, k, r, b = some(2, 5, 3), some(3, 4), some(4, 4), some(4)
        x[0, 3:] = 0
        wanted = simple(x[:, :], k, r, b)
        wanted = np.stack([wanted[0, 2], wanted[1, 4]])
        layers = [Layer("Masking", "m", mask_value=0.0), Layer("SimpleRNN", "s", [k, r, b], units=4)]
        self.check(layers, x, wanted, kinds=("h5",))
        full = simple(x, k, r, b)
        full[0, 3:] = 0
        layers[1] = Layer("SimpleRNN", "s", [k, r, b], units=4, return_sequences=True, zero_output_for_mask=True)
        self.check(layers, x, full, kinds=("h5",))

    def test_cells_in_rnn(self):
        x, k, r, b = some(2, 5, 3), some(3, 4), some(4, 4), some(4)
        w = [some(4, 8), some(2, 8), some(8)]
        cell = entry(Layer("SimpleRNNCell", "c", units=4))
        self.check(Layer("RNN", "r", parts={"cell": [k, r, b]}, cell=cell, return_sequences=True), x, simple(x, k, r, b))
        cells = {"class_name": "StackedRNNCells", "config": {"cells": [cell, entry(Layer("LSTMCell", "d", units=2))]}}
        parts = {"cell/cells/simple_rnn_cell": [k, r, b], "cell/cells/lstm_cell": w}
        self.check(Layer("RNN", "r", parts=parts, cell=cells), x, lstm(simple(x, k, r, b), *w)[1])

    def test_both_directions(self):
        x = some(2, 5, 3)
        w = [[some(3, 16), some(4, 16), some(16)] for _ in range(2)]
        fore, back = lstm(x, *w[0])[0], lstm(x[:, ::-1], *w[1])[0]
        for sequences in (True, False):
            one, two = (fore, back[:, ::-1]) if sequences else (fore[:, -1], back[:, -1])
            inner = entry(Layer("LSTM", "l", units=4, return_sequences=sequences))
            for mode, y in (("concat", np.concatenate([one, two], -1)), ("sum", one + two), ("mul", one * two), ("ave", (one + two) / 2)):
                parts = {"forward_layer/cell": w[0], "backward_layer/cell": w[1]}
                self.check(Layer("Bidirectional", "b", parts=parts, layer=inner, merge_mode=mode), x, y)
            self.check(Layer("Bidirectional", "b", parts=parts, layer=inner, merge_mode=None), x, [one, two],
                       outputs=["b", ("b", 0, 1)], kinds=("keras",))

    def test_states_come_out(self):
        x, w = some(2, 5, 3), [some(3, 16), some(4, 16), some(16)]
        out, h, c = lstm(x, *w)
        for unroll in (False, True):
            self.check(Layer("LSTM", "l", parts={"cell": w}, units=4, return_sequences=True, return_state=True, unroll=unroll), x, [out, h, c],
                       outputs=["l", ("l", 0, 1), ("l", 0, 2)])

    def test_cudnn(self):
        x, k, r, b = some(2, 5, 3), some(3, 16), some(4, 16), some(32)
        self.check(Layer("CuDNNLSTM", "l", [k, r, b], units=4), x, lstm(x, k, r, b[:16] + b[16:])[1], kinds=("h5",))
        k, r, b = some(3, 12), some(4, 12), some(24)
        h = np.zeros((2, 4))
        for t in range(5):
            i, n = x[:, t] @ k + b[:12], h @ r + b[12:]
            z, g = sigmoid(i[:, :4] + n[:, :4]), sigmoid(i[:, 4:8] + n[:, 4:8])
            h = z * h + (1 - z) * np.tanh(i[:, 8:] + g * n[:, 8:])
        self.check(Layer("CuDNNGRU", "g", [k, r, b], units=4), x, h, kinds=("h5",))

    def test_lstm_of_convolutions(self):
        for n in (1, 2, 3):
            x, k, r, b = some(2, 3, *(5, 4, 3)[:n], 2), some(*[3] * n, 2, 12), some(*[3] * n, 3, 12), some(12)
            for same in (False, True):
                y = lstm(x, k, r, b, lambda v, w: conv(v, w, same=same), lambda v, w: conv(v, w, same=True))
                for sequences in (False, True):
                    layer = Layer(f"ConvLSTM{n}D", "c", parts={"cell": [k, r, b]}, filters=3, padding="same" if same else "valid",
                                  return_sequences=sequences, recurrent_activation="sigmoid")
                    self.check(layer, x, y[0] if sequences else y[1], kinds=("h5",))

    def test_time_distributed(self):
        x, k, b = some(2, 3, 6, 5, 2), some(3, 3, 2, 4), some(4)
        inner = entry(Layer("Conv2D", "c", filters=4))
        wanted = conv(x.reshape(6, 6, 5, 2), k).reshape(2, 3, 4, 3, 4) + b
        self.check(Layer("TimeDistributed", "t", parts={"layer": [k, b]}, layer=inner), x, wanted)

    # ---- all of them ----

    def test_no_layer_is_without_a_test(self):
        text = ""
        for name in ("keras.py", "keraslayers.py"):
            with open(os.path.join(HERE, name), encoding="utf-8") as f:
                text += f.read()
        named = set(re.findall(r'"([A-Za-z0-9]+)"', text))
        for stem, kinds in (("Pooling", ("Max", "Average", "GlobalMax", "GlobalAverage", "AdaptiveMax", "AdaptiveAverage")),
                            ("", ("ZeroPadding", "Cropping", "UpSampling", "ConvLSTM", "DepthwiseConv"))):
            named |= {f"{kind}{stem}{n}D" for kind in kinds for n in (1, 2, 3)} # made by number above
        known = re.findall(r"^Keras +(\w+)$", self.succeeds("convert", "--layers"), re.M)
        self.assertGreater(len(known), 90)
        self.assertEqual([k for k in known if k not in named], [])


main()
