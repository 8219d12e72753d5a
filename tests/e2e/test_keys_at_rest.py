# SPDX-License-Identifier: Apache-2.0
"""Keys on the disk: sealed, under a key that lies elsewhere; an older state or clock is noticed."""
import base64
import json
import os
import shutil
import sqlite3
import subprocess
import time

import pytest

from test_rotation import ISSUER, kid_of, set_jump

HURRIED = os.environ["JETOND_HURRIED"]


def seal_key(path, mode=0o600, length=32):
    path.write_bytes(os.urandom(length))
    path.chmod(mode)
    return path


def refused(run, config=None, environment=None, **more):
    server = run(config, ISSUER, environment, ready=False, **more)
    assert server.wait_end() == 2, server.log()
    return server.log()


def test_a_row_is_sealed_for_its_state(run):
    server = run(arguments=ISSUER)
    server.issuer("rotate")
    server.stop()
    with sqlite3.connect(server.state / "jetond.db") as database:
        assert sorted(row[0] for row in database.execute("SELECT state FROM keys")) == ["active", "next"]
        database.execute("UPDATE keys SET state = 'retiring' WHERE state = 'active'")
        database.execute("UPDATE keys SET state = 'active' WHERE state = 'next'")
    assert "cannot be used" in refused(run)


def test_no_private_key_lies_open_in_the_state(run, tmp_path):
    key = subprocess.run([os.environ["JETON"], "key", "generate", "--alg", "ES256"], capture_output=True,
                         check=True).stdout
    server = run(arguments=ISSUER)
    server.issuer("import", "-", input=key)
    server.stop()
    d = json.loads(key)["d"]
    secret = base64.urlsafe_b64decode(d + "=")
    for file in server.state.iterdir():
        assert secret not in file.read_bytes() and d.encode() not in file.read_bytes()
    assert d not in server.log()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_seal_key_that_others_can_read_is_refused(run, tmp_path, mode):
    file = seal_key(tmp_path / "seal", mode)
    assert f"seal_key_file: {file} can be read by others" in refused(run, f"seal_key_file: {file}\n")
    file.chmod(0o600)
    assert run(f"seal_key_file: {file}\n", ISSUER).get("/readyz").status == 200


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seal_key_of_another_length_is_refused(run, tmp_path, length):
    file = seal_key(tmp_path / "seal", length=length)
    assert f"must hold exactly 32 bytes, not {length}" in refused(run, f"seal_key_file: {file}\n")


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_seal_key_in_the_state_is_refused(run, tmp_path, through_a_link):
    server = run(arguments=ISSUER)
    server.stop()
    file = seal_key(server.state / "mine")
    if through_a_link:
        (tmp_path / "link").symlink_to(server.state)
        file = tmp_path / "link" / "mine"
    assert "lies in the state it seals" in refused(run, f"seal_key_file: {file}\n")


def test_the_seal_key_made_beside_the_state_is_the_owners_alone(run):
    server = run(arguments=ISSUER)
    assert "set seal_key_file" in server.log()
    server.stop()
    (server.state / "seal.key").chmod(0o644)
    assert "can be read by others" in refused(run)


def test_a_systemd_credential_is_guarded_by_systemd(run, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    file = seal_key(credentials / "seal", 0o440)
    environment = {"CREDENTIALS_DIRECTORY": str(credentials), "JETON_SEAL_KEY_FILE": str(file)}
    assert run(arguments=ISSUER, environment=environment).get("/readyz").status == 200
    assert "can be read by others" in refused(run, environment={"JETON_SEAL_KEY_FILE": str(file)}, name="other")


def test_reseal_in_a_running_server(run, tmp_path):
    file = seal_key(tmp_path / "seal")
    config = f"seal_key_file: {file}\n"
    server = run(config, ISSUER)
    kid = kid_of(server.mint())
    old = file.read_bytes()
    seal_key(file)
    answer = server.issuer("reseal")
    assert (answer["resealed"], answer["changed"]) == (1, True)
    assert not server.issuer("reseal")["changed"]
    server.stop()
    again = run(config, ISSUER)
    assert kid_of(again.mint()) == kid
    again.stop()
    file.write_bytes(old)
    assert "sealed under another seal key" in refused(run, config)


def test_reseal_refuses_a_bad_seal_key_and_changes_nothing(run, tmp_path):
    file = seal_key(tmp_path / "seal")
    old = file.read_bytes()
    server = run(f"seal_key_file: {file}\n", ISSUER)
    seal_key(file, length=16)
    assert "32 bytes" in server.issuer("reseal", status=2)
    file.unlink()
    server.issuer("reseal", status=2)
    server.stop()
    file.write_bytes(old)
    file.chmod(0o600)
    assert run(f"seal_key_file: {file}\n", ISSUER).mint()


def test_reseal_at_a_start_with_the_old_key_named(run, tmp_path):
    old, new = seal_key(tmp_path / "old"), seal_key(tmp_path / "new")
    server = run(f"seal_key_file: {old}\n", ISSUER)
    kid = kid_of(server.mint())
    server.stop()
    assert "sealed under another seal key" in refused(run, f"seal_key_file: {new}\n")
    server = run(f"seal_key_file: {new}\nseal_key_old_file: {old}\n", ISSUER)
    assert "sealed anew" in server.log()
    server.stop()
    assert kid_of(run(f"seal_key_file: {new}\n", ISSUER).mint()) == kid


def put_back(copy, state):
    for name in ("jetond.db", "jetond.db-wal", "jetond.db-shm"):
        (state / name).unlink(missing_ok=True)
    shutil.copy(copy, state / "jetond.db")


def test_S4_11_a_database_that_was_put_back_is_refused(run, tmp_path):
    server = run(arguments=ISSUER)
    first = kid_of(server.mint())
    server.stop()
    shutil.copy(server.state / "jetond.db", tmp_path / "copy")
    server = run(arguments=ISSUER)
    server.issuer("revoke", "--", first)
    server.stop()
    put_back(tmp_path / "copy", server.state)
    log = refused(run)
    assert "older than the last one seen" in log and "--accept-rollback" in log
    accepted = run(arguments=[*ISSUER, "--accept-rollback"])
    assert "an older state is accepted" in accepted.log()
    assert kid_of(accepted.mint()) == first
    accepted.stop()
    assert run(arguments=ISSUER).mint()


def test_S4_11_a_state_that_was_put_back_whole_is_noticed_by_a_mark_elsewhere(run, tmp_path):
    config = f"mark_file: {tmp_path}/mark\n"
    server = run(config, ISSUER)
    server.stop()
    shutil.copytree(server.state, tmp_path / "copy")
    server = run(config, ISSUER)
    server.issuer("rotate")
    server.stop()
    shutil.rmtree(server.state)
    shutil.copytree(tmp_path / "copy", server.state)
    assert "older than the last one seen" in refused(run, config)
    assert run(config, [*ISSUER, "--accept-rollback"]).mint()


def test_a_lost_mark_is_told_and_made_again(run):
    server = run(arguments=ISSUER)
    server.stop()
    (server.state / "jetond.mark").unlink()
    server = run(arguments=ISSUER)
    assert "the mark beside the state is gone" in server.log()
    server.stop()
    assert (server.state / "jetond.mark").exists()
    (server.state / "jetond.mark").write_text("something else")
    assert "is no mark of jetond" in refused(run)


def test_an_older_clock_is_refused_and_a_little_is_none(run, tmp_path):
    jump = tmp_path / "jump"
    set_jump(jump, 3600)
    environment = {"JT_JUMP": str(jump)}
    server = run(arguments=ISSUER, environment=environment, program=HURRIED)
    server.issuer("rotate")
    status = server.issuer("status")
    kids = [key["kid"] for key in status["keys"]]
    server.stop()
    set_jump(jump, 3570)
    server = run(arguments=ISSUER, environment=environment, program=HURRIED)
    assert [key["kid"] for key in server.issuer("status")["keys"]] == kids
    server.stop()
    set_jump(jump, 0)
    log = refused(run, environment=environment, program=HURRIED)
    assert "set the clock" in log and "--accept-rollback" in log
    server = run(arguments=[*ISSUER, "--accept-rollback"], environment=environment, program=HURRIED)
    after = server.issuer("status")
    assert [key["kid"] for key in after["keys"]] == kids
    # The span that the next key still has to be shown is as long as it was.
    assert abs((after["keys"][0]["signs_from"] - after["now"]) - 24 * 3600) < 60
    assert after["now"] < time.time() + 60
    server.stop()
    assert run(arguments=ISSUER, environment=environment, program=HURRIED).mint()


def test_a_kill_between_changes_loses_no_key(run):
    server = run(arguments=ISSUER)
    for _ in range(3):
        server.issuer("rotate")
        kids = {key["kid"] for key in server.keys()}
        server.process.kill()
        server.wait_end()
        server = run(arguments=ISSUER)
        assert {key["kid"] for key in server.keys()} == kids
        server.issuer("revoke", "--", server.kids("next")[0])


def test_the_state_of_schema_1_is_taken_over(run):
    server = run(arguments=ISSUER)
    kid = kid_of(server.mint())
    server.stop()
    (server.state / "jetond.mark").unlink()
    with sqlite3.connect(server.state / "jetond.db") as database:
        database.execute("UPDATE keys SET published_at = 0, signs_from = 0, signs_until = 0")
        database.execute("DELETE FROM marks")
    server = run(arguments=ISSUER)
    assert kid_of(server.mint()) == kid
    key, = server.issuer("status")["keys"]
    assert key["published_at"] > 0 and key["signs_from"] > 0
