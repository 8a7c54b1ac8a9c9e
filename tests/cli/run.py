#!/usr/bin/env python3
"""mote run: anything in, .npy out."""
import os
import struct

from support import (DIGITS, SEVEN, Case, Net, adder, floats, main, npy, ppm, read_npy, scorer, wav)


class Run(Case):
    def output(self, index=0, folder="."):
        return read_npy(os.path.join(self.folder, folder, f"output_{index}.npy"))

    def numbers(self, index=0, kind="f", folder="."):
        data = self.output(index, folder)[2]
        return list(struct.unpack(f"<{len(data) // struct.calcsize(kind)}{kind}", data))

    def test_an_array_goes_in_and_one_comes_out(self):
        net, x = self.net("a.tflite", adder()), self.file("x.npy", npy((1, 3), "<f4", floats(1, -2, 3.5)))
        out = self.succeeds("run", net, "--input", f"x={x}")
        self.assertEqual(out, "output_0.npy  float32 1x3  y\n")
        self.assertEqual(self.output()[:2], ((1, 3), "<f4"))
        self.assertEqual(self.numbers(), [2, -4, 7])

    def test_json_and_quiet(self):
        net, x = self.net("a.tflite", adder()), self.file("x.npy", npy((1, 3), "<f4", floats(1, 2, 3)))
        said = self.json("run", net, "--input", f"x={x}", "--output-dir", "out")
        self.assertEqual(said["outputs"], [{"name": "y", "type": "float32", "shape": [1, 3],
                                            "file": "out/output_0.npy"}])
        self.assertGreaterEqual(said["ms"], 0)
        self.assertEqual(self.numbers(folder="out"), [2, 4, 6])
        self.assertEqual(self.succeeds("run", net, "--input", f"x={x}", "--quiet"), "")

    def test_inputs_by_name_index_and_signature(self):
        n = adder(names=("serving_default_x:0", ""))
        n.signature("main", {"x": 0}, {"y": 1})
        net, x = self.net("a.tflite", n), self.file("x.npy", npy((1, 3), "<f4", floats(1, 2, 3)))
        for name in ("serving_default_x:0", "0", "x"):
            self.succeeds("run", net, "--input", f"{name}={x}")
            self.assertEqual(self.numbers(), [2, 4, 6])
        out = self.succeeds("run", net, "--signature", "main", "--input", f"x={x}")
        self.assertTrue(out.endswith("  y\n"), out)
        self.succeeds("run", net, "--signature", "main", "--input", f"serving_default_x:0={x}")
        self.fails(2, ["run", net, "--input", f"z={x}"], "no input 'z'", "0 'serving_default_x:0'")
        self.fails(2, ["run", net, "--input", f"1={x}"], "no input '1'")
        self.fails(2, ["run", net, "--input", f"-1={x}"], "no input '-1'")
        self.fails(2, ["run", net, "--input", x], "NAME=FILE")

    def test_unnamed_inputs_go_by_index(self):
        net, x = self.net("a.tflite", adder(names=("", ""))), self.file("x.npy", npy((1, 3), "<f4", floats(1, 2, 3)))
        self.succeeds("run", net, "--input", f"0={x}")
        self.assertEqual(self.numbers(), [2, 4, 6])

    def test_names_are_split_at_the_last_equals_sign(self):
        net = self.net("a.tflite", adder(names=("a=b", "y")))
        x = self.file("x.npy", npy((1, 3), "<f4", floats(1, 2, 3)))
        self.succeeds("run", net, "--input", f"a=b={x}")
        self.assertEqual(self.numbers(), [2, 4, 6])

    def test_signatures(self):
        n = adder()
        n.signature("double", {"x": 0}, {"y": 1})
        n.subgraph()
        a, b = n.tensor("a", "FLOAT32", [2]), n.tensor("b", "FLOAT32", [2])
        n.op("MUL", [a, a], [b], ("MulOptions", {}))
        n.ends([a], [b])
        n.signature("square", {"in": 0}, {"out": 1})
        net, two = self.net("s.tflite", n), self.file("two.npy", npy((2,), "<f4", floats(3, -5)))
        out = self.succeeds("run", net, "--signature", "square", "--input", f"in={two}")
        self.assertEqual(out, "output_0.npy  float32 2  out\n")
        self.assertEqual(self.numbers(), [9, 25])
        self.fails(2, ["run", net, "--signature", "cube"], "no signature 'cube'", "'double', 'square'")
        self.fails(2, ["run", self.net("n.tflite", adder()), "--signature", "x"], "it has none")

    def test_another_shape_resizes_the_model(self):
        net = self.net("a.tflite", adder(signature=[-1, 3]))
        x = self.file("x.npy", npy((4, 3), "<f4", floats(*range(12))))
        self.assertIn("float32 4x3", self.succeeds("run", net, "--input", f"0={x}"))
        self.assertEqual(self.numbers(), [2 * v for v in range(12)])
        empty = self.file("empty.npy", npy((0, 3), "<f4", b""))
        self.assertIn("float32 0x3", self.succeeds("run", net, "--input", f"0={empty}"))

    def test_a_shape_that_does_not_fit(self):
        n = Net()
        a, b = n.tensor("a", "FLOAT32", [2]), n.tensor("b", "FLOAT32", [2])
        y = n.tensor("y", "FLOAT32", [2])
        n.op("ADD", [a, b], [y], ("AddOptions", {}))
        n.ends([a, b], [y])
        x = self.file("x.npy", npy((3,), "<f4", floats(1, 2, 3)))
        self.fails(1, ["run", self.net("a.tflite", n), "--input", f"a={x}"], "'a'", "takes float32 2", "holds 3", "ADD")

    def test_float_converts_by_scale_and_zero_point(self):
        net = self.net("q.tflite", adder("INT8", scale=0.5, zero_point=-3))
        x = self.file("x.npy", npy((1, 3), "<f4", floats(1, -2.1, 1000)))
        self.fails(1, ["run", net, "--input", f"x={x}"], "'x' takes int8", "float32", "--float")
        self.assertFalse(os.path.exists(self.path("output_0.npy")))
        self.succeeds("run", net, "--input", f"x={x}", "--float")
        self.assertEqual(self.output()[:2], ((1, 3), "<f4"))
        self.assertEqual(self.numbers(), [2, -4, 130])
        q = self.file("q.npy", npy((1, 3), "|i1", struct.pack("3b", -1, -7, 127)))
        self.succeeds("run", net, "--input", f"x={q}")
        self.assertEqual(self.output()[1], "|i1")
        self.assertEqual(self.numbers(kind="b"), [-1, -7, 127])

    def test_raw_bytes_pictures_and_sounds(self):
        net = self.net("a.tflite", adder())
        self.succeeds("run", net, "--input", "x=" + self.file("x.raw", floats(1, 2, 3)))
        self.assertEqual(self.numbers(), [2, 4, 6])
        picture = self.net("p.tflite", adder("UINT8", (1, 2, 2, 3), scale=1.0))
        self.succeeds("run", picture, "--input", "x=" + self.file("p.ppm", ppm(2, 2, (10, 20, 30))))
        self.assertEqual(self.numbers(kind="B"), [10, 20, 30] * 4)
        # the name of a file says nothing when its bytes do
        self.succeeds("run", picture, "--input", "x=" + self.file("picture", ppm(2, 2, (1, 2, 3))))
        self.assertEqual(self.numbers(kind="B"), [1, 2, 3] * 4)
        sound = self.net("w.tflite", adder("FLOAT32", (1, 4)))
        self.succeeds("run", sound, "--input", "x=" + self.file("s.wav", wav([16384, -16384, 0])))
        self.assertEqual(self.numbers(), [1, -1, 0, 0])
        self.fails(1, ["run", net, "--input", f"x={SEVEN}"], "'x'")

    def test_standard_input(self):
        net = self.net("a.tflite", adder())
        self.succeeds("run", net, "--input", "x=-", stdin=npy((1, 3), "<f4", floats(1, 2, 3)))
        self.assertEqual(self.numbers(), [2, 4, 6])
        with open(SEVEN, "rb") as f:
            self.succeeds("run", DIGITS, "--input", "image=-", stdin=f.read())
        with open(net, "rb") as f:
            self.succeeds("run", "-", "--random", stdin=f.read())

    def test_random_inputs_follow_the_seed(self):
        net = self.net("a.tflite", adder())
        seen = []
        for seed in ("1", "1", "2"):
            self.succeeds("run", net, "--random", "--seed", seed)
            seen.append(self.numbers())
        self.assertEqual(seen[0], seen[1])
        self.assertNotEqual(seen[0], seen[2])
        self.assertTrue(all(-2 <= v < 2 for v in seen[0]))

    def test_inputs_that_are_not_given_are_zero_and_said(self):
        net = self.net("a.tflite", adder())
        self.succeeds("run", net, notes="0 of 1 inputs were given")
        self.assertEqual(self.numbers(), [0, 0, 0])
        self.succeeds("run", net, "--quiet")

    def test_several_outputs(self):
        n = adder()
        n.ends([0], [1, 1])
        self.assertEqual(self.succeeds("run", self.net("a.tflite", n), "--random").count("\n"), 2)
        self.assertEqual(self.numbers(0), self.numbers(1))

    def test_places_that_cannot_be_written(self):
        net = self.net("a.tflite", adder())
        self.file("taken", "")
        self.fails(1, ["run", net, "--random", "--output-dir", "taken"], "taken")
        self.fails(1, ["run", net, "--random", "--output-dir", "no/such/folder"], "no/such/folder")

    def test_threads_give_the_same_numbers(self):
        net, seen = self.net("s.tflite", scorer(64, 64, 3)), []
        for threads in ("1", "2", "3", "-1"):
            self.succeeds("run", net, "--random", "--seed", "5", "--threads", threads)
            seen.append(self.output())
        self.assertEqual(len(set(seen)), 1)


if __name__ == "__main__":
    main()
