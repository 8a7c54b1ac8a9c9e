#!/usr/bin/env python3
"""mote classify: a picture goes in, its label comes out."""
import os

from support import DIGIT_LABELS, DIGITS, SEVEN, SHARED, Case, adder, main, ppm, scorer


class Classify(Case):
    def test_the_seven(self):
        out = self.succeeds("classify", DIGITS, SEVEN, "--labels", DIGIT_LABELS, "--top", "3")
        lines = out.splitlines()
        self.assertEqual(lines[0], SEVEN)
        self.assertRegex(lines[1], r"^  7 +\d+\.\d %  █+")
        self.assertEqual(len([line for line in lines if " %" in line]), 3)
        self.assertRegex(out, r"decoded [\d.]+ ms, resized [\d.]+ ms, run [\d.]+ ms")
        self.assertIn("(x - 127.5) / 127.5 [from the default of float networks]", out)

    def test_json_has_its_keys(self):
        said = self.json("classify", DIGITS, SEVEN, "--labels", DIGIT_LABELS)
        self.assertEqual(len(said), 1)
        self.assertEqual(said[0]["image"], SEVEN)
        self.assertEqual(said[0]["top"][0]["index"], 7)
        self.assertEqual(said[0]["top"][0]["label"], "7")
        self.assertGreater(said[0]["top"][0]["score"], 0.9)
        self.assertEqual(len(said[0]["top"]), 5)
        self.assertEqual(set(said[0]["ms"]), {"decode", "resize", "run"})
        scores = [a["score"] for a in said[0]["top"]]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_without_labels_classes_are_numbers(self):
        self.assertIn("class 7", self.succeeds("classify", DIGITS, SEVEN))
        few = self.file("few.txt", "zero\none\n")
        self.succeeds("classify", DIGITS, SEVEN, "--labels", few, notes="2 labels, but the network has 10 classes")
        self.fails(1, ["classify", DIGITS, SEVEN, "--labels", "gone.txt"], "gone.txt")
        self.fails(1, ["classify", DIGITS, SEVEN, "--labels", SEVEN], "seven.png")

    def test_several_pictures_and_more_answers_than_classes(self):
        said = self.json("classify", DIGITS, SEVEN, SEVEN, "--top", "100")
        self.assertEqual([len(s["top"]) for s in said], [10, 10])

    def test_standard_input(self):
        with open(SEVEN, "rb") as f:
            picture = f.read()
        self.assertEqual(self.json("classify", DIGITS, "-", stdin=picture)[0]["top"][0]["index"], 7)
        with open(DIGITS, "rb") as f:
            self.assertEqual(self.json("classify", "-", SEVEN, stdin=f.read())[0]["top"][0]["index"], 7)
        self.fails(1, ["classify", DIGITS, "-"], "standard input is empty")

    def test_normalisation_is_chosen_and_said(self):
        net, blue = self.net("f.tflite", scorer(4, 4, 3)), self.file("blue.ppm", ppm(9, 5, (10, 20, 255)))
        said = self.json("classify", net, blue)[0]
        self.assertEqual(said["top"][0]["index"], 2)
        self.assertEqual(said["preprocessing"], "(x - 127.5) / 127.5 [from the default of float networks]")
        other = self.json("classify", net, blue, "--mean", "0,0,300", "--std", "255")[0]
        self.assertNotEqual(other["top"][0]["index"], 2)
        self.assertIn("[from --mean and --std]", other["preprocessing"])
        quantized = self.net("q.tflite", scorer(4, 4, 3, "INT8", scale=1 / 128, zero_point=0))
        said = self.json("classify", quantized, blue)[0]
        self.assertEqual((said["top"][0]["index"], said["preprocessing"]),
                         (2, "bytes as they are [from the default of quantized networks]"))

    def test_crop_takes_the_square_in_the_middle(self):
        """Red left and right of a green square."""
        row = bytes((255, 0, 0)) * 3 + bytes((0, 255, 0)) * 2 + bytes((255, 0, 0)) * 3
        picture = self.file("crop.ppm", b"P6\n8 2\n255\n" + row * 2)
        net = self.net("c.tflite", scorer(2, 2, 3))
        self.assertEqual(self.json("classify", net, picture)[0]["top"][0]["index"], 0)
        self.assertEqual(self.json("classify", net, picture, "--crop")[0]["top"][0]["index"], 1)

    def test_what_is_no_classifier(self):
        self.fails(1, ["classify", self.net("a.tflite", adder()), SEVEN], "no image classifier", "float32 1x3",
                   "mote run")

    def test_photos_are_told_as_expected(self):
        """Every row of the table of photos: model, image, labels, and the word that comes first."""
        table, = self.needs_shared("images/expected.tsv")
        with open(table, encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
        for model, image, labels, word in rows:
            top = self.json("classify", os.path.join(SHARED, "models", model), os.path.join(SHARED, "images", image),
                            "--labels", os.path.join(SHARED, "labels", labels))[0]["top"]
            self.assertEqual(top[0]["label"], word, f"{model} on {image}: {top}")
        print(f"{len(rows)} photos are told as expected")


if __name__ == "__main__":
    main()
