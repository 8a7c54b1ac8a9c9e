#!/usr/bin/env python3
"""mote convert: .tflite to .tflite, JSON, C and back."""
import json
import os
import subprocess

from support import DIGITS, Case, adder, floats, main, mote, npy, read_npy


class Convert(Case):
    def test_a_file_once_more(self):
        out = self.succeeds("convert", DIGITS, "-o", "again.tflite")
        self.assertRegex(out, r"again\.tflite: \d+ operators \(\d+ before rewrites\), .* parameters, ")
        self.assertRegex(out, r"runs on TensorFlow Lite \d+\.\d+\.\d+ and newer\n$")
        self.assertEqual(self.succeeds("verify", "again.tflite"), "again.tflite: ok\n")
        before, after = self.json("info", DIGITS), self.json("info", "again.tflite")
        for key in ("inputs", "outputs", "signatures", "parameters"):
            self.assertEqual(before.get(key), after.get(key), key)

    def test_the_same_twice(self):
        self.succeeds("convert", DIGITS, "-o", "a.tflite")
        self.succeeds("convert", "a.tflite", "--output=b.tflite")
        with open(self.path("a.tflite"), "rb") as a, open(self.path("b.tflite"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_json_and_back(self):
        self.succeeds("convert", DIGITS, "-o", "a.tflite")
        self.succeeds("convert", DIGITS, "-o", "a.json")
        with open(self.path("a.json"), encoding="utf-8") as f:
            self.assertIn("operator_codes", json.load(f))
        self.succeeds("convert", "a.json", "-o", "b.tflite")
        self.succeeds("verify", "b.tflite")
        self.assertEqual(self.json("info", "a.tflite")["inputs"], self.json("info", "b.tflite")["inputs"])

    def test_a_c_array(self):
        self.succeeds("convert", DIGITS, "-o", "my-net.c")
        self.succeeds("convert", DIGITS, "-o", "my-net.tflite")
        self.file("main.c", '#include <stdio.h>\n#include "my-net.h"\n'
                  "int main(void) { return fwrite(my_net, 1, my_net_size, stdout) != my_net_size; }\n")
        cc = os.environ.get("CC", "cc")
        try:
            subprocess.run([cc, "-Wall", "-Werror", "-pedantic", "-std=c11", "main.c", "my-net.c", "-o", "main"],
                           cwd=self.folder, check=True)
        except FileNotFoundError:
            self.skipTest(f"there is no {cc}")
        said = subprocess.run([self.path("main")], stdout=subprocess.PIPE, check=True).stdout
        with open(self.path("my-net.tflite"), "rb") as f:
            self.assertEqual(said, f.read())

    def test_summary_as_json(self):
        said = self.json("convert", DIGITS, "-o", "a.tflite")
        self.assertEqual(said["kind"], "TensorFlow Lite")
        self.assertEqual(said["bytes"], os.path.getsize(self.path("a.tflite")))
        self.assertLessEqual(said["operators"], said["operators_before"])
        self.assertEqual(self.succeeds("convert", DIGITS, "-o", "a.tflite", "--quiet"), "")

    def test_rewrites_are_told_and_can_be_left_out(self):
        n = adder()
        n.op("RELU", [1], [n.tensor("z", "FLOAT32", [1, 3])])
        n.ends([0], [2])
        net = self.net("a.tflite", n)
        said = self.json("convert", net, "-o", "b.tflite")
        self.assertEqual([(r["name"], r["count"]) for r in said["rewrites"]], [("fuse-activation", 1)])
        self.assertIn("   1 x fuse-activation ", self.succeeds("convert", net, "-o", "b.tflite"))
        self.assertEqual(self.json("convert", net, "-o", "b.tflite", "--without", "fuse-activation")["rewrites"], [])
        self.assertEqual(self.json("convert", net, "-o", "b.tflite", "--no-rewrites")["operators"], 2)

    def test_old_runtimes(self):
        net = self.net("a.tflite", adder("INT64"))
        self.succeeds("convert", net, "-o", "b.tflite", "--for-runtime", "2.6")
        status, _, err = mote("convert", net, "-o", "c.tflite", "--for-runtime=2.5", cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertIn("ADD version 4 (since 2.6.0)", err)
        self.assertFalse(os.path.exists(self.path("c.tflite")))

    def test_weights_as_float16(self):
        n = adder()
        w = n.tensor("w", "FLOAT32", [3], data=floats(0.5, 1e6, -3))
        n.op("MUL", [1, w], [n.tensor("z", "FLOAT32", [1, 3])], ("MulOptions", {}))
        n.ends([0], [3])
        net = self.net("a.tflite", n)
        said = self.json("convert", net, "-o", "b.tflite", "--float16",
                         notes="1 weights, the first of 'w', lie past +-65504")
        self.assertEqual(said["runtime"], "1.15.0")
        self.succeeds("verify", "b.tflite")
        self.succeeds("run", "b.tflite", "--input", "x=" + self.file("x.npy", npy([1, 3], "<f4", floats(1, 1, 2))))
        self.assertEqual(read_npy(self.path("output_0.npy"))[2], floats(1, 2 * 65504, -12))
        self.succeeds("convert", DIGITS, "-o", "c.tflite", "--float16")
        self.succeeds("convert", "c.tflite", "-o", "d.tflite", "--float16", "--no-rewrites")
        self.assertEqual(os.path.getsize(self.path("c.tflite")), os.path.getsize(self.path("d.tflite")))

    def test_what_is_wrong_is_told(self):
        for source, words in ((self.file("empty", b""), "empty"), (self.file("x.h5", b"\x89HDF\r\n\x1a\nrest"), "HDF5"),
                              (self.file("y", b"hello, world"), "of no kind"), ("/nowhere", "No such file"),
                              (self.file("z.tflite", b"\x1c\0\0\0TFL3" + b"\xff" * 40), "z.tflite")):
            status, out, err = mote("convert", source, "-o", "out.tflite", cwd=self.folder)
            self.assertEqual((status, out), (1, ""), source)
            self.assertIn(words, err)
            self.assertEqual(err.count("\n"), 1)
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if n.startswith("out")), [])
        for args in ((DIGITS,), ("-o", "x"), (DIGITS, DIGITS, "-o", "x"), (DIGITS, "-o")):
            self.assertEqual(mote("convert", *args, cwd=self.folder)[0], 2)


if __name__ == "__main__":
    main()
