# SPDX-License-Identifier: Apache-2.0
"""The issuer's keys in time: published ahead, signing, still published, gone. A faster clock (hurried_clock.c) makes hours of it pass
in seconds."""
import json
import os
import re
import subprocess
import time

import jwt
import pytest

from jetond import PROGRAM, eventually

HURRIED = os.environ["JETOND_HURRIED"]
BRIEF = "signing: {token_ttl: 2s, rotate_every: 4s, publish_ahead: 3s, jwks_max_age: 2s}\n"
MINUTES = "signing: {token_ttl: 60s, rotate_every: 10m, publish_ahead: 5m, jwks_max_age: 1m}\n"
ISSUER = ["--issuer", "https://tokens.example"]


class Hurry:
    """A server whose clock runs `times` as fast as ours."""

    def __init__(self, run, times, config, name="jetond"):
        self.epoch = int(time.time())
        self.times = times
        self.environment = {"JT_HURRY": str(times), "JT_EPOCH": str(self.epoch)}
        self.start = lambda: run(config, ISSUER, self.environment, program=HURRIED, name=name)
        self.server = self.start()

    def now(self):
        return self.epoch + (time.time() - self.epoch) * self.times


def kid_of(token):
    return jwt.get_unverified_header(token)["kid"]


def max_age_of(answer):
    return int(re.fullmatch(r"public, max-age=(\d+)", answer.header("Cache-Control")).group(1))


class Party:
    """A relying party that keeps the set for exactly as long as it may."""

    def __init__(self, hurry):
        self.hurry = hurry
        self.until = 0
        self.keys = {}
        self.fetches = 0

    def verify(self, token):
        if self.hurry.now() > self.until:
            asked_at = self.hurry.now()
            answer = self.hurry.server.get("/.well-known/jwks.json")
            self.until = asked_at + max_age_of(answer)
            self.keys = {key["kid"]: jwt.PyJWK(key).key for key in answer.json()["keys"]}
            self.fetches += 1
        options = {"verify_exp": False, "verify_iat": False}
        return jwt.decode(token, self.keys[kid_of(token)], algorithms=["ES256"], audience="api", options=options)


def test_S4_10_S5_19_a_party_that_keeps_the_set_for_max_age_knows_every_key_of_100_rotations(run):
    hurry = Hurry(run, 25, BRIEF.replace("rotate_every: 4s", "rotate_every: 3s"))
    parties = [Party(hurry) for _ in range(3)]
    seen, live = [], []
    wait_at_most = time.monotonic() + 120
    while len(seen) < 101 and time.monotonic() < wait_at_most:
        token = hurry.server.mint()
        signed_before = hurry.now()
        if kid_of(token) not in seen:
            seen.append(kid_of(token))
        for party in parties:
            party.verify(token)
        assert hurry.server.verify(token).status in (200, 401)  # 401 once its two fast seconds are over
        live = [(kid, end) for kid, end in live if end > hurry.now()] + [(kid_of(token), signed_before + 2)]
        now = hurry.now()
        shown = {key["kid"] for key in hurry.server.keys()}
        assert {kid for kid, end in live if end > now} <= shown
    assert len(seen) == 101
    assert min(party.fetches for party in parties) > 50


def test_S4_10_tokens_signed_before_a_rotation_are_good_throughout(run):
    hurry = Hurry(run, 1, BRIEF.replace("token_ttl: 2s", "token_ttl: 4s"))
    server = hurry.server
    token = server.mint()
    eventually(lambda: kid_of(server.mint()) != kid_of(token))
    assert server.verify(token).status in (200, 401)
    assert kid_of(token) in [key["kid"] for key in server.keys()]
    assert kid_of(token) in server.kids("retiring")


def test_S4_11_a_restart_goes_on_with_the_plan(run):
    hurry = Hurry(run, 100, MINUTES)
    planned = eventually(lambda: [key for key in hurry.server.issuer("status")["keys"] if key["state"] == "next"])
    before = hurry.server.issuer("status")
    hurry.server.process.kill()
    hurry.server.wait_end()
    hurry.server = hurry.start()
    after = hurry.server.issuer("status")
    assert [key["kid"] for key in after["keys"]] == [key["kid"] for key in before["keys"]]
    assert [key["signs_from"] for key in after["keys"]] == [key["signs_from"] for key in before["keys"]]
    assert after["keys"][0]["kid"] == planned[0]["kid"]


def test_S4_11_a_restart_never_reverts_a_rotation(run):
    hurry = Hurry(run, 25, BRIEF)
    first = kid_of(hurry.server.mint())
    eventually(lambda: kid_of(hurry.server.mint()) != first)
    second = kid_of(hurry.server.mint())
    for _ in range(2):
        hurry.server.stop()
        hurry.server = hurry.start()
        assert kid_of(hurry.server.mint()) != first
        assert {first, second} <= {key["kid"] for key in hurry.server.keys()}


def test_a_key_is_gone_once_its_tokens_are(run):
    hurry = Hurry(run, 25, BRIEF)
    first = kid_of(hurry.server.mint())
    eventually(lambda: kid_of(hurry.server.mint()) != first)
    gone_at, = [key["gone_at"] for key in hurry.server.issuer("status")["keys"] if key["kid"] == first]
    eventually(lambda: first not in [key["kid"] for key in hurry.server.keys()])
    assert hurry.now() >= gone_at


def set_jump(file, seconds):
    """At once: nobody reads half of it."""
    (file.parent / "new").write_text(str(seconds))
    os.replace(file.parent / "new", file)


def has_jumped(server, seconds):
    """A machine that stalls between two looks at its clocks sees little jumps beside: the one meant is asked for."""
    jumps = [int(json.loads(line)["seconds"]) for line in server.log().splitlines() if "the clock jumped" in line]
    return any(abs(jump - seconds) < 60 for jump in jumps)


def test_a_clock_that_jumps_moves_no_key(run, tmp_path):
    jump = tmp_path / "jump"
    set_jump(jump, 0)
    server = run(arguments=ISSUER, environment={"JT_JUMP": str(jump)}, program=HURRIED)
    server.issuer("rotate")
    active, next_kid = server.kids("active")[0], server.kids("next")[0]
    before = server.issuer("status")
    set_jump(jump, 40 * 24 * 3600)
    eventually(lambda: has_jumped(server, 40 * 24 * 3600))
    after = server.issuer("status")
    assert after["now"] - before["now"] >= 40 * 24 * 3600
    assert server.kids("active") == [active] and server.kids("next") == [next_kid]
    assert after["keys"][0]["signs_from"] - after["now"] >= 24 * 3600 - 60
    set_jump(jump, -86400)
    eventually(lambda: has_jumped(server, -41 * 24 * 3600))
    assert server.kids("active") == [active] and server.kids("next") == [next_kid]
    server.stop()
    # The jump back was seen as it happened: it is no reason to refuse the next start.
    again = run(arguments=ISSUER, environment={"JT_JUMP": str(jump)}, program=HURRIED)
    assert again.kids("active") == [active] and again.kids("next") == [next_kid]


def test_a_reload_brings_other_times_and_keeps_the_keys(run):
    server = run("signing: {rotate_every: 30d}\n", arguments=ISSUER)
    kids = [key["kid"] for key in server.keys()]
    (server.directory / "jetond.yaml").write_text("signing: {rotate_every: 10d, jwks_max_age: 5m}\n")
    server.process.send_signal(1)
    eventually(lambda: server.issuer("status")["rotate_every"] == 864000)
    assert [key["kid"] for key in server.keys()] == kids
    assert max_age_of(server.get("/.well-known/jwks.json")) == 300


@pytest.mark.parametrize("signing", ["{publish_ahead: 960s}", "{jwks_max_age: 86340s}", "{rotate_every: 24h}",
                                     "{token_ttl: 10s, rotate_every: 10s, publish_ahead: 2s, jwks_max_age: 1s}"])
def test_times_that_just_keep_the_promise_are_accepted(tmp_path, signing):
    """Those one second away are in broken_configurations.txt."""
    file = tmp_path / "times.yaml"
    file.write_text(f"signing: {signing}\n")
    result = subprocess.run([PROGRAM, "--check", "--config", str(file)], capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stdout) == (0, "")
