#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Is what the README shows true? Its tour is run as it stands, its C program is compiled and judges the tour's token."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
JETON = os.environ["JETON"]


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.M | re.S)


@pytest.fixture(scope="module")
def toured(tmp_path_factory):
    """A folder in which the whole tour was run, and what each of its commands printed."""
    folder = tmp_path_factory.mktemp("tour")
    (folder / "build").mkdir()
    (folder / "build/jeton").symlink_to(JETON)
    printed = {}
    for block in blocks("sh tour"):
        for command in block.strip().splitlines():
            if command.startswith("make "):
                continue  # the build under test is there already
            done = subprocess.run(["sh", "-ec", command], cwd=folder, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            printed[command] = done.stdout
    return folder, printed


def printed_by(toured, part):
    return next(text for command, text in toured[1].items() if part in command)


def test_the_tour_runs_and_its_token_is_believed(toured):
    assert '"valid":true' in printed_by(toured, "verify --jwks keys.json --issuer")


def test_the_refusal_shown_is_one(toured):
    verdict = printed_by(toured, "--audience billing")
    assert '"error":"audience_mismatch"' in verdict and '"checks":[' in verdict


def test_inspect_says_that_nothing_was_verified(toured):
    assert "NOT VERIFIED" in printed_by(toured, "inspect")


def test_the_key_set_of_the_tour_has_no_private_member(toured):
    text = (toured[0] / "keys.json").read_text(encoding="utf-8")
    assert '"kty":"EC"' in text and '"d"' not in text


def test_every_make_target_named_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.M)) <= targets


def test_every_file_linked_is_there():
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("program")
    (source,) = blocks("c")
    (folder / "program.c").write_text(source, encoding="utf-8")
    flags = os.environ["JT_LINK"].split()
    subprocess.run([*os.environ.get("CC", "cc").split(), "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include", "program.c", "-o", "program", *flags],
                   cwd=folder, check=True)
    return folder / "program"


def test_the_program_believes_the_tours_token(toured, program):
    token = (toured[0] / "token").read_text(encoding="utf-8").strip()
    done = subprocess.run([program, toured[0] / "keys.json", token], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ok: ada\n")


def test_the_program_refuses_a_changed_token(toured, program):
    token = (toured[0] / "token").read_text(encoding="utf-8").strip()
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    done = subprocess.run([program, toured[0] / "keys.json", changed], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith("signature_invalid: ")


def test_the_program_is_about_twenty_lines_long():
    (source,) = blocks("c")
    inside = source[source.index("{") + 1:source.rindex("}")].strip().splitlines()
    assert len(inside) <= 26
