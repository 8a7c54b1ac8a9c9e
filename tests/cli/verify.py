#!/usr/bin/env python3
"""mote verify: ok, or one line for each fault."""
import glob
import json
import os

from support import DIGITS, Case, Net, adder, main, mote


def stray():
    """A quantized dimension that its tensor does not have, where one scale needs none: odd, no fault."""
    n = adder("INT8", (1, 3), scale=0.5)
    n.graph["tensors"][0]["quantization"]["quantized_dimension"] = 3
    return n


class Verify(Case):
    def broken(self, name, *offsets):
        """The digit reader with bytes set to 255."""
        with open(DIGITS, "rb") as f:
            data = bytearray(f.read())
        for offset in offsets:
            data[offset] = 255
        return self.file(name, bytes(data))

    def test_ok(self):
        self.assertEqual(self.succeeds("verify", DIGITS), f"{DIGITS}: ok\n")
        self.assertEqual(self.succeeds("verify", DIGITS, DIGITS).count(": ok\n"), 2)
        self.assertEqual(self.succeeds("verify", DIGITS, "--quiet"), "")
        with open(DIGITS, "rb") as f:
            self.assertEqual(self.succeeds("verify", "-", stdin=f.read()), "-: ok\n")

    def test_a_fault_is_a_line_with_its_rule(self):
        path = self.broken("bad.tflite", 0, 1, 2, 3)
        status, out, err = mote("verify", path)
        self.assertEqual((status, err), (1, ""))
        self.assertRegex(out, r"^.*/bad\.tflite: F\d+ .+\n$")

    def test_faults_of_the_network_name_operator_and_tensor(self):
        n = adder()
        with self.assertRaises(AssertionError) as caught:
            n.graph["operators"][0]["inputs"] = [0, 9]
            self.net("bad.tflite", n)
        self.assertIn("M10", str(caught.exception))  # what the writer says, by the same rules

    def test_warnings_do_not_change_the_status(self):
        path = self.net("odd.tflite", stray())
        out = self.succeeds("verify", path)
        self.assertRegex(out, r"odd\.tflite: warning M33 tensor 0 - .+\n.*odd\.tflite: ok\n$")
        self.assertEqual(self.succeeds("verify", path, "--quiet"), "")
        said = self.json("verify", path)
        self.assertEqual([(f["rule"], f["warning"], f["tensor"]) for f in said[0]["faults"]], [("M33", True, 0)])
        self.assertIs(said[0]["valid"], True)

    def test_json(self):
        bad = self.broken("bad.tflite", 0, 1, 2, 3)
        status, out, err = mote("verify", "--json", DIGITS, bad, "gone.tflite", cwd=self.folder)
        self.assertEqual((status, err, out.count("\n")), (1, "", 1))
        said = json.loads(out)
        self.assertEqual([f["valid"] for f in said], [True, False, False])
        self.assertEqual(said[0]["faults"], [])
        for key in ("rule", "warning", "subgraph", "op", "tensor", "offset", "text"):
            self.assertIn(key, said[1]["faults"][0])
        self.assertIn("No such file", said[2]["faults"][0]["text"])

    def test_all_files_are_looked_at(self):
        bad = self.broken("bad.tflite", 0, 1, 2, 3)
        status, out, _ = mote("verify", bad, "gone.tflite", DIGITS, cwd=self.folder)
        self.assertEqual(status, 1)
        self.assertIn(f"{DIGITS}: ok\n", out)

    def test_contents_are_verified_too(self):
        """Offsets of strings are tested where they are used, and here."""
        n = Net()
        x = n.tensor("x", "FLOAT32", [1])
        y = n.tensor("y", "FLOAT32", [1])
        n.tensor("words", "STRING", [1], data=b"\x01\0\0\0\x0c\0\0\0\xff\0\0\0abc")
        n.op("ADD", [x, x], [y], ("AddOptions", {}))
        n.ends([x], [y])
        path = self.net("strings.tflite", n)
        status, out, _ = mote("verify", path)
        self.assertEqual(status, 1, out)
        self.assertIn("M23", out)

    def test_every_real_model_is_valid(self):
        folder, = self.needs_shared("models")
        paths = sorted(glob.glob(os.path.join(folder, "*.tflite")))
        said = self.json("verify", *paths)
        self.assertEqual([f["file"] for f in said if not f["valid"]], [])


if __name__ == "__main__":
    main()
