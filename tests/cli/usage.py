#!/usr/bin/env python3
"""The grammar of the command line: commands, options, help, version, completion."""
import re
import subprocess

from support import DIGITS, MOTE, SEVEN, Case, main, mote

COMMANDS = ["info", "verify", "run", "classify", "bench", "ops", "version", "completion"]


class Usage(Case):
    def test_no_command_lists_them_on_stderr(self):
        status, out, err = mote()
        self.assertEqual((status, out), (2, ""))
        for name in COMMANDS:
            self.assertRegex(err, rf"\n  {name} ")

    def test_help_lists_commands_and_teaches_each_by_example(self):
        for ask in (["--help"], ["-h"], ["help"]):
            out = self.succeeds(*ask)
            for name in COMMANDS:
                self.assertRegex(out, rf"\n  {name} ")
        for name in COMMANDS:
            out = self.succeeds(name, "--help")
            self.assertTrue(out.startswith(f"mote {name}"), out)
            self.assertEqual(self.succeeds("help", name), out)
            self.assertLessEqual(max(map(len, out.splitlines())), 120)

    def test_every_documented_option_exists(self):
        for name in COMMANDS:
            for option in set(re.findall(r"^  (--[a-z-]+)", self.succeeds(name, "--help"), re.M)):
                _, _, err = mote(name, option)
                self.assertNotIn("unknown option", err, f"{name} {option}")

    def test_unknown_words(self):
        self.fails(2, ["fly"], "no command 'fly'")
        self.fails(2, ["help", "fly"], "no command 'fly'")
        for name in COMMANDS:
            self.fails(2, [name, "--no-such-option"], "--no-such-option")
        self.fails(2, ["info", "-x", DIGITS], "'-x'")

    def test_options_without_their_value(self):
        self.fails(2, ["run", DIGITS, "--input"], "--input needs a value")
        self.fails(2, ["bench", DIGITS, "--runs=many"], "--runs", "'many'")
        self.fails(2, ["bench", DIGITS, "--runs", "0"], "--runs")
        self.fails(2, ["info", DIGITS, "--limit-memory", "much"], "--limit-memory", "64M")
        self.fails(2, ["info", DIGITS, "--json=yes"], "--json takes no value")
        self.fails(2, ["classify", DIGITS, SEVEN, "--top", "0"], "--top")
        self.fails(2, ["classify", DIGITS, SEVEN, "--std", "0"], "--std")
        self.fails(2, ["classify", DIGITS, SEVEN, "--mean", "1,2,x"], "--mean")
        self.fails(2, ["info", DIGITS, "--threads", "two"], "--threads")

    def test_wrong_number_of_files(self):
        self.fails(2, ["info"], "one model")
        self.fails(2, ["info", DIGITS, DIGITS], "one model")
        self.fails(2, ["run"], "one model")
        self.fails(2, ["bench"], "one model")
        self.fails(2, ["verify"], "models")
        self.fails(2, ["classify", DIGITS], "image")
        self.fails(2, ["ops", DIGITS], "--used-by")
        self.fails(2, ["version", DIGITS], "no files")
        self.fails(2, ["completion"], "bash")

    def test_options_stand_anywhere_and_two_dashes_end_them(self):
        self.assertEqual(self.succeeds("info", "--json", DIGITS), self.succeeds("info", DIGITS, "--json"))
        self.fails(1, ["info", "--", "--json"], "--json")

    def test_version_names_libraries(self):
        out = self.succeeds("version")
        self.assertRegex(out, r"^mote \d+\.\d+\.\d+\n")
        self.assertEqual(self.succeeds("--version"), out)
        said = self.json("version")
        self.assertIn("bmp", said["media"])
        for name, built_in in said["libraries"].items():
            self.assertIn(f"{name}: {'built in' if built_in else 'left out ('}", out)
        self.assertEqual(set(said["libraries"]), {"libjpeg", "libpng", "libzip", "zlib", "protobuf-c", "HDF5"})
        self.assertIn(said["instruction_set"], out)

    def test_completion_is_a_script(self):
        script = self.succeeds("completion", "bash")
        for name in COMMANDS:
            self.assertIn(name, script)
        check = subprocess.run(["bash", "-n"], input=script.encode(), check=False)
        self.assertEqual(check.returncode, 0)
        self.fails(2, ["completion", "fish"], "bash")

    def test_answers_that_cannot_be_written_are_a_fault(self):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([MOTE, "info", DIGITS], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertTrue(run.stderr.startswith(b"mote: cannot write"), run.stderr)

    def test_limit_and_threads_are_taken_by_all_that_open_models(self):
        for args in (["info", DIGITS], ["verify", DIGITS], ["run", DIGITS, "--random"], ["classify", DIGITS, SEVEN],
                     ["bench", DIGITS, "--runs", "2"], ["ops", "--used-by", DIGITS]):
            self.succeeds(*args, "--limit-memory", "64M", "--threads", "2", "--quiet")

    def test_too_little_memory_is_told_with_the_limit(self):
        for args in (["run", DIGITS, "--random"], ["classify", DIGITS, SEVEN], ["bench", DIGITS]):
            for limit, in_bytes in (("1k", "1024"), ("100k", "102400")):
                self.fails(1, args + ["--limit-memory", limit], in_bytes, "digits.tflite")


if __name__ == "__main__":
    main()
