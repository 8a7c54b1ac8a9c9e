#!/usr/bin/env python3
"""mote prune: weights that become zero, channels that go."""
import os

from support import DIGITS, SEVEN, Case, adder, floats, main, mote, npy, ppm


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

    def samples(self, count=30):
        """Stripes at many places, as pictures of digits might be."""
        rows = []
        for i in range(count):
            rows += [1.0 if (x + y * (i % 5)) % (7 + i % 3) < 2 else -1.0 for y in range(28) for x in range(28)]
        return self.file("samples.npy", npy([count, 28, 28, 1], "<f4", floats(*rows)))

    def test_samples_save_most_of_the_loss(self):
        data = self.samples()
        whole = self.json("prune", DIGITS, "-o", "a.tflite", "--sparsity", "0.6", "--data", data)
        self.assertEqual(whole["samples"], 6)
        rough = self.json("prune", DIGITS, "-o", "b.tflite", "--sparsity", "0.6", "--data", data, "--no-repair")
        self.assertGreater(whole["sqnr"], rough["sqnr"])
        self.assertAlmostEqual(whole["left"], rough["left"], delta=2)
        out = self.succeeds("prune", DIGITS, "-o", "a.tflite", "--sparsity", "0.6", "--data", data)
        self.assertRegex(out, r"on 6 samples held back the outputs are within -?[0-9.]+ dB, the largest is the same in ")
        self.assertEqual(self.succeeds("verify", "a.tflite"), "a.tflite: ok\n")

    def test_a_folder_of_pictures(self):
        os.mkdir(self.path("pictures"))
        for i in range(8):
            self.file(f"pictures/{i}.ppm", ppm(9, 9, [40 * (i % 6), 90, 10 * i]))
        self.file("pictures/9.txt", "no picture")
        with open(SEVEN, "rb") as f:
            self.file("pictures/seven.png", f.read())
        said = self.json("prune", DIGITS, "-o", "a.tflite", "--pattern", "channels", "--sparsity", "0.3", "--data", "pictures",
                         notes="is neither picture, sound")
        self.assertGreater(said["samples"], 0)

    def test_samples_that_are_none(self):
        os.mkdir(self.path("empty"))
        start = ["prune", DIGITS, "-o", "b.tflite", "--sparsity", "0.4", "--data"]
        self.fails(1, start + ["empty"], "is empty")
        self.fails(1, start + ["nowhere"], "nowhere", "No such file")
        self.fails(1, start + [self.file("x.npy", npy([4, 7, 7, 1], "<f4", floats(*[0.5] * 196)))], "28")
        self.fails(1, start + [self.file("y.npy", npy([0, 28, 28, 1], "<f4", b""))], "holds no samples")
        self.fails(2, start + [self.samples(3), "--std", "0"], "--std takes numbers other than 0")
        self.assertFalse(os.path.exists(self.path("b.tflite")))

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
