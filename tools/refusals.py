#!/usr/bin/env python3
"""refusals.py BUILD: lists the refusals of src/operators that no test reached in BUILD, a build with -DMOTE_COVERAGE=ON
whose tests have run (tools/refusals.sh does both). A refusal is a statement through which an operator fails: it calls
op_fail, OP_REQUIRE or a kin of them, or hands on another function's failure by MOTE_TRY. The first kind is met when
its last call, which is the one that fails, has run; MOTE_TRY when each of its basic blocks has, of which one returns
the failure. Prints those that were not, and "N of M refusals are met by a test". tools/refusals.except excuses
others, each with the reason. Exits with 1 when one is missing, or an excuse is needed no more."""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "operators"
REFUSAL = re.compile(r"\b(?:op_fail|op_no_memory|OP_REQUIRE|OP_POLL|MOTE_TRY)\(")
BLOCK = re.compile(r"\s*([0-9*%$]+):\s*(\d+)-block\s+\d+")
CALL = re.compile(r"call\s+\d+ (never executed|returned \d+)")


def without_texts(source):
    """The source with comments, strings and characters blanked, so that parentheses can be counted."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)


def end_of_call(code, at):
    """Where the call whose opening parenthesis stands at `at` ends."""
    depth = 0
    for i in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i
    raise SystemExit("refusals.py: a call does not end")


def refusals(path):
    """(first line, last line, text) of each statement of a file that refuses."""
    source = path.read_text()
    code = without_texts(source)
    found, at = [], 0
    while (match := REFUSAL.search(code, at)) is not None:
        end = end_of_call(code, match.end() - 1)
        at = end
        line = code.rfind("\n", 0, match.start()) + 1
        if re.match(r"(?:static )?mote_status op_\w+\($", code[line:match.end()]):
            continue  # where it is defined
        first, last = code.count("\n", 0, match.start()) + 1, code.count("\n", 0, end) + 1
        found.append((first, last, " ".join(source[line:end + 1].split())))
    return found


class Counts:
    """What ran of the file with these notes of the compiler: lines that have a block which never did, and of each line
    the calls in their order, whether they ran."""

    def __init__(self, notes):
        self.idle, self.calls = set(), {}
        with tempfile.TemporaryDirectory() as folder:
            said = subprocess.run(["gcov", "-a", "-b", "-c", "-t", str(notes)], capture_output=True, text=True, check=True,
                                  cwd=folder)
        own, at = False, 0
        for line in said.stdout.splitlines():
            if ":Source:" in line:
                own = line.endswith(notes.name.removesuffix(".gcno"))
            if not own:
                continue
            block, call = BLOCK.match(line), CALL.match(line)
            if block:
                at = int(block.group(2))
                if block.group(1)[0] in "%$":
                    self.idle.add(at)
            elif call:
                self.calls.setdefault(at, []).append(call.group(1) != "never executed")

    def met(self, first, last, text):
        if "MOTE_TRY(" in text:
            return not self.idle.intersection(range(first, last + 1))
        calls = [ran for line in range(first, last + 1) for ran in self.calls.get(line, [])]
        return bool(calls) and calls[-1]


def exceptions():
    """(file, text, reason) of each line of the list."""
    rows = []
    for line in (ROOT / "tools" / "refusals.except").read_text().splitlines():
        if line and not line.startswith("#"):
            rows.append(tuple(line.split("\t")))
    return rows


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    excused, used, total, missing = exceptions(), set(), 0, []
    for notes in sorted(build.glob("CMakeFiles/room_operators.dir/src/operators/*.gcno")):
        path = SOURCES / notes.name.removesuffix(".gcno")
        counts = Counts(notes)
        for first, last, text in refusals(path):
            met = counts.met(first, last, text)
            why = [row for row in excused if row[0] in ("*", path.name) and row[1] in text and not met]
            used.update(why)
            total += not why
            if not met and not why:
                missing.append(f"{path.relative_to(ROOT)}:{first}: {text}")
    for line in missing:
        print(line)
    stale = [row for row in excused if row not in used]
    for row in stale:
        print(f"tools/refusals.except: '{row[1]}' in {row[0]} excuses nothing")
    print(f"{total - len(missing)} of {total} refusals are met by a test")
    return 1 if missing or stale else 0


sys.exit(main())
