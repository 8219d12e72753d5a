# SPDX-License-Identifier: Apache-2.0
"""Does an installed libjeton serve a program? `meson install` into a folder; the README's program and that of libjeton(3)
compiled against it by the commands shown, shared and static, judge the tour's token."""
import os
import re
import shutil
import stat
import subprocess

import pytest

from conftest import BUILD, blocks, page


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a machine on which the library is installed: where, and a compiler that knows the sanitizers."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "-C", str(BUILD), "--destdir", str(folder / "root")],
                   check=True, capture_output=True)
    (found,) = (folder / "root").rglob("jeton.pc")
    (folder / "bin").mkdir()
    compiler = folder / "bin/cc"
    # In the path of before: a compiler's cache looks for the compiler there, and must not find this one.
    compiler.write_text(f'#!/bin/sh\nPATH="{os.environ["PATH"]}" exec {os.environ.get("CC", "cc")} {os.environ["JT_SANITIZE"]} '
                        '-Wall -Wextra -Werror "$@"\n')
    compiler.chmod(compiler.stat().st_mode | stat.S_IXUSR)
    return dict(os.environ, PATH=f"{folder / 'bin'}:{os.environ['PATH']}", PKG_CONFIG_PATH=str(found.parent),
                PKG_CONFIG_SYSROOT_DIR=str(folder / "root"), LD_LIBRARY_PATH=str(found.parent.parent))


def compiled(folder, name, source, command, environment):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.c").write_text(source, encoding="utf-8")
    subprocess.run(["sh", "-ec", command], cwd=folder, env=environment, check=True)
    return folder / name


def judged(program, environment, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def program(installed, tmp_path_factory):
    (source,) = blocks("c")
    (shown,) = blocks("sh install")
    command = next(line for line in shown.splitlines() if line.startswith("cc "))
    return compiled(tmp_path_factory.mktemp("program"), "program", source, command, installed)


def test_the_program_believes_the_tours_token(toured, program, installed):
    shutil.copy(program, toured[0] / "program")
    line = blocks("sh install")[0].splitlines()[-1]
    command, printed = line.split("# ")
    done = subprocess.run(["sh", "-ec", command], cwd=toured[0], env=installed, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, printed + "\n")


def test_the_program_refuses_a_changed_token(toured, program, installed):
    token = (toured[0] / "token").read_text(encoding="utf-8").strip()
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    status, printed = judged(program, installed, toured[0] / "keys.json", changed)
    assert status == 1 and printed.startswith("signature_invalid: ")


def test_the_static_library_needs_no_libjeton_at_run_time(toured, installed, tmp_path):
    (source,) = blocks("c")
    command = re.search(r"^\*cc\* (.*libjeton\.a.*)$", page("libjeton.3.scd"), re.M).group(1).replace("*", "")
    static = compiled(tmp_path, "program", source, f"cc -o program {command}", installed)
    token = (toured[0] / "token").read_text(encoding="utf-8").strip()
    alone = {name: value for name, value in installed.items() if name != "LD_LIBRARY_PATH"}
    assert judged(static, alone, toured[0] / "keys.json", token) == (0, "ok: ada\n")


def test_the_program_of_the_manual_page_believes_the_tours_token(toured, installed, tmp_path):
    source = re.search(r"^# EXAMPLE\n\n```\n(.*?)```", page("libjeton.3.scd"), re.M | re.S).group(1)
    shown = compiled(tmp_path, "shown", source.replace("\\\\n", "\\n"),
                     "cc shown.c -o shown $(pkg-config --cflags --libs jeton)", installed)
    token = (toured[0] / "token").read_text(encoding="utf-8").strip()
    keys = (toured[0] / "keys.json").read_text(encoding="utf-8")
    assert judged(shown, installed, keys, token) == (0, "ada\n")
    assert judged(shown, installed, keys, token[:-3]) == (1, "")
