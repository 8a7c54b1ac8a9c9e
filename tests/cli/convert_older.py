#!/usr/bin/env python3
"""mote convert --for-runtime: operators that a runtime is too old for, from older ones that give the same numbers."""
import struct

from support import Case, Net, floats, main, read_npy


def ints(*values):
    return struct.pack(f"<{len(values)}i", *values)


class Older(Case):
    def outputs(self, model):
        self.succeeds("run", model, "--random", "--seed", "5")
        data = read_npy(self.path("output_0.npy"))[2]
        return struct.unpack(f"<{len(data) // 4}f", data)

    def same(self, network, runtime, *names):
        """Both networks give the same numbers, and the rewrites named were applied."""
        net = self.net("new.tflite", network)
        said = self.json("convert", net, "-o", "old.tflite", "--for-runtime", runtime, "--no-rewrites")
        self.assertEqual([r["name"] for r in said["rewrites"]], list(names))
        self.succeeds("verify", "old.tflite")
        for a, b in zip(self.outputs(net), self.outputs("old.tflite"), strict=True):
            self.assertAlmostEqual(a, b, delta=1e-5 * max(1, abs(a)))
        return said

    def one(self, name, options=None, shape=(2, 3), more=(), out=None):
        n = Net()
        x = n.tensor("x", "FLOAT32", list(shape))
        inputs = [x] + [n.tensor(f"c{i}", kind, dims, data=data) for i, (kind, dims, data) in enumerate(more)]
        y = n.tensor("y", "FLOAT32", list(out or shape))
        n.op(name, inputs, [y], options)
        n.ends([x], [y])
        return n

    def test_activations(self):
        self.same(self.one("GELU", ("GeluOptions", {"approximate": True})), "2.5", "older-gelu")
        self.same(self.one("HARD_SWISH"), "1.14", "older-hard-swish")
        self.same(self.one("RELU_0_TO_1"), "2.5", "older-relu-0-to-1")
        self.fails(1, ("convert", self.net("g.tflite", self.one("GELU")), "-o", "x.tflite", "--for-runtime", "2.5"),
                   "GELU version 1 (since 2.9.0)")

    def test_what_a_runtime_has_stays(self):
        gelu = self.one("GELU", ("GeluOptions", {"approximate": True}))
        self.assertEqual(self.same(gelu, "2.9")["operators"], 1)

    def test_select(self):
        n = self.one("SELECT_V2", ("SelectV2Options", {}), shape=(3,))
        mask = n.tensor("mask", "BOOL", [3], data=b"\1\0\1")
        other = n.tensor("other", "FLOAT32", [3], data=floats(7, 8, 9))
        n.graph["operators"][0]["inputs"] = [mask, 0, other]
        self.same(n, "2.1", "older-select")

    def test_broadcast(self):
        n = self.one("BROADCAST_TO", ("BroadcastToOptions", {}), (3,), [("INT32", [2], ints(4, 3))], (4, 3))
        self.same(n, "2.4", "older-broadcast")

    def test_dense(self):
        weights = ("FLOAT32", [2, 3], floats(1, 2, 3, -4, 5, -6))
        n = self.one("FULLY_CONNECTED", ("FullyConnectedOptions", {}), (4, 3), [weights], (4, 2))
        self.same(n, "1.15", "older-dense-bias")
        n = self.one("FULLY_CONNECTED", ("FullyConnectedOptions", {"keep_num_dims": True}), (2, 4, 3), [weights],
                     (2, 4, 2))
        self.same(n, "1.15", "older-dense-bias", "older-dense-shape")

    def test_transposed_convolution(self):
        n = Net()
        shape = n.tensor("shape", "INT32", [4], data=ints(1, 4, 4, 1))
        weights = n.tensor("w", "FLOAT32", [1, 2, 2, 2], data=floats(1, -2, 3, 4, -5, 6, 7, -8))
        x = n.tensor("x", "FLOAT32", [1, 2, 2, 2])
        bias = n.tensor("b", "FLOAT32", [1], data=floats(0.25))
        y = n.tensor("y", "FLOAT32", [1, 4, 4, 1])
        n.op("TRANSPOSE_CONV", [shape, weights, x, bias], [y],
             ("TransposeConvOptions", {"padding": "SAME", "stride_w": 2, "stride_h": 2,
                                       "fused_activation_function": "RELU"}))
        n.ends([x], [y])
        self.same(n, "2.3", "older-transposed-activation")
        self.same(n, "2.2", "older-transposed-activation", "older-transposed-bias")


if __name__ == "__main__":
    main()
