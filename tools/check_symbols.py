#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Are the exported symbols those of the list, those of the headers, and no other? Prints TAP.

usage: check_symbols.py [libjeton.so [libjeton.a]]    (without the library: list and headers alone)
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "src/library/libjeton.symbols"


def listed():
    lines = (line.strip() for line in LIST.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def declared():
    names = set()
    for header in (ROOT / "include/jeton").glob("*.h"):
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"), flags=re.S)
        text = re.sub(r"^\s*#.*?(?<!\\)$", " ", text, flags=re.S | re.M)
        for match in re.finditer(r"\bJETON_API\b([^;{]*?)\b(jeton_\w+)\s*(?:\(|;|\[)", text):
            names.add(match.group(2))
    return names


def exported(library):
    output = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = set()
    for line in output.splitlines():
        _, kind, name = line.split()
        if kind != "A":  # the version's own name
            names.add(name.split("@")[0])
    return names


def strangers(archive):
    """Names that the static library gives to a program's linker and that could be the program's own."""
    output = subprocess.run(["nm", "--defined-only", "--extern-only", archive], capture_output=True, text=True, check=True).stdout
    names = {line.split()[2] for line in output.splitlines() if len(line.split()) == 3}
    return {name for name in names if not name.startswith(("jeton_", "jt_", "__"))}


def main():
    results = []

    def case(name, faults):
        results.append(not faults)
        print(f"{'not ok' if faults else 'ok'} {len(results)} - {name}")
        for fault in faults:
            print(f"# {fault}")

    names = listed()
    case("the list is sorted and has no double", [] if names == sorted(set(names)) else ["sort -u it"])
    case("every name starts with jeton_", [name for name in names if not name.startswith("jeton_")])
    case("every function of the headers is in the list", sorted(declared() - set(names)))
    case("every name of the list is in the headers", sorted(set(names) - declared()))
    if len(sys.argv) > 1:
        real = exported(sys.argv[1])
        case("the library exports nothing beside the list", sorted(real - set(names)))
        case("the library exports all of the list", sorted(set(names) - real))
    if len(sys.argv) > 2:
        case("every name of the static library is jeton's by its prefix", sorted(strangers(sys.argv[2])))
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
