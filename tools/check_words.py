#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Is there anything in the tree that should not leave this desk? Notes to ourselves, paths of one machine, host names of
registries, a source file without its licence line, whitespace at line ends."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Split, so that this file does not find itself.
WORDS = [
    (r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b", "a note to ourselves: do it or open an issue"),
    (r"(?<![\w.$}/-])/(?:wo" r"rk|ro" r"ot|ho" r"me/\w+)/", "a path of one machine"),
    (r"\b(?:deb|security|snapshot)\.deb" r"ian\.org|pypi" r"\.org|registry\.npm" r"js|proxy\.go" r"lang", "a registry's host name"),
]
# What others wrote stands as they wrote it.
FOREIGN = ("tests/vectors/", "tests/fuzz/corpus/", "bench/vectors/")
BINARY = {".der", ".p12", ".png", ".bin", ".gz"}
LICENSED = {".c", ".h", ".py", ".sh"}


def tracked():
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def main():
    faults = []
    for name in tracked():
        path = pathlib.PurePosixPath(name)
        if name.startswith(FOREIGN) or path.suffix in BINARY or "/corpus/" in name:
            continue
        try:
            lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            faults.append(f"{name}: not UTF-8 text")
            continue
        if path.suffix in LICENSED and not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:3]):
            faults.append(f"{name}: no SPDX line at its head")
        for number, line in enumerate(lines, 1):
            for pattern, why in WORDS:
                match = re.search(pattern, line)
                if match:
                    faults.append(f"{name}:{number}: {match.group(0)}: {why}")
            if line != line.rstrip() and path.suffix in LICENSED:
                faults.append(f"{name}:{number}: white space at the line's end")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
