# SPDX-License-Identifier: Apache-2.0
"""Two slots of the environment hold the key that signs and the one before it: the operator rotates (S4.1, S4.2)."""
import os
import subprocess

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from jetond import PROGRAM
from test_rotation import ISSUER, kid_of


def pem():
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def keys():
    return [pem() for _ in range(3)]


def slots(active=None, kid=None, previous=None, previous_kid=None):
    names = ("OIDC_PROVIDER_KEY", "OIDC_PROVIDER_KID", "OIDC_PROVIDER_KEY_PREVIOUS", "OIDC_PROVIDER_KID_PREVIOUS")
    return {name: value for name, value in zip(names, (active, kid, previous, previous_kid)) if value is not None}


def start(run, environment, **more):
    return run(more.pop("config", None), ISSUER, environment, **more)


def shown(server):
    return [key["kid"] for key in server.keys()]


def test_S4_1_S4_7_S4_8_the_active_key_comes_first_and_alone_signs(run, keys):
    server = start(run, slots(keys[0], "new", keys[1], "old"))
    assert shown(server) == ["new", "old"]
    for key in server.keys():
        assert key.keys() == {"kty", "alg", "use", "kid", "n", "e"}
        assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    token = server.mint()
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "at+jwt", "kid": "new"}
    assert server.verify(token).status == 200
    document = server.get("/.well-known/openid-configuration").json()
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert document["jwks_uri"] == "https://tokens.example/.well-known/jwks.json"


def test_S4_10_S5_19_the_procedure_of_a_rotation(run, keys):
    server = start(run, slots(keys[0], "one"))
    token = server.mint()
    server.stop()
    server = start(run, slots(keys[1], "two", keys[0], "one"))
    assert shown(server) == ["two", "one"]
    assert server.verify(token).status == 200
    assert kid_of(server.mint()) == "two"
    assert "OIDC_PROVIDER_KEY signs at once" in server.log()
    server.stop()
    # The previous key leaves the slot: it is shown until its tokens are gone all the same.
    server = start(run, slots(keys[1], "two"))
    assert shown(server) == ["two", "one"]
    assert server.verify(token).status == 200
    assert "signs at once" not in server.log()


def test_S5_19_a_key_that_was_the_fallback_first_is_known_when_it_signs(run, keys):
    brief = "signing: {token_ttl: 1s, rotate_every: 3s, publish_ahead: 2s, jwks_max_age: 1s}\n"
    server = start(run, slots(keys[0], "one", keys[1], "two"), config=brief)
    published_at = [key["published_at"] for key in server.issuer("status")["keys"] if key["kid"] == "two"][0]
    while server.issuer("status")["now"] < published_at + 2:
        pass
    server.stop()
    server = start(run, slots(keys[1], "two", keys[0], "one"), config=brief)
    assert kid_of(server.mint()) == "two"
    assert "signs at once" not in server.log()


def test_S4_11_going_back_is_told(run, keys):
    start(run, slots(keys[0], "one")).stop()
    start(run, slots(keys[1], "two", keys[0], "one")).stop()
    server = start(run, slots(keys[0], "one"))
    assert kid_of(server.mint()) == "one"
    assert shown(server) == ["one", "two"]
    assert "had been rotated out: it signs again" in server.log()


def test_S4_11_without_slots_the_same_keys_go_on_by_time(run, keys):
    start(run, slots(keys[0], "one")).stop()
    server = start(run, {})
    assert kid_of(server.mint()) == "one"
    assert server.issuer("status")["rotation"] == "timed"


def test_keys_of_the_state_give_way_to_the_slots(run, keys):
    server = start(run, {})
    server.issuer("rotate")
    token = server.mint()
    server.stop()
    server = start(run, slots(keys[0], "one"))
    assert shown(server)[0] == "one" and len(shown(server)) == 3
    assert kid_of(server.mint()) == "one"
    assert server.verify(token).status == 200
    status = server.issuer("status")
    assert (status["rotation"], server.kids("next")) == ("slots", [])
    assert "OIDC_PROVIDER_KEY" in server.issuer("rotate", status=2)
    assert "OIDC_PROVIDER_KEY" in server.issuer("import", "-", status=2, input=pem().encode())


def test_a_revoked_key_does_not_come_back_from_its_slot(run, keys):
    server = start(run, slots(keys[0], "one", keys[1], "two"))
    fresh = server.issuer("revoke", "one")["active"]
    server.stop()
    server = start(run, slots(keys[0], "one", keys[1], "two"))
    assert kid_of(server.mint()) == fresh
    assert "one" not in shown(server)
    assert "was revoked: it does not come back" in server.log()


def test_S4_2_a_previous_key_without_kid_is_left_out_with_a_warning(run, keys):
    server = start(run, slots(keys[0], "one", keys[1]))
    assert shown(server) == ["one"]
    assert "OIDC_PROVIDER_KID_PREVIOUS is not set" in server.log()


def test_S4_2_an_unreadable_previous_key_is_a_warning(run, keys):
    server = start(run, slots(keys[0], "one", "-----BEGIN nonsense", "two"))
    assert shown(server) == ["one"]
    assert "OIDC_PROVIDER_KEY_PREVIOUS is left out of the key set" in server.log()


@pytest.mark.parametrize("environment, variable", [
    (slots("nonsense", "one"), "OIDC_PROVIDER_KEY"),
    (slots("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "one"), "OIDC_PROVIDER_KEY"),
    (slots("", "one"), "OIDC_PROVIDER_KEY"),
    (slots(None, "one"), "OIDC_PROVIDER_KEY"),
    (slots(None, None, "x"), "OIDC_PROVIDER_KEY"),
    (slots("nonsense", ""), "OIDC_PROVIDER_KID"),
])
def test_S4_2_S4_3_S4_5_a_bad_active_slot_ends_the_start_with_one_line(run, environment, variable):
    server = start(run, environment, ready=False)
    assert server.wait_end() == 2
    line, = server.log().splitlines()
    assert line.startswith(f"${variable}:1:1: ")


def test_S4_3_check_tells_of_the_slots_too(tmp_path, keys):
    def check(environment):
        return subprocess.run([PROGRAM, "--check", "--state", str(tmp_path / "s")], capture_output=True, text=True,
                              timeout=30, env={**os.environ, **environment})
    assert check(slots(keys[0], "one")).returncode == 0
    bad = check(slots("nonsense", "one"))
    assert (bad.returncode, bad.stdout.count("\n")) == (2, 1)
    assert not (tmp_path / "s").exists()


def test_one_kid_is_one_key(run, keys):
    start(run, slots(keys[0], "one")).stop()
    server = start(run, slots(keys[1], "one"), ready=False)
    assert server.wait_end() == 2
    assert "a new key needs a new kid" in server.log()


def test_S4_4_key_material_is_read_once_and_shows_nowhere(run, keys):
    server = start(run, slots(keys[0], "one"))
    tokens = [server.mint() for _ in range(3)]
    assert {kid_of(token) for token in tokens} == {"one"}
    with open(f"/proc/{server.process.pid}/environ", "rb") as file:
        assert keys[0].splitlines()[1].encode() not in file.read()
    assert keys[0].splitlines()[1] not in server.log()
