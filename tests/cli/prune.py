#!/usr/bin/env python3
"""mote prune: weights that become zero, channels that go."""
import os

from support import DIGITS, Case, adder, main, mote


class Prune(Case):
    def test_zeros_zip_and_are_left_out(self):
        out = self.succeeds("prune", DIGITS, "-o", "small.tflite", "--sparsity", "0.8")
        self.assertRegex(out, r"digits\.tflite: .*\nsmall\.tflite: .*\n.* of .* weights, .* of .* multiply-adds are left\n$")
        self.assertEqual(self.succeeds("verify", "small.tflite"), "small.tflite: ok\n")
        full = self.json("prune", DIGITS, "-o", "full.tflite", "--sparsity=0.8")
        sparse = self.json("prune", DIGITS, "-o", "sparse.tflite", "--sparsity=0.8", "--encode")
        self.assertAlmostEqual(full["left"] / full["weights"], 0.2, 2)
        self.assertEqual(full["left"], sparse["left"])
        self.assertEqual(sparse["after"]["bytes"], os.path.getsize(self.path("sparse.tflite")))
        self.assertLess(sparse["after"]["bytes"], full["after"]["bytes"] * 0.7)
        if full["after"]["zipped"]:
            self.assertLess(full["after"]["zipped"], full["before"]["zipped"] * 0.7)
        self.assertTrue(any(layer["encoded"] for layer in sparse["layers"]))
        self.assertEqual(self.succeeds("verify", "sparse.tflite"), "sparse.tflite: ok\n")

    def test_channels(self):
        said = self.json("prune", DIGITS, "-o", "narrow.tflite", "--pattern", "channels", "--sparsity", "0.4")
        self.assertLess(said["channels"], said["channels_before"])
        self.assertLess(said["after"]["bytes"], said["before"]["bytes"] * 0.75)
        before, after = self.json("info", DIGITS), self.json("info", "narrow.tflite")
        self.assertLess(after["parameters"], before["parameters"])
        for key in ("inputs", "outputs", "signatures"):
            self.assertEqual(before.get(key), after.get(key), key)
        macs = said["macs_before"] // 2
        said = self.json("prune", DIGITS, "-o", "fast.tflite", "--pattern=channels", f"--macs={macs}")
        self.assertLessEqual(said["macs"], macs)

    def test_sizes(self):
        most = os.path.getsize(DIGITS) // 2
        for args in (["--encode"], ["--pattern", "channels"]):
            self.succeeds("prune", DIGITS, "-o", "small.tflite", f"--size={most}", *args)
            self.assertLessEqual(os.path.getsize(self.path("small.tflite")), most)

    def test_layers(self):
        out = self.succeeds("prune", DIGITS, "-o", "a.tflite", "--pattern", "2:4", "--layers")
        self.assertIn("CONV_2D", out)
        kept = self.json("prune", DIGITS, "-o", "a.tflite", "--sparsity", "0.5", "--keep", "FULLY_CONNECTED,x")
        self.assertNotIn("FULLY_CONNECTED", [layer["op"] for layer in kept["layers"]])
        self.assertEqual(self.succeeds("prune", DIGITS, "-o", "a.tflite", "--sparsity", "0.5", "--quiet"), "")

    def test_what_is_wrong(self):
        for args in (["a", "-o", "b"], [DIGITS, "--sparsity", "0.4"], ["-o", "b", "--sparsity", "0.4"],
                     [DIGITS, "-o", "b", "--sparsity", "1"], [DIGITS, "-o", "b", "--sparsity", "0"],
                     [DIGITS, "-o", "b", "--sparsity", "0.5", "--pattern", "3:4"], [DIGITS, "-o", "b", "--macs", "x"],
                     [DIGITS, "-o", "b", "--size", "10k"], [DIGITS, "-o", "b", "--sparsity=0.5", "--macs=10k"]):
            self.assertEqual(mote("prune", *args, cwd=self.folder)[0], 1 if args[0] == "a" else 2, args)
        net = self.net("a.tflite", adder())
        self.fails(1, ["prune", net, "-o", "b.tflite", "--sparsity", "0.4"], "no layer of the network has weights")
        self.fails(1, ["prune", net, "-o", "b.tflite", "--sparsity", "0.4", "--pattern", "channels"], "no channel can go")
        self.fails(1, ["prune", DIGITS, "-o", "b.tflite", "--size", "1k", "--encode"], "1024 bytes cannot be reached")
        self.assertFalse(os.path.exists(self.path("b.tflite")))


if __name__ == "__main__":
    main()
