# SPDX-License-Identifier: Apache-2.0
"""What the texts show, and a folder in which the README's tour was run."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BUILD = pathlib.Path(os.environ["JT_BUILD"])


def blocks(kind):
    """The README's fenced blocks of that kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.M | re.S)


def page(name):
    return (ROOT / "doc/man" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def toured(tmp_path_factory):
    """A folder in which the whole tour was run, and what each of its commands printed."""
    folder = tmp_path_factory.mktemp("tour")
    (folder / "build").mkdir()
    (folder / "build/jeton").symlink_to(BUILD / "jeton")
    printed = {}
    for block in blocks("sh tour"):
        for command in block.strip().splitlines():
            if command.startswith("make "):
                continue  # the build under test is there already
            done = subprocess.run(["sh", "-ec", command], cwd=folder, capture_output=True, text=True, timeout=60)
            assert done.returncode == ("billing" in command), f"{command}\n{done.stdout}{done.stderr}"
            printed[command] = done.stdout
    return folder, printed
