#!/usr/bin/env python3
"""What README.md and the man pages say is true: operators, commands, options, links."""
import json
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
MOTE = os.path.join(BUILD, "mote")


def text(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def said(*args):
    return subprocess.run([MOTE, *args], stdout=subprocess.PIPE, check=True).stdout.decode()


def commands():
    return re.findall(r"^  (\w+) +[a-z]", said("--help"), re.M)


class Documents(unittest.TestCase):
    def test_operators(self):
        readme, have = text("README.md"), [op["name"] for op in json.loads(said("ops", "--json"))]
        listed = re.search(r"<!-- operators.*?-->\n(.*?)<!-- end -->", readme, re.S).group(1)
        self.assertEqual(re.split(r",\s+", listed.strip()), have,
                         "README.md lists other operators than 'mote ops'")

    def test_pages_that_are_made(self):
        """'make doc' makes them anew."""
        check = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "operators.py"), BUILD, "--check"],
                               stderr=subprocess.PIPE, check=False)
        self.assertEqual(check.returncode, 0, check.stderr.decode())
        faults = subprocess.run([os.path.join(BUILD, "test_runtime_faults"), "--markdown"], stdout=subprocess.PIPE,
                                check=True).stdout.decode()
        self.assertEqual(faults, text("doc", "known-faults.md"), "doc/known-faults.md is stale: 'make doc'")

    def test_commands_of_the_readme_exist(self):
        used = re.findall(r"^    mote (\w+)", text("README.md"), re.M)
        self.assertGreaterEqual(len(used), 5)
        for name in used:
            self.assertIn(name, commands())

    def test_links_lead_somewhere(self):
        for page in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", os.path.join("doc", "architecture.md")]:
            for link in re.findall(r"\]\(([^)#:]+)\)", text(page)):
                where = os.path.join(ROOT, os.path.dirname(page), link)
                self.assertTrue(os.path.exists(where), f"{page} names {link}")

    def test_make_targets_of_the_readme_exist(self):
        targets = re.findall(r"^([a-z-]+):", text("Makefile"), re.M)
        for name in re.findall(r"\bmake ([a-z-]+)", text("README.md")):
            self.assertIn(name, targets)

    def test_man_pages(self):
        """One page a command, with every option of its help, and no other."""
        overview = text("doc", "man", "mote.1")
        for name in commands():
            page = text("doc", "man", f"mote-{name}.1").replace("\\-", "-")
            self.assertIn(f".TH MOTE-{name.upper()} 1", page)
            self.assertIn(f"mote-{name}", overview.replace("\\-", "-"))
            have = set(re.findall(r"(--[a-z-]+)", said(name, "--help")))
            told = set(re.findall(r"(--[a-z-]+)", page))
            self.assertEqual(have - told, set(), f"mote-{name}.1 lacks options of mote {name} --help")
            self.assertEqual(told - have - {"--help", "--json"}, set(), f"mote-{name}.1 tells of options that are not")


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv[:1])
