#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does every public header stand alone, as C99 and as C++, without a warning? Prints TAP.

usage: check_headers.py [--cc CC] [--cxx CXX]
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-pedantic-errors", "-Wundef", "-Werror"]
# No -Wshadow in C++: struct jeton_bytes and the function jeton_bytes share a name, as struct stat and stat() do.
LANGUAGES = [
    ("C99", "c", ["-x", "c", "-std=c99", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"]),
    ("C11", "c", ["-x", "c", "-std=c11", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"]),
    ("C++11", "c++", ["-x", "c++", "-std=c++11"]),
    ("C++20", "c++", ["-x", "c++", "-std=c++20"]),
]


def compiles(compiler, flags, header, scratch):
    # Twice, so that a missing guard shows.
    source = pathlib.Path(scratch, "alone.c")
    source.write_text(f"#include <{header}>\n#include <{header}>\nint main(void)\n{{\n    return 0;\n}}\n")
    return subprocess.run([compiler, *flags, *WARNINGS, "-I", str(ROOT / "include"), "-fsyntax-only", str(source)],
                          capture_output=True, text=True, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--cxx", default="g++")
    options = parser.parse_args()
    compilers = {"c": shutil.which(options.cc), "c++": shutil.which(options.cxx) or shutil.which("clang++")}
    headers = sorted(str(path.relative_to(ROOT / "include")) for path in (ROOT / "include/jeton").glob("*.h"))
    number = 0
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        for header in headers:
            for name, language, flags in LANGUAGES:
                number += 1
                if compilers[language] is None:
                    print(f"ok {number} - {header} as {name} # SKIP no {language} compiler")
                    continue
                result = compiles(compilers[language], flags, header, scratch)
                if result.returncode == 0:
                    print(f"ok {number} - {header} as {name}")
                else:
                    failed = True
                    print(f"not ok {number} - {header} as {name}")
                    for line in result.stderr.splitlines():
                        print(f"# {line}")
    print(f"1..{number}")
    return 1 if failed or number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
