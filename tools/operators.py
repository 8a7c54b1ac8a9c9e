#!/usr/bin/env python3
"""operators.py BUILD [--check]: writes doc/operators.md from the descriptors ('mote ops --json') and from the recorded
cases that the last whole run of tools/conformance.sh passed (BUILD/conformance.tsv; without it the numbers that stand there
stay). --check: writes nothing, and fails when the page differs from the descriptors; numbers of cases are not compared."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "doc", "operators.md")

HEAD = """# Operators

Made by `make doc` from the operators' own descriptions (`mote ops --json`) and from the run of the recorded cases; not
written by hand.

*Versions*: those that are known; a newer one is accepted when all its options are understood. *Operands*: how many inputs
and outputs; `+` stands for any number more, and inputs that may be left out are named by their number, from 0. *Types*:
accepted combinations, one a line: inputs in their order, an arrow, outputs. `/` stands between alternatives, `=` is the type
of input 0 and `=N` that of input N, `...` repeats what is before it. f: float, bf: bfloat, i: integer, u: unsigned, c: complex
(each with its bits), str: string, res: a resource's handle, var: a list of tensors; `numbers`: f32, f16, bf16, f64, i8 to i64,
u8 to u64, bool, c64 and c128. *Cases*: answers recorded from TensorFlow Lite's kernels that are met, and, after the `+`,
models that must be refused and are. What is not said here is as TensorFlow Lite has it.

"""
NUMBERS = "f32/f16/bf16/f64/i8/i16/i32/i64/u8/u16/u32/u64/bool/c64/c128"
COLUMNS = ("operator", "versions", "operands", "types", "notes", "cases")
TRAITS = {"stateful": "keeps state", "data_dependent_shape": "the output's size follows from data",
          "calls_subgraphs": "calls subgraphs", "alias": "copies nothing where it can",
          "in_place_0": "in place", "in_place_1": "in place"}


def span(low, high):
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def operands(op):
    text = f"{span(op['inputs_min'], op['inputs_max'])} → {span(op['outputs_min'], op['outputs_max'])}"
    # What lies beyond the fewest inputs may be left out anyway.
    spare = [str(i) for i in op["optional_inputs"] if i < (op["inputs_max"] or 0)]
    return text + (f"; without {', '.join(spare)}" if spare else "")


def notes(op):
    words = []
    for trait in op["traits"]:
        if TRAITS[trait] not in words:
            words.append(TRAITS[trait])
    sentence = op["notes"]
    traits = ", ".join(words)
    if traits:
        sentence = f"{sentence} {traits[0].upper()}{traits[1:]}.".strip()
    return sentence.replace("|", "\\|")


def kinds(op):
    lines = [row.strip().replace("|", "/").replace(">", "→") for row in op["types"].split(";")]
    return "<br>".join(lines).replace(NUMBERS, "numbers")


def rows(descriptors):
    """Every cell of the page but the last."""
    names = {}
    for op in descriptors:
        name = op["name"] + (" (custom)" if op["custom"] else "")
        versions = "1" if op["versions"] == 1 else f"1-{op['versions']}"
        names[op["name"]] = [name, versions, operands(op), kinds(op), notes(op)]
    return names


def written():
    """Rows of the page that is there, by operator."""
    if not os.path.exists(PAGE):
        return {}
    with open(PAGE, encoding="utf-8") as f:
        lines = [line[2:-3].split(" | ") for line in f if line.startswith("| ") and line.endswith(" |\n")]
    return {cells[0].split(" ")[0]: cells for cells in lines[2:]}


def counted(build, before):
    """Cases passed, by operator."""
    path = os.path.join(build, "conformance.tsv")
    if not os.path.exists(path):
        return {name: cells[-1] for name, cells in before.items()}
    with open(path, encoding="utf-8") as f:
        found = [line.rstrip("\n").split("\t") for line in f]
    return {name: f"{computed} + {refused}" + (f", {failed} failed" if failed != "0" else "")
            for name, computed, refused, failed in found}


def main():
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    build = arguments[0] if arguments else os.path.join(ROOT, "build")
    said = subprocess.run([os.path.join(build, "mote"), "ops", "--json"], stdout=subprocess.PIPE, check=True).stdout
    have, before = rows(json.loads(said)), written()
    if "--check" in sys.argv:
        stale = [name for name in have if name not in before or before[name][:-1] != have[name]]
        stale += [name for name in before if name not in have]
        if stale:
            sys.exit(f"doc/operators.md is stale ('make doc' makes it anew): {', '.join(stale)}")
        return
    cases = counted(build, before)
    lines = [" | ".join(COLUMNS), " | ".join(["---"] * len(COLUMNS))]
    lines += [" | ".join(cells + [cases.get(name, "0 + 0")]) for name, cells in have.items()]
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(HEAD + "".join(f"| {line} |\n" for line in lines))


if __name__ == "__main__":
    main()
