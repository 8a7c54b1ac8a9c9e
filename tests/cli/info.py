#!/usr/bin/env python3
"""mote info: what a model is."""
import os
import resource
import struct
import subprocess

from support import DIGITS, MOTE, SANITIZED, Case, Net, adder, main, missing, scorer


class Info(Case):
    def test_the_digit_reader(self):
        out = self.succeeds("info", DIGITS)
        first = out.splitlines()[0]
        for part in ("12.6 k parameters", "52.4 kB", "934 k multiply-adds", "valid"):
            self.assertIn(part, first)
        self.assertRegex(out, r"\n  input   image +float32 1x28x28x1\n")
        self.assertRegex(out, r"\n  output  probability +float32 1x10\n")
        self.assertIn("signature serving_default", out)
        self.assertIn("CONV_2D 3", out)
        self.assertIn("(all supported)", out)
        self.assertIn("arena ", out)

    def test_json_has_its_keys(self):
        said = self.json("info", DIGITS)
        for key in ("file", "bytes", "inputs", "outputs", "operators", "signatures", "metadata", "parameters", "macs",
                    "arena_bytes", "supported", "labels", "subgraphs", "weight_bytes"):
            self.assertIn(key, said)
        self.assertEqual(said["inputs"], [{"name": "image", "type": "float32", "shape": [1, 28, 28, 1], "scale": None,
                                           "zero_point": None}])
        self.assertEqual(said["outputs"][0]["shape"], [1, 10])
        self.assertEqual(said["bytes"], os.path.getsize(DIGITS))
        self.assertEqual(said["parameters"], 12570)
        counts = {op["name"]: op["count"] for op in said["operators"]}
        self.assertEqual(counts, {"CONV_2D": 3, "MAX_POOL_2D": 3, "FULLY_CONNECTED": 1, "SOFTMAX": 1})
        self.assertTrue(all(op["supported"] and op["version"] >= 1 for op in said["operators"]))
        self.assertEqual(said["signatures"], [{"key": "serving_default", "subgraph": 0, "inputs": ["image"],
                                               "outputs": ["probability"]}])
        self.assertIs(said["supported"], True)

    def test_plan(self):
        out = self.succeeds("info", DIGITS, "--plan")
        self.assertIn("subgraph 0: 8 operators", out)
        self.assertRegex(out, r"\n +7  SOFTMAX  \[operator 7\]\n")
        self.assertIn("subgraph 0: 8 operators, 0 folded", self.json("info", DIGITS, "--plan")["plan"])

    def test_quantization_and_open_dimensions(self):
        path = self.net("q.tflite", adder("INT8", (1, 3), scale=0.5, zero_point=-3, signature=[-1, 3]))
        said = self.json("info", path)
        self.assertEqual(said["inputs"], [{"name": "x", "type": "int8", "shape": [-1, 3], "scale": 0.5,
                                           "zero_point": -3}])
        self.assertIn("int8 ?x3  scale 0.5 zero point -3", self.succeeds("info", path))

    def test_names_of_any_bytes(self):
        path = self.net("n.tflite", adder(names=("", "tab\there")))
        out = self.succeeds("info", path)
        self.assertIn("(no name)", out)
        self.assertIn("tab\\x09here", out)
        self.assertEqual(self.json("info", path)["outputs"][0]["name"], "tab\there")

    def test_purpose_only_where_it_is_certain(self):
        self.assertEqual(self.json("info", self.net("c.tflite", scorer(8, 8, 3)))["purpose"], "image classifier")
        self.assertIn("c.tflite: image classifier, ", self.succeeds("info", self.path("c.tflite")))
        self.assertIsNone(self.json("info", self.net("a.tflite", adder()))["purpose"])

    def test_missing_operators_are_marked(self):
        path = self.net("m.tflite", missing("Alpha", "Beta"))
        said = self.json("info", path)
        self.assertIs(said["supported"], False)
        self.assertEqual([(op["name"], op["supported"]) for op in said["operators"]],
                         [("Alpha", False), ("Beta", False)])
        self.assertIsNone(said["arena_bytes"])
        self.assertIn("Alpha, Beta", said["problem"])
        out = self.succeeds("info", path)
        self.assertIn("Alpha [missing], Beta [missing]", out)
        self.assertIn("cannot run: ", out)

    def test_from_standard_input(self):
        with open(DIGITS, "rb") as f:
            said = self.json("info", "-", stdin=f.read())
        self.assertEqual(said["parameters"], 12570)

    def test_a_model_of_14_mb_in_10_ms(self):
        """The time that the processor takes; the best of several, on a machine that does other things too."""
        n, width, layers = Net(), 1024, 13
        x, outputs = n.tensor("x", "FLOAT32", [1, width]), []
        weights = struct.pack("<f", 0.5) * (width * 256)
        for i in range(layers):
            w = n.tensor(f"w{i}", "FLOAT32", [256, width], data=weights)
            outputs.append(n.tensor(f"y{i}", "FLOAT32", [1, 256]))
            n.op("FULLY_CONNECTED", [x, w, -1], [outputs[-1]], ("FullyConnectedOptions", {}))
        n.ends([x], outputs)
        path = self.net("large.tflite", n)
        self.assertGreater(os.path.getsize(path), 13_600_000)
        self.assertEqual(self.json("info", path)["macs"], layers * width * 256)
        if SANITIZED:
            self.skipTest("sanitizers slow it down")
        best = 1e9
        for _ in range(15):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([MOTE, "info", path], stdout=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        print(f"mote info takes {1e3 * best:.1f} ms for {os.path.getsize(path)} bytes")
        self.assertLess(best, 0.010)

    def test_real_models(self):
        path, = self.needs_shared("models/mobilenet_v2_1.0_224_quant.tflite")
        said = self.json("info", path)
        self.assertEqual(said["labels"], 1001)
        self.assertEqual(said["about"]["inputs"][0]["mean"], [127.5])
        out = self.succeeds("info", path)
        self.assertIn("labels: 1001 names [from metadata]", out)
        self.assertIn("(x - 127.5) / 127.5 [from metadata]", out)


if __name__ == "__main__":
    main()
