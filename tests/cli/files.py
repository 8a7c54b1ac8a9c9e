#!/usr/bin/env python3
"""Files that are not what they should be: each is told in one sentence, with exit status 1."""
import io
import os
import struct
import zipfile
import zlib

from support import DIGITS, SEVEN, Case, floats, main, missing, mote, npy, ppm, read_npy, scorer

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 13978596\n"


def zipped():
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w") as z:
        z.writestr("model.tflite", b"weights")
    return to.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def huge_png():
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2000000000, 2000000000, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))


def huge_bmp():
    return (b"BM" + struct.pack("<IHHI", 1 << 20, 0, 0, 54) +
            struct.pack("<IiiHHIIiiII", 40, 1 << 30, 1 << 30, 1, 24, 0, 0, 0, 0, 0, 0) + b"\0" * 64)


class Models(Case):
    """Every command that opens a model, on every kind of file that is none."""

    def every_command(self, path, *phrases, stdin=b""):
        image = [SEVEN]
        for args in (["info", path], ["run", path, "--random"], ["bench", path], ["ops", "--used-by", path],
                     ["classify", path] + image):
            self.fails(1, args, *phrases, stdin=stdin)
            self.fails(1, args + ["--json"], *phrases, stdin=stdin)

    def test_missing(self):
        self.every_command("no-such.tflite", "no-such.tflite", "No such file")
        self.fails(1, ["verify", "no-such.tflite"], "no-such.tflite", "No such file")

    def test_folder(self):
        os.mkdir(self.path("folder.tflite"))
        self.every_command("folder.tflite", "folder.tflite is a directory")
        self.fails(1, ["verify", "folder.tflite"], "folder.tflite is a directory")

    def test_device(self):
        self.every_command("/dev/null", "/dev/null is a device")

    def test_names_are_told_once(self):
        path = self.path("gone.tflite")
        self.fails(1, ["info", path], f"mote: cannot open {path}: No such file")

    def test_empty(self):
        self.every_command(self.file("empty.tflite", b""), "empty.tflite is empty")

    def test_foreign(self):
        for name, data, phrase in (("text", "a plain text of some length\n", "this is text"),
                                   ("json", '{"version": 3}', "this is text"),
                                   ("lfs", LFS, "git lfs pull"),
                                   ("zip", zipped(), "zip archive"),
                                   ("page", "<!DOCTYPE html><html><body>404</body></html>", "web page"),
                                   ("jpeg", b"\xff\xd8\xff\xe0" + b"\0" * 60, "JPEG"),
                                   ("noise", bytes(range(128, 256)), "not a .tflite file")):
            path = self.file(f"{name}.tflite", data)
            self.every_command(path, f"{name}.tflite: ", phrase)
            piped = data if isinstance(data, bytes) else data.encode()
            self.every_command("-", "standard input: ", phrase, stdin=piped)

    def test_truncated(self):
        with open(DIGITS, "rb") as f:
            whole = f.read()
        for size in (8, 100, 1000, len(whole) // 2, len(whole) - 1000):
            self.every_command(self.file("cut.tflite", whole[:size]), "cut.tflite: ", "(rule F")
        self.fails(1, ["info", "cut.tflite"], "cut off")

    def test_missing_operators_are_named_all_at_once(self):
        path = self.net("m.tflite", missing("Alpha", "Beta", "Gamma"))
        for args in (["run", path, "--random"], ["bench", path], ["classify", path, SEVEN]):
            self.fails(1, args, "3 operators", "Alpha", "Beta", "Gamma", "mote ops")


class Pictures(Case):
    def both(self, path, *phrases, stdin=b""):
        self.fails(1, ["classify", DIGITS, path], *phrases, stdin=stdin)
        self.fails(1, ["run", DIGITS, "--input", f"image={path}"], *phrases, stdin=stdin)

    def test_no_picture(self):
        os.mkdir(self.path("folder.png"))
        self.both("gone.png", "gone.png", "No such file")
        self.both("folder.png", "folder.png is a directory")
        self.both(self.file("empty.png", b""), "empty.png is empty")
        self.both(self.file("text.png", "not a picture\n"), "it looks like text")
        self.both(self.file("zip.png", zipped()), "it looks like a zip archive")
        self.both(self.file("lfs.png", LFS), "git-LFS pointer")
        self.both(self.file("gif.png", b"GIF89a" + b"\0" * 20), "a GIF picture")
        self.both(DIGITS, "a .tflite model")
        self.both("-", "standard input", "text", stdin=b"not a picture\n")
        self.both("-", "standard input is empty")

    def test_huge_headers_cost_nothing(self):
        for name, data in (("huge.ppm", b"P6\n60000 60000\n255\nabc"), ("huge.png", huge_png()),
                           ("huge.bmp", huge_bmp())):
            self.fails(1, ["classify", DIGITS, self.file(name, data), "--limit-memory", "1M"], name)
            self.both(self.path(name), name)

    def test_truncated(self):
        with open(SEVEN, "rb") as f:
            whole = f.read()
        for size in (20, 60, len(whole) // 2, len(whole) - 20):
            self.both(self.file("cut.png", whole[:size]), "cut.png")
        self.both(self.file("cut.ppm", ppm(10, 10, (1, 2, 3))[:200]), "cut.ppm", "truncated")

    def test_one_bad_picture_does_not_hide_the_others(self):
        bad = self.file("bad.png", "text")
        status, out, err = mote("classify", DIGITS, bad, SEVEN, "--quiet")
        self.assertEqual(status, 1)
        self.assertIn("seven.png", out)
        self.assertIn("bad.png", err)


class Arrays(Case):
    def test_bad_arrays(self):
        path = self.net("a.tflite", scorer(2, 2, 3))
        good = npy((1, 2, 2, 3), "<f4", floats(*range(12)))

        def fails(name, data, *phrases):
            self.fails(1, ["run", path, "--input", f"image={self.file(name, data)}"], *phrases)

        fails("cut.npy", good[:-5], "cut.npy")
        fails("text.npy", "hello", "text.npy")
        fails("empty.npy", b"", "empty")
        fails("big.npy", npy((1 << 30, 1 << 30), "<f4", b""), "big.npy")
        fails("object.npy", npy((1,), "|O", b"\0" * 8), "object.npy")
        fails("short.raw", b"\0" * 47, "short.raw", "48")
        fails("shape.npy", npy((2, 2), "<f4", floats(1, 2, 3, 4)), "image", "takes float32 1x2x2x3",
              "holds 2x2")
        fails("int.npy", npy((1, 2, 2, 3), "<i4", b"\0" * 48), "float32", "int32", "--float")
        self.succeeds("run", path, "--input", f"image={self.file('good.npy', good)}")
        self.assertEqual(read_npy(self.path("output_0.npy"))[0], (1, 3))


if __name__ == "__main__":
    main()
