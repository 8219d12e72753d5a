# SPDX-License-Identifier: Apache-2.0
"""`jetond --check` on broken configurations: each fault with its line and column, all of them at once. The cases stand in
broken_configurations.txt: a name, the text, and after `--- told` what is; a line that ends with … tells more."""
import pathlib
import re
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jetond import PROGRAM

FILE = pathlib.Path(__file__).parent / "broken_configurations.txt"


def cases():
    for part in FILE.read_text().split("=== ")[1:]:
        name, rest = part.split("\n", 1)
        text, told = rest.split("\n--- told\n")
        yield name, text + "\n", told.strip().splitlines()


CASES = list(cases())


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """The files that the cases name."""
    made = tmp_path_factory.mktemp("files")
    (made / "secret").write_bytes(b"a secret that is long enough for HS256")
    (made / "short").write_bytes(b"too short")
    (made / "empty").write_bytes(b"")
    (made / "line").write_bytes(b"\n")
    (made / "public.pem").write_bytes(ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    for file in made.iterdir():
        file.chmod(0o600)
    return made


def check(directory, text):
    (directory / "checked.yaml").write_text(text)
    result = subprocess.run([PROGRAM, "--check", "--config", "checked.yaml"], cwd=directory, capture_output=True, text=True,
                            timeout=30)
    assert result.stderr == ""
    return result.returncode, [line.removeprefix("checked.yaml:") for line in result.stdout.splitlines()]


@pytest.mark.parametrize("name, text, told", CASES, ids=[name for name, _, _ in CASES])
def test_each_fault_is_named_with_its_place(directory, name, text, told):
    status, lines = check(directory, text)
    assert status == 2
    assert len(lines) == len(told), lines
    for line, wanted in zip(lines, told):
        assert line.startswith(wanted[:-1]) if wanted.endswith("…") else line == wanted


def test_there_are_enough_of_them():
    assert len(CASES) >= 40
    for _, _, told in CASES:
        assert told and all(re.match(r"\d+:\d+: \S+: .", line) for line in told)


def keys_of_the_table():
    page = subprocess.run([PROGRAM, "--print-man"], capture_output=True, text=True, timeout=30, check=True).stdout
    return re.findall(r"^\*(\S+)\* \((text|one of|whole|size|duration|true|list|mapping)", page.replace("\\", ""), re.M)


def written(paths):
    """One text in which a value of a wrong type stands at each path, and the place of each."""
    lines, places, open_parts = [], {}, []
    for path, kind in paths:
        parts = path.replace("[]", ".[]").split(".")
        shared = 0
        while shared < min(len(parts), len(open_parts)) and parts[shared] == open_parts[shared]:
            shared += 1
        for depth in range(shared, len(parts)):
            indent = "  " * depth
            if parts[depth] == "[]":
                lines.append(indent + "- zz: 0")  # an unknown key opens the item; what follows stands beside it
                continue
            lines.append(indent + ("name" if parts[depth] == "*" else parts[depth]) + ":")
        value = "[[], []]" if kind == "mapping" else "{a: b}"
        lines[-1] += " " + value
        places[path] = len(lines), len(lines[-1]) - len(value) + 1
        open_parts = parts
    return "\n".join(lines) + "\n", places


def test_every_key_of_the_table_tells_a_value_of_a_wrong_type(directory):
    keys = keys_of_the_table()
    # What holds others is told alone: nothing could stand in it.
    holders = [key for key in keys if any(other[0] != key[0] and other[0].startswith((key[0] + "[]", key[0] + ".")) for other in keys)]
    rest = sorted(key for key in keys if key not in holders)
    for some in [[key] for key in holders] + [rest[i:i + 30] for i in range(0, len(rest), 30)]:
        text, places = written(some)
        status, told = check(directory, text)
        assert status == 2
        for path, (line, column) in places.items():
            shown = path.replace("[]", "[0]").replace("*", "name")
            assert [one for one in told if one.startswith(f"{line}:{column}: {shown}: must be ")], (path, text, told)
