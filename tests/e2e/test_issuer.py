# SPDX-License-Identifier: Apache-2.0
"""jeton issuer and the control socket behind it: rotate, revoke, import, and who may ask what."""
import json
import os
import socket
import subprocess

import jwt
import pytest

from jetond import eventually
from test_rotation import ISSUER, MINUTES, Hurry, kid_of


def test_a_rotation_on_command_is_planned_and_then_done(run):
    hurry = Hurry(run, 100, MINUTES)
    server = hurry.server
    first = kid_of(server.mint())
    answer = server.issuer("rotate")
    assert not answer["rotated"]
    assert answer["signs_from"] - answer["now"] == 300
    again = server.issuer("rotate")
    assert answer["signs_from"] <= again["signs_from"] < answer["signs_from"] + 60  # it counts from when it was shown
    assert kid_of(server.mint()) == first
    next_kid, = server.kids("next")
    eventually(lambda: kid_of(server.mint()) == next_kid)
    assert hurry.now() >= answer["signs_from"]
    assert server.kids("retiring") == [first]


def test_S4_8_a_revoked_active_key_is_replaced_at_once_and_for_ever(run):
    server = run(arguments=ISSUER)
    token = server.mint()
    assert server.verify(token).status == 200
    answer = server.issuer("revoke", "--", kid_of(token))
    assert answer["was_active"] and answer["fresh"] and answer["early_for"] > 0
    assert kid_of(server.mint()) == answer["active"] != kid_of(token)
    refused = server.verify(token)
    assert (refused.status, refused.json()["reason"]) == (401, "key_unknown")
    assert [key["kid"] for key in server.keys()] == [answer["active"]]
    assert server.verify(server.mint()).status == 200
    assert "a key was revoked" in server.log() and "was not published long enough" in server.log()
    server.stop()
    again = run(arguments=ISSUER)
    assert [key["kid"] for key in again.keys()] == [answer["active"]]
    assert [key["kid"] for key in again.issuer("status")["revoked"]] == [kid_of(token)]


def test_a_revoked_active_key_is_followed_by_the_next_one(run):
    server = run(arguments=ISSUER)
    first = kid_of(server.mint())
    server.issuer("rotate")
    next_kid, = server.kids("next")
    answer = server.issuer("revoke", "--", first)
    assert (answer["active"], answer["fresh"]) == (next_kid, False)
    assert kid_of(server.mint()) == next_kid


def test_revoking_what_is_not_there_is_refused(run):
    server = run(arguments=ISSUER)
    assert "no key here has the kid nobody" in server.issuer("revoke", "nobody", status=2)
    assert len(server.keys()) == 1


@pytest.mark.parametrize("algorithm, form", [("RS256", "pem"), ("EdDSA", "jwk")])
def test_an_imported_key_is_a_next_key_like_any_other(run, tmp_path, algorithm, form):
    server = run(arguments=ISSUER)
    active = kid_of(server.mint())
    key = subprocess.run([os.environ["JETON"], "key", "generate", "--alg", algorithm, "--to", form],
                         capture_output=True, check=True).stdout
    answer = server.issuer("import", "--kid", "ours", "-", input=key)
    assert (answer["imported"], answer["algorithm"]) == ("ours", algorithm)
    assert answer["signs_from"] - answer["now"] >= 24 * 3600
    assert kid_of(server.mint()) == active
    assert [key["kid"] for key in server.keys()] == ["ours", active]
    document = server.get("/.well-known/openid-configuration").json()
    assert set(document["id_token_signing_alg_values_supported"]) == {"ES256", algorithm}
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set().union(*server.keys())
    assert "is here already, as ours" in server.issuer("import", "-", input=key, status=2)
    server.stop()
    again = run(arguments=ISSUER)
    assert [key["kid"] for key in again.keys()] == ["ours", active]
    again.issuer("revoke", "ours")
    assert "was revoked" in again.issuer("import", "-", input=key, status=2)


def test_what_is_no_private_key_is_not_imported(run):
    server = run(arguments=ISSUER)
    secret = subprocess.run([os.environ["JETON"], "key", "generate", "--alg", "HS256"], capture_output=True,
                            check=True).stdout
    public = json.dumps(server.keys()[0]).encode()
    assert "symmetric" in server.issuer("import", "-", input=secret, status=2)
    server.issuer("import", "-", input=public, status=2)
    server.issuer("import", "-", input=b"nonsense", status=2)
    assert len(server.keys()) == 1


def test_S4_6_S5_17_another_algorithm_comes_with_the_next_key(run):
    server = run(arguments=ISSUER)
    first = server.mint()
    server.stop()
    server = run("signing: {algorithm: EdDSA}\n", arguments=ISSUER)
    document = server.get("/.well-known/openid-configuration")
    assert document.json()["id_token_signing_alg_values_supported"] == ["ES256"]
    assert document.header("Cache-Control") == "public, max-age=3600"
    assert kid_of(server.mint()) == kid_of(first)
    server.issuer("rotate")
    document = server.get("/.well-known/openid-configuration").json()
    assert document["id_token_signing_alg_values_supported"] == ["ES256", "EdDSA"]
    assert jwt.get_unverified_header(server.mint())["alg"] == "ES256"


def test_metrics_show_the_state_of_each_key(run):
    server = run(arguments=ISSUER)
    server.issuer("rotate")
    text = server.get("/metrics").body.decode()
    for state in ("active", "next"):
        kid, = server.kids(state)
        assert f'jeton_issuer_key_state{{kid="{kid}",state="{state}"}} 1\n' in text
    assert server.get("/readyz").status == 200


# --- The control socket ---

def talk(server, text):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        directory = os.open(server.state, os.O_PATH)
        connection.connect(f"/proc/self/fd/{directory}/control.sock")
        os.close(directory)
        try:
            connection.sendall(text)
        except BrokenPipeError:
            pass
        received = b""
        try:
            while more := connection.recv(65536):
                received += more
        except ConnectionResetError:
            pass
        return received


def test_the_control_socket_is_its_owners_alone(run):
    server = run(arguments=ISSUER)
    assert (server.state / "control.sock").stat().st_mode & 0o777 == 0o600
    server.stop()
    assert not (server.state / "control.sock").exists()


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"nonsense", b'{"do":"explode"}', b'{"do":7}', b'{"do":"revoke"}',
                                  b'{"do":"status","kid":"x"}', b'{"do":"status","do":"status"}', b"\xff\xfe",
                                  b'{"do":"import"}', b'{"do":{"do":{"do":"status"}}}'])
def test_a_bad_request_is_told_so(run, line):
    answer = json.loads(talk(run(arguments=ISSUER), line + b"\n"))
    assert (answer["ok"], answer["error"]) == (False, "request_invalid")


def test_a_request_without_end_is_cut_off(run):
    server = run(arguments=ISSUER)
    assert talk(server, b'{"do":"status"') == b""
    assert talk(server, b" " * 300000) == b""
    assert server.issuer("status")["ok"]


def test_a_socket_a_crash_left_behind_is_replaced(run):
    server = run(arguments=ISSUER)
    server.process.kill()
    server.wait_end()
    assert (server.state / "control.sock").exists()
    assert run(arguments=ISSUER).issuer("status")["ok"]


def test_the_socket_may_be_elsewhere(run, tmp_path):
    server = run(f"control_socket: {tmp_path}/c.sock\n", arguments=ISSUER)
    assert not (server.state / "control.sock").exists()
    assert (tmp_path / "c.sock").stat().st_mode & 0o777 == 0o600
    other = run(f"control_socket: {tmp_path}/c.sock\n", arguments=ISSUER, name="other", ready=False)
    assert other.wait_end() == 2
    assert "is in use by another program" in other.log()
