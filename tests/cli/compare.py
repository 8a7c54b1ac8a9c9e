"""mote compare: the same model has no error, a smaller one some; labels give how many are right."""
import os

from support import DIGITS, Case, floats, main, npy

COUNT = 12


class Compare(Case):
    def samples(self):
        rows = [1.0 if (x + y * (i % 5)) % (7 + i % 3) < 2 else -1.0
                for i in range(COUNT) for y in range(28) for x in range(28)]
        return self.file("samples.npy", npy([COUNT, 28, 28, 1], "<f4", floats(*rows)))

    def test_a_model_with_itself(self):
        said = self.json("compare", DIGITS, DIGITS, "--data", self.samples(), "--runs", "2")
        self.assertEqual(said["samples"], COUNT)
        self.assertEqual(said["top1"], 1)
        self.assertEqual(len(said["outputs"]), 1)
        self.assertGreater(len(said["layers"]), 3)
        for value in said["outputs"] + said["layers"]:
            self.assertIsNone(value["sqnr"], "there is no error")
            self.assertEqual(value["max_error"], 0)
            self.assertAlmostEqual(value["cosine"], 1)
        self.assertIsNone(said["accuracy_a"])
        self.assertEqual(said["a"]["size"]["bytes"], os.path.getsize(DIGITS))

    def test_a_smaller_one(self):
        data = self.samples()
        self.succeeds("cluster", DIGITS, "-o", "b.tflite", "--clusters", "4", "--quiet")
        labels = self.file("l.npy", npy([COUNT], "<i4", bytes(4 * COUNT)))
        said = self.json("compare", DIGITS, "b.tflite", "--data", data, "--labels-from", labels, "--runs", "2")
        self.assertGreater(said["outputs"][0]["sqnr"], 0)
        self.assertEqual(said["labelled"], COUNT)
        self.assertTrue(0 <= said["accuracy_a"] <= 1 and 0 <= said["accuracy_b"] <= 1)
        out = self.succeeds("compare", DIGITS, "b.tflite", "--data", data, "--runs", "2")
        self.assertIn("the same answer in", out)
        self.assertIn("max error", out)

    def test_noise(self):
        self.succeeds("compare", DIGITS, DIGITS, "--runs", "2", notes="compared on noise")

    def test_what_is_wrong(self):
        self.fails(2, ["compare", DIGITS], "compare takes two models")
        self.fails(1, ["compare", DIGITS, "nowhere.tflite", "--quiet"], "nowhere.tflite")


if __name__ == "__main__":
    main()
