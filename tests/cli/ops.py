#!/usr/bin/env python3
"""mote ops: the operators of this build."""
import os
import re

from support import DIGITS, ROOT, Case, adder, main, missing


class Ops(Case):
    def test_lists_what_the_build_has(self):
        with open(os.path.join(ROOT, "src", "operators", "list.def"), encoding="utf-8") as f:
            listed = re.findall(r"^OP\((\w+)\)", f.read(), re.M)
        said = self.json("ops")
        self.assertEqual(len(said), len(listed))
        for op in said:
            for key in ("name", "code", "versions", "types", "custom", "inputs_min", "inputs_max", "outputs_min",
                        "outputs_max", "optional_inputs", "options", "traits", "notes"):
                self.assertIn(key, op)
        conv = next(op for op in said if op["name"] == "CONV_2D")
        self.assertEqual(conv["options"], "Conv2DOptions")
        self.assertEqual(conv["optional_inputs"], [2])
        out = self.succeeds("ops")
        self.assertEqual([line.split()[0] for line in out.splitlines()], [op["name"] for op in said])
        self.assertRegex(out, r"(?m)^CONV_2D +1-\d+ +f32 ")

    def test_used_by(self):
        wanted = ["CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "SOFTMAX"]
        self.assertEqual([op["name"] for op in self.json("ops", "--used-by", DIGITS)], wanted)
        net = self.net("a.tflite", adder())
        out = self.succeeds("ops", "--used-by", DIGITS, net)
        self.assertEqual(sorted(line.split()[0] for line in out.splitlines()), ["ADD"] + wanted)
        self.assertEqual(self.succeeds("ops", f"--used-by={DIGITS}", "--used-by", net), out)

    def test_missing_ones_are_named_and_no_fault(self):
        path = self.net("m.tflite", missing("Alpha", "Beta"))
        self.assertEqual(self.succeeds("ops", "--used-by", path, notes="Alpha is used and not in this build"), "")
        self.assertEqual(self.json("ops", "--used-by", path, notes="Beta is used"), [])


if __name__ == "__main__":
    main()
