# SPDX-License-Identifier: Apache-2.0
"""The packages of tests/interop, put below the build directory once, whoever asks first."""
import fcntl
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(os.environ.get("JT_INTEROP", pathlib.Path(__file__).parent.parent / "interop"))
SECONDS = 180


def folder(tmp):
    """Where they are; the test is skipped when they cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no node or no npm here")
    build = pathlib.Path(os.environ.get("JT_INTEROP_BUILD", tmp)) / "npm"
    lock = (HERE / "package-lock.json").read_bytes()
    build.mkdir(parents=True, exist_ok=True)
    with open(build / "lock", "w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if (build / "done").exists() and (build / "done").read_bytes() == lock:
            return build
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, build)
        try:
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=build,
                                  capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm ci did not end within {SECONDS} s")
        if done.returncode:
            pytest.skip("npm ci did not work; no network?")
        (build / "done").write_bytes(lock)
    return build


def node_major():
    return int(subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True).stdout.split(".")[0])
