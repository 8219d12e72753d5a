# SPDX-License-Identifier: Apache-2.0
"""Does `make run` do what it says, and do the commands that it tells to try next? tools/run in a folder of its own."""
import re
import shutil
import signal
import socket
import subprocess

import pytest

from conftest import BUILD, ROOT


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A folder in which `make run` is up, and what it printed until then."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools/run", folder / "tools/run")
    (folder / "build").symlink_to(BUILD)
    # Whoever started the tests may have told SIGINT to be ignored; a shell could not undo that.
    process = subprocess.Popen(["tools/run"], cwd=folder, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "PORT": "0",
                                                                "http_proxy": "http://127.0.0.1:1"},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    printed = []
    for line in process.stdout:
        printed.append(line)
        if line.startswith("Ctrl-C"):
            break
    else:
        pytest.fail("".join(printed))
    yield folder, "".join(printed), process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_it_mints_a_token_that_server_and_command_believe(running):
    assert "minted a token for client first" in running[1]
    assert "X-Jeton-Subject: first" in running[1] and "    valid\n" in running[1]


def test_what_it_tells_to_try_next_works(running):
    folder, printed, _ = running
    script = re.search(r"^Try next.*?:\n(.*?)\n\n", printed, re.M | re.S).group(1)
    done = subprocess.run(["bash", "-euc", script], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ["HTTP/1.1 200 OK", '"valid":true', '"checks":[', "NOT VERIFIED", '"jwks_uri"', '"active"',
                 "jeton_verdicts_total"]:
        assert part in done.stdout, part


def test_it_ends_with_ctrl_c_and_its_server_too(running):
    host, port = re.search(r"serves at http://([\d.]+):(\d+)", running[1]).groups()
    running[2].send_signal(signal.SIGINT)
    assert running[2].wait(20) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 5)
