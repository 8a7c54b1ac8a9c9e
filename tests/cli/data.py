"""Samples from every kind of file: the same ones give the same network, whatever they are packed in."""
import gzip
import io
import os
import struct
import tarfile
import zipfile

from support import DIGITS, Case, floats, main, npy

COUNT = 12


def pixels(i):
    return bytes((x * (i + 1) + y * 3) % 256 for y in range(28) for x in range(28))


class Data(Case):
    def pruned(self, data, *args):
        said = self.json("prune", DIGITS, "-o", "o.tflite", "--sparsity", "0.4", "--data", data, "--no-repair", "--quiet",
                         *args)
        self.assertNotEqual(said.get("samples", 1), 0)
        with open(self.path("o.tflite"), "rb") as f:
            return f.read()

    def idx(self):
        return struct.pack(">IIII", 0x803, COUNT, 28, 28) + b"".join(map(pixels, range(COUNT)))

    def test_one_set_in_many_files(self):
        arrays = npy([COUNT, 28, 28], "|u1", b"".join(map(pixels, range(COUNT))))
        wanted = self.pruned(self.file("x.idx", self.idx()))
        self.assertEqual(self.pruned(self.file("x.idx.gz", gzip.compress(self.idx()))), wanted)
        self.assertEqual(self.pruned(self.file("x.npy", arrays)), wanted)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("labels.npy", npy([COUNT], "<i4", struct.pack(f"<{COUNT}i", *range(COUNT))))
            z.writestr("images.npy", arrays)
        self.assertEqual(self.pruned(self.file("x.npz", packed.getvalue())), wanted)
        rows = "\n".join("0," + ",".join(str(v / 127.5 - 1) for v in pixels(i)) for i in range(COUNT))
        self.assertEqual(len(self.pruned(self.file("x.csv", rows.encode()), "--label-column", "0")), len(wanted))

    def test_folders_and_archives(self):
        os.makedirs(self.path("set/a/b"))
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for i in range(COUNT):
                picture = b"P5 28 28 255\n" + pixels(i)
                name = f"{'a/b/' if i < 6 else ''}p{i:02}.pgm"
                self.file("set/" + name, picture)
                info = tarfile.TarInfo(name)
                info.size = len(picture)
                tar.addfile(info, io.BytesIO(picture))
        self.file("set/README", b"not a sample")
        wanted = self.pruned(self.file("x.idx", self.idx()))
        self.assertEqual(self.pruned("set"), wanted)
        self.assertEqual(self.pruned(self.file("x.tar", archive.getvalue())), wanted)
        self.assertEqual(self.pruned("set", "--shuffle", "3"), self.pruned("x.idx", "--shuffle", "3"))

    def test_raw_codes(self):
        os.makedirs(self.path("raw"))
        for i in range(COUNT):
            self.file(f"raw/{i:02}.bin", pixels(i))
        real = b"".join(floats(*((v - 127.5) / 127.5 for v in pixels(i))) for i in range(COUNT))
        wanted = self.pruned(self.file("r.npy", npy([COUNT, 28, 28, 1], "<f4", real)))
        self.assertEqual(len(self.pruned("raw", "--raw", f"uint8,{1 / 127.5},127.5")), len(wanted))
        start = ["prune", DIGITS, "-o", "o.tflite", "--sparsity", "0.4", "--data", "raw"]
        self.fails(2, start + ["--raw", "text"], "--raw takes a type")

    def test_what_does_not_fit(self):
        start = ["prune", DIGITS, "-o", "o.tflite", "--sparsity", "0.4", "--data"]
        self.fails(1, start + [self.file("y.csv", b"a,b,label\n1,2,3\n")], "has 2 numbers")
        self.fails(1, start + [self.file("z.csv", b"a,b\n1,2\n"), "--label-column", "c"], "no column 'c'")
        self.fails(1, start + [self.file("t.idx", self.idx()[:-1])], "truncated")
        self.fails(1, start + [self.file("m.flac", b"fLaC0000")], "it looks like a FLAC sound")
        labels = self.file("l.npy", npy([2], "<i4", bytes(8)))
        self.fails(1, start + [self.file("x.idx", self.idx()), "--labels-from", labels], "2 labels for 12 samples")


if __name__ == "__main__":
    main()
