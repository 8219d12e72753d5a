# SPDX-License-Identifier: Apache-2.0
"""The state under hardship: a full disk, one that may not be written, an older layout, a broken one. What was answered
as done is done; what cannot be done is refused, and the server goes on."""
import contextlib
import shutil
import sqlite3
import subprocess

import pytest

import jetond
from jetond import claims_of
from parties import clients_in, introspect, mint, reason_of, revoke

MAY_MOUNT = shutil.which("unshare") is not None and subprocess.run(
    ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
mounts = pytest.mark.skipif(not MAY_MOUNT, reason="no mounts in a namespace of our own here")


@pytest.fixture
def inside(tmp_path):
    """A program that starts the server behind a command in a mount namespace of its own; $S is the state."""
    def prepare(command):
        script = tmp_path / "inside"
        script.write_text("#!/bin/sh\nexec unshare -rm sh -ec '\nfor S; do case $S in */state) break;; esac; done\n"
                          f"{command}\nexec \"$0\" \"$@\"' {jetond.PROGRAM} \"$@\"\n")
        script.chmod(0o755)
        return str(script)
    return prepare


@mounts
def test_a_full_disk_refuses_what_it_cannot_keep_and_the_rest_goes_on(run, tmp_path, inside):
    server = run(clients_in(tmp_path), program=inside("mkdir -m 700 -p \"$S\"; mount -t tmpfs -o size=320k,mode=700 none \"$S\""))
    kept = []
    for _ in range(200):
        token = mint(server)
        answer = revoke(server, token)
        if answer.status != 200:
            break
        kept.append(token)
    assert kept, server.log()
    assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.header("Retry-After") is not None
    assert "a token could not be revoked" in server.log() and "the state cannot be written" in server.log()
    for one in kept:
        assert reason_of(server, one) == "token_revoked"
    good = mint(server)  # what needs no disk goes on
    assert reason_of(server, good) is None and introspect(server, good)["active"] is True
    assert server.get("/readyz").status == 200
    subprocess.run(["nsenter", "-t", str(server.process.pid), "-U", "-m", "mount", "-o", "remount,size=8m", str(server.state)],
                   check=True)
    assert revoke(server, token).status == 200
    assert reason_of(server, token) == "token_revoked"


@mounts
def test_a_state_on_a_disk_that_may_not_be_written_is_refused(run, inside):
    server = run(ready=True)
    server.stop()
    refused = run(ready=False, program=inside("mount --bind \"$S\" \"$S\"; mount -o remount,ro,bind \"$S\""))
    assert refused.wait_end() == 2
    assert f"the state {refused.state} cannot be written: Read-only file system" in refused.log()


@mounts
def test_a_disk_too_small_for_a_first_start_is_refused(run, inside):
    server = run(ready=False, program=inside("mkdir -m 700 -p \"$S\"; mount -t tmpfs -o size=8k,mode=700 none \"$S\""))
    assert server.wait_end() in (2, 4)
    assert "the state" in server.log() or "jetond.db" in server.log()


def database_of(server):
    """Closed at the end of the block, committed before."""
    return contextlib.closing(sqlite3.connect(server.state / "jetond.db", isolation_level=None))


def layout_of(server):
    with database_of(server) as database:
        names = [name for name, in database.execute("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL")]
        version, = database.execute("PRAGMA user_version").fetchone()
        return version, {name: {row[1] for row in database.execute(f"PRAGMA table_info({name})")} for name in names}


def test_a_state_of_the_first_version_is_brought_up_with_its_keys_and_clients(run):
    """Written back to what the first version wrote, letter by letter; sealed keys stay readable."""
    server = run()
    token, client = server.mint(), server.client()
    server.stop()
    layout = layout_of(server)
    with database_of(server) as database:
        key, = database.execute("SELECT kid, algorithm, state, created_at, sealed FROM keys WHERE state = 'active'").fetchall()
        for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'clients'").fetchall():
            database.execute(f"DROP TABLE {name}")
        database.execute("CREATE TABLE keys(kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, state TEXT NOT NULL,"
                         " created_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT")
        database.execute("INSERT INTO keys VALUES(?,?,?,?,?)", key)
        database.execute("PRAGMA user_version=1")
    (server.state / "jetond.mark").unlink()
    again = run(arguments=["--issuer", claims_of(token)["iss"]])
    assert reason_of(again, token) is None
    assert again.client() == client
    fresh = again.mint()
    assert jetond.claims_of(fresh)["client_id"] == client["client_id"]
    assert again.stop() == 0
    assert layout_of(server) == layout


def test_a_state_of_a_newer_version_is_refused_and_left_alone(run):
    server = run()
    server.stop()
    with database_of(server) as database:
        version, = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version={version + 1}")
    before = (server.state / "jetond.db").read_bytes()
    refused = run(ready=False)
    assert refused.wait_end() == 2
    assert f"was written by another version of jetond (schema {version + 1})" in refused.log()
    assert (server.state / "jetond.db").read_bytes() == before
