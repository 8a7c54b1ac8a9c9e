#!/usr/bin/env python3
"""mote quantize: networks of integers, and what they cost."""
import os

from support import DIGITS, Case, floats, main, npy


class Quantize(Case):
    def samples(self, count=30):
        """Stripes at many places, as pictures of digits might be."""
        rows = []
        for i in range(count):
            rows += [1.0 if (x + y * (i % 5)) % (7 + i % 3) < 2 else -1.0 for y in range(28) for x in range(28)]
        return self.file("samples.npy", npy([count, 28, 28, 1], "<f4", floats(*rows)))

    def test_int8(self):
        data = self.samples()
        out = self.succeeds("quantize", DIGITS, "-o", "small.tflite", "--data", data)
        self.assertRegex(out, r"digits\.tflite: .*\nsmall\.tflite: .*, int8, (\d+) of \1 operators\n  calibrated on 24 samples in ")
        self.assertEqual(self.succeeds("verify", "small.tflite"), "small.tflite: ok\n")
        before, after = self.json("info", DIGITS), self.json("info", "small.tflite")
        for key in ("inputs", "outputs", "signatures"):
            self.assertEqual(before.get(key), after.get(key), key)

    def test_kinds(self):
        data = self.samples()
        sizes = {}
        for kind, least in (("int8", 15), ("int16x8", 18), ("dynamic", 15), ("float16", 40), ("int4", 0)):
            said = self.json("quantize", DIGITS, "-o", "small.tflite", "--kind", kind, "--data", data)
            self.assertEqual(said["kind"], kind)
            self.assertEqual(said["samples"], 6)
            self.assertGreater(said["sqnr"], least, kind)
            self.assertEqual(said["after"]["bytes"], os.path.getsize(self.path("small.tflite")))
            self.assertEqual(self.succeeds("verify", "small.tflite"), "small.tflite: ok\n")
            sizes[kind] = said["after"]["bytes"]
        self.assertLess(sizes["int4"], sizes["int8"])
        self.assertLess(sizes["int8"], sizes["float16"])
        self.assertLess(sizes["float16"], os.path.getsize(DIGITS))

    def test_integer_ends(self):
        self.succeeds("quantize", DIGITS, "-o", "small.tflite", "--data", self.samples(), "--io", "uint8", "--strict")
        said = self.json("info", "small.tflite")
        self.assertEqual([t["type"] for t in said["inputs"] + said["outputs"]], ["uint8", "uint8"])

    def test_promise(self):
        data = self.samples()
        said = self.json("quantize", DIGITS, "-o", "a.tflite", "--kind=int2", "--data", data, "--max-drop", "1%")
        self.assertTrue(said["promise"])
        self.assertGreaterEqual(said["top1"], 0.99)

    def test_refusals(self):
        for args, status, says in (
            ([DIGITS, "-o", "a.tflite", "--kind", "int8"], 1, "integer activations need samples"),
            ([DIGITS, "-o", "a.tflite", "--kind", "int3"], 2, "--kind takes auto, dynamic"),
            ([DIGITS, "-o", "a.tflite", "--io", "int5"], 2, "--io takes float"),
            ([DIGITS, "-o", "a.tflite", "--max-drop", "much"], 2, "--max-drop takes a share"),
            ([DIGITS, "-o", "a.tflite", "--calibration", "guess"], 2, "--calibration takes"),
            ([DIGITS], 2, "quantize takes one model and -o OUT"),
        ):
            self.fails(status, ["quantize", *args], says)
            self.assertFalse(os.path.exists(self.path("a.tflite")))


if __name__ == "__main__":
    main()
