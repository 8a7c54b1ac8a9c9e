#!/usr/bin/env python3
"""mote convert --labels, --mean, --std: what a file says of itself, read back by mote classify and mote info."""
import io
import struct
import zipfile

from support import DIGIT_LABELS, DIGITS, SEVEN, Case, Net, adder, main, ppm, scorer


class About(Case):
    def archive(self, name):
        """The archive behind a model, as any zip program sees it."""
        with open(self.path(name), "rb") as f:
            return zipfile.ZipFile(io.BytesIO(f.read()))

    def test_a_file_that_classifies_alone(self):
        net = self.net("a.tflite", scorer(8, 6, 3))
        labels = self.file("colours.txt", "red\r\ngreen\nblue\n")
        picture = self.file("x.ppm", ppm(8, 6, (10, 200, 30)))
        self.succeeds("convert", net, "-o", "b.tflite", "--labels", labels, "--mean", "1,2,3", "--std=100", "--quiet")
        self.assertEqual(self.succeeds("verify", "b.tflite"), "b.tflite: ok\n")
        said = self.json("classify", "b.tflite", picture)[0]
        self.assertEqual(said["top"][0]["label"], "green")
        self.assertEqual(said["preprocessing"], "(x - 1) / 100 [from metadata]")
        about = self.json("info", "b.tflite")["about"]["inputs"][0]
        self.assertEqual((about["mean"], about["std"], about["image"], about["name"]),
                         ([1, 2, 3], [100, 100, 100], True, "image"))
        told = self.succeeds("info", "b.tflite")
        self.assertIn("labels: 3 names [from metadata]", told)
        self.assertIn("(x - 1, 2, 3) / 100, 100, 100 [from metadata]", told)
        archive = self.archive("b.tflite")
        self.assertIsNone(archive.testzip())
        self.assertEqual(archive.read("colours.txt"), b"red\ngreen\nblue\n")
        self.assertEqual(archive.infolist()[0].compress_type, zipfile.ZIP_STORED)

    def test_offsets_count_from_the_start_of_the_file(self):
        self.succeeds("convert", DIGITS, "-o", "b.tflite", "--labels", DIGIT_LABELS)
        with open(self.path("b.tflite"), "rb") as f:
            data = f.read()
        end = data.rindex(b"PK\5\6")
        directory = struct.unpack_from("<I", data, end + 16)[0]
        self.assertEqual(data[directory:directory + 4], b"PK\1\2")
        self.assertEqual(data[struct.unpack_from("<I", data, directory + 42)[0]:][:4], b"PK\3\4")
        self.assertEqual(self.json("classify", "b.tflite", SEVEN)[0]["top"][0]["label"], "7")

    def test_what_was_there_stays_and_labels_are_replaced(self):
        net = self.net("a.tflite", scorer(4, 4, 3))
        for number, (name, text) in enumerate((("one.txt", "a\nb\nc"), ("two.txt", "d\ne\nf"), ("one.txt", "g\nh\ni"))):
            self.succeeds("convert", net, "-o", f"{number}.tflite", "--labels", self.file(name, text), "--quiet",
                          *(("--std", "2") if number == 0 else ()))
            net = self.path(f"{number}.tflite")
        archive = self.archive("2.tflite")
        self.assertEqual(sorted(archive.namelist()), ["one.txt", "two.txt"])
        self.assertEqual(archive.read("one.txt"), b"g\nh\ni\n")
        self.assertEqual(archive.read("two.txt"), b"d\ne\nf\n")
        picture = self.file("x.ppm", ppm(4, 4, (250, 0, 0)))
        self.assertEqual(self.json("classify", "2.tflite", picture)[0]["top"][0]["label"], "g")
        self.assertEqual(self.json("info", "2.tflite")["about"]["inputs"][0]["std"], [2])
        self.succeeds("convert", "2.tflite", "-o", "3.tflite")
        self.assertEqual(self.archive("3.tflite").read("one.txt"), b"g\nh\ni\n")

    def test_the_output_that_fits(self):
        n = adder(shape=(1, 4), names=("x", "boxes"))
        n.op("MEAN", [1, n.tensor("axis", "INT32", [1], data=struct.pack("<i", 0))], [n.tensor("m", "FLOAT32", [4])],
             ("ReducerOptions", {}))
        n.op("SLICE", [3, n.tensor("b", "INT32", [1], data=bytes(4)),
                       n.tensor("s", "INT32", [1], data=struct.pack("<i", 2))], [n.tensor("scores", "FLOAT32", [2])],
             ("SliceOptions", {}))
        n.ends([0], [1, 6])
        net = self.net("a.tflite", n)
        self.succeeds("convert", net, "-o", "b.tflite", "--labels", self.file("l.txt", "cat\ndog\n"))
        self.assertEqual([o["labels"] for o in self.json("info", "b.tflite")["about"]["outputs"]], [None, "l.txt"])

    def test_a_wrong_number_of_labels_is_told(self):
        net = self.net("a.tflite", scorer(4, 4, 3))
        self.succeeds("convert", net, "-o", "b.tflite", "--labels", self.file("l.txt", "cat\ndog\n"),
                      notes="l.txt holds 2 labels, but output 0 has 3 values")

    def test_refusals(self):
        net = self.net("a.tflite", scorer(4, 4, 3))
        flat = self.net("f.tflite", adder())
        two = Net()
        two.tensor("a", "FLOAT32", [1, 3])
        two.tensor("b", "FLOAT32", [1, 3])
        two.op("ADD", [0, 1], [two.tensor("c", "FLOAT32", [1, 3])], ("AddOptions", {}))
        two.ends([0, 1], [2])
        out = ("-o", "out.tflite")
        self.fails(1, ("convert", net, *out, "--labels", "/nowhere"), "/nowhere")
        self.fails(1, ("convert", net, *out, "--labels", self.file("empty.txt", "\n" * 0 + "")), "empty")
        self.fails(1, ("convert", net, *out, "--labels", self.file("binary", b"\0\1\2")), "no list of lines")
        self.fails(1, ("convert", net, *out, "--mean", "1,2"), "mean has 2 values", "3 channels")
        self.fails(1, ("convert", self.net("2.tflite", two), *out, "--mean", "1"), "none of the 2 inputs")
        self.fails(2, ("convert", net, *out, "--std", "0"), "greater than 0")
        self.succeeds("convert", flat, *out, "--mean", "1")


if __name__ == "__main__":
    main()
