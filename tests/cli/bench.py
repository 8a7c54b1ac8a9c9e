#!/usr/bin/env python3
"""mote bench: where time and memory go."""
from support import DIGITS, Case, adder, main, scorer

KEYS = ("start_ms", "open_ms", "compile_ms", "plan_ms", "first_ms", "median_ms", "min_ms", "p90_ms", "p99_ms",
        "arena_bytes", "packed_bytes", "peak_rss_kb", "macs", "gops", "peak_gops", "peak_fraction", "peak_kind", "runs",
        "threads", "file")


class Bench(Case):
    def test_json_is_one_line_with_its_keys(self):
        said = self.json("bench", DIGITS, "--runs", "5")
        for key in KEYS:
            self.assertIn(key, said)
        self.assertEqual((said["runs"], said["macs"], said["threads"]), (5, 934272, 1))
        self.assertLessEqual(said["min_ms"], said["median_ms"])
        self.assertLessEqual(said["median_ms"], said["p90_ms"])
        self.assertLessEqual(said["p90_ms"], said["p99_ms"])
        self.assertAlmostEqual(said["start_ms"], said["open_ms"] + said["compile_ms"] + said["plan_ms"], 5)
        self.assertGreater(said["peak_rss_kb"], 0)
        self.assertTrue(0 < said["peak_fraction"] <= 1.2, said)
        self.assertEqual(said["arena_bytes"], self.json("info", DIGITS)["arena_bytes"])

    def test_text(self):
        out = self.succeeds("bench", DIGITS, "--runs", "3", "--per-op")
        for word in ("start", "first", "median", "p90", "p99", "934 k multiply-adds", "GOP/s", "peak", "arena",
                     "peak resident", "CONV_2D [operator 0]", "SOFTMAX [operator 7]"):
            self.assertIn(word, out)

    def test_steps(self):
        steps = self.json("bench", DIGITS, "--runs", "3", "--per-op")["steps"]
        self.assertEqual(len(steps), 8)
        self.assertEqual(sum(s["macs"] for s in steps), 934272)
        self.assertEqual(steps[0]["op"], "CONV_2D")

    def test_threads_are_held_against_as_many_peaks(self):
        one = self.json("bench", DIGITS, "--runs", "3")
        many = self.json("bench", DIGITS, "--runs", "3", "--threads", "-1")
        self.assertGreaterEqual(many["threads"], 1)
        self.assertAlmostEqual(many["peak_fraction"], many["gops"] / many["peak_gops"], 6)
        self.assertAlmostEqual(one["peak_fraction"], one["gops"] / one["peak_gops"], 6)

    def test_quantized_networks_have_a_peak_of_their_own(self):
        net = self.net("q.tflite", scorer(8, 8, 3, "INT8", scale=1 / 128))
        self.assertEqual(self.json("bench", net, "--runs", "1")["peak_kind"], "int8")
        self.assertEqual(self.json("bench", self.net("f.tflite", adder()), "--runs", "1")["peak_kind"], "float32")


if __name__ == "__main__":
    main()
