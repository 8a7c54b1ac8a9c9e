#!/usr/bin/env python3
"""mote cluster: weights that share a few values."""
import os

from support import DIGITS, Case, adder, floats, main, mote, npy


class Cluster(Case):
    def test_packs_better(self):
        out = self.succeeds("cluster", DIGITS, "-o", "small.tflite", "--clusters", "16")
        self.assertRegex(out, r"digits\.tflite: .*\nsmall\.tflite: .*; the weights of \d+ layers have at most 16 values each\n$")
        self.assertEqual(self.succeeds("verify", "small.tflite"), "small.tflite: ok\n")
        said = self.json("cluster", DIGITS, "-o", "again.tflite", "--clusters=16")
        self.assertEqual(said["after"]["bytes"], os.path.getsize(self.path("again.tflite")))
        if said["after"]["zipped"]:
            self.assertLess(said["after"]["zipped"], said["before"]["zipped"])
        for layer in said["layers"]:
            self.assertLessEqual(layer["values"], 16)
        with open(self.path("small.tflite"), "rb") as a, open(self.path("again.tflite"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_samples(self):
        rows = [((i * 37 + k * 11) % 101) / 50 - 1 for i in range(20) for k in range(784)]
        data = self.file("samples.npy", npy([20, 28, 28, 1], "<f4", floats(*rows)))
        said = self.json("cluster", DIGITS, "-o", "small.tflite", "--clusters", "8", "--data", data)
        self.assertEqual(said["samples"], 4)
        self.assertIsNotNone(said["sqnr"])
        for layer in said["layers"]:
            self.assertLessEqual(layer["values"], 8)
        self.assertIn("on 4 samples held back", self.succeeds("cluster", DIGITS, "-o", "b.tflite", "--clusters", "8",
                                                              "--data", data))

    def test_layers(self):
        out = self.succeeds("cluster", DIGITS, "-o", "small.tflite", "--clusters", "8", "--layers", "--start", "density")
        self.assertIn("CONV_2D", out)
        kept = self.json("cluster", DIGITS, "-o", "small.tflite", "--clusters", "8", "--keep", "FULLY_CONNECTED")
        self.assertNotIn("FULLY_CONNECTED", [layer["op"] for layer in kept["layers"]])
        self.assertEqual(self.succeeds("cluster", DIGITS, "-o", "small.tflite", "--clusters", "8", "--quiet"), "")

    def test_what_is_wrong(self):
        for args in (["a", "-o", "b"], ["a", "--clusters", "4"], ["-o", "b", "--clusters", "4"],
                     ["a", "-o", "b", "--clusters", "1"], ["a", "-o", "b", "--clusters", "4", "--start", "near"]):
            self.assertEqual(mote("cluster", *args, cwd=self.folder)[0], 2, args)
        net = self.net("a.tflite", adder())
        self.fails(1, ["cluster", net, "-o", "b.tflite", "--clusters", "4"], "no layer of the network has weights")
        self.assertFalse(os.path.exists(self.path("b.tflite")))


if __name__ == "__main__":
    main()
