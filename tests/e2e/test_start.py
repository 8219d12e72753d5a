# SPDX-License-Identifier: Apache-2.0
"""From nothing to serving and back: addresses, states, signals, faults that end a start."""
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import stat
import subprocess

import pytest

from jetond import PROGRAM, SANITIZED, claims_of


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def check(tmp_path, config, *arguments, environment=None):
    file = tmp_path / "checked.yaml"
    file.write_text(config)
    result = subprocess.run([PROGRAM, "--check", "--config", str(file), *arguments], capture_output=True, text=True,
                            timeout=30, env={**os.environ, **(environment or {})})
    return result.returncode, result.stdout.replace(str(file), "FILE").splitlines()


def test_start_mint_verify_stop(run):
    server = run()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
    assert server.get("/healthz").json() == {"status": "ok"}
    assert server.get("/readyz").json() == {"status": "ready"}
    token = server.mint()
    assert claims_of(token)["iss"] == server.url
    answer = server.verify(token)
    assert (answer.status, answer.body) == (200, b"")
    assert server.stop() == 0


def test_sigint_ends_it_too(run):
    server = run()
    assert server.stop(signal.SIGINT) == 0


def test_sighup_of_the_embedded_default_ends_nothing(run):
    server = run()
    server.process.send_signal(signal.SIGHUP)
    assert server.get("/healthz").status == 200
    assert server.stop() == 0
    assert "reloading" in server.log()


def test_the_listening_line_stands_alone_and_the_rest_is_json(run):
    server = run()
    server.stop()
    lines = server.log().splitlines()
    assert lines.count(f"jetond: listening on {server.url}") == 1
    for line in lines:
        if line.startswith("jetond: listening on "):
            continue
        entry = json.loads(line)
        assert {"ts", "level", "msg"} <= entry.keys()


def test_nothing_secret_is_logged(run):
    server = run(environment={"JETON_LOG_LEVEL": "debug"})
    token = server.mint()
    server.verify(token)
    server.verify(token + "x")
    secret = server.client()["client_secret"]
    server.ask(client=("first", "wrong" + secret))
    server.stop()
    for word in (secret, token, token.split(".")[2]):
        assert word not in server.log()


def test_files_are_the_owners_alone(run):
    server = run()
    assert mode(server.state) == 0o700
    for file in server.state.iterdir():
        assert mode(file) == 0o600, file


def test_the_first_client_is_told_by_file_and_kept_as_a_hash(run):
    server = run()
    client = server.client()
    assert len(client["client_secret"]) == 43
    assert server.client()["client_secret"].encode() not in (server.state / "jetond.db-wal").read_bytes()
    assert "first-client.json" in server.log()


def test_S4_11_a_restart_keeps_keys_and_client(run):
    server = run()
    token, keys, client = server.mint(), server.get("/.well-known/jwks.json").json(), server.client()
    server.stop()
    again = run(arguments=["--issuer", server.url])
    assert again.get("/.well-known/jwks.json").json() == keys
    assert again.client() == client
    assert again.verify(token).status == 200
    assert again.mint()


def test_a_kill_keeps_keys(run):
    server = run()
    token = server.mint()
    server.process.kill()
    server.wait_end()
    again = run(arguments=["--issuer", server.url])
    assert again.verify(token).status == 200


def test_a_busy_port_is_named(run):
    server = run()
    other = run(listen=server.url.removeprefix("http://"), name="other", ready=False)
    assert other.wait_end() == 2
    assert other.log() == f"jetond: {server.url.removeprefix('http://')} is in use by another program\n"


def test_two_servers_on_one_state_are_refused(run):
    server = run()
    other = run(ready=False)
    assert other.wait_end() == 2
    assert "is in use by another jetond" in other.log()
    assert server.get("/healthz").status == 200


def test_a_wrong_seal_key_ends_the_start(run):
    server = run()
    server.stop()
    (server.state / "seal.key").write_bytes(b"k" * 32)
    again = run(ready=False)
    assert again.wait_end() == 2
    assert "sealed under another seal key" in again.log()


def test_a_lost_seal_key_ends_the_start_and_makes_no_new_one(run):
    server = run()
    server.stop()
    (server.state / "seal.key").unlink()
    again = run(ready=False)
    assert again.wait_end() == 2
    assert "seal.key" in again.log()
    assert not (server.state / "seal.key").exists()


def test_a_sealed_key_is_bound_to_its_row(run):
    server = run()
    server.stop()
    with sqlite3.connect(server.state / "jetond.db") as database:
        database.execute("UPDATE keys SET kid = 'another'")
    again = run(ready=False)
    assert again.wait_end() == 2


def test_a_seal_key_of_its_own_leaves_none_in_the_state(run, tmp_path):
    key = tmp_path / "seal"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    server = run(f"seal_key_file: {key}\n")
    assert not (server.state / "seal.key").exists()
    assert "seal_key_file" not in server.log()
    token = server.mint()
    server.stop()
    again = run(f"seal_key_file: {key}\n", arguments=["--issuer", server.url])
    assert again.verify(token).status == 200


@pytest.mark.parametrize("what", ["garbage", "foreign", "newer"])
def test_a_state_that_is_none_is_refused(run, what):
    server = run()
    server.stop()
    database = server.state / "jetond.db"
    if what == "garbage":
        database.write_bytes(b"not a database" * 1000)
    elif what == "foreign":
        database.unlink()
        with sqlite3.connect(database) as other:
            other.execute("CREATE TABLE things(name)")
    else:
        with sqlite3.connect(database) as ours:
            ours.execute("PRAGMA user_version = 99")
    again = run(ready=False)
    assert again.wait_end() == 2
    assert "jetond.db" in again.log()


def test_a_damaged_state_is_refused(run):
    server = run()
    server.stop()
    database = server.state / "jetond.db"
    content = bytearray(database.read_bytes())
    for at in range(4096, len(content)):
        content[at] ^= 0x55
    database.write_bytes(content)
    again = run(ready=False)
    assert again.wait_end() == 2


def test_a_state_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    result = subprocess.run([PROGRAM, "--listen", "127.0.0.1:0", "--state", str(tmp_path / "file" / "below")],
                            capture_output=True, text=True, timeout=30)
    assert result.returncode == 2
    assert "cannot be made" in result.stderr


def test_a_unix_socket(run, tmp_path):
    path = tmp_path / "d.sock"
    server = run(listen=f"unix:{path}", arguments=["--issuer", "https://tokens.example"])
    assert server.url == f"unix:{path}"
    assert mode(path) == 0o660
    assert server.verify(server.mint()).status == 200
    server.stop()
    assert not path.exists()


def test_a_left_over_socket_is_replaced_and_a_live_one_is_not(run, tmp_path):
    path = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    issuer = ["--issuer", "https://tokens.example"]
    server = run(listen=f"unix:{path}", arguments=issuer)
    assert server.get("/healthz").status == 200
    other = run(listen=f"unix:{path}", arguments=issuer, name="other", ready=False)
    assert other.wait_end() == 2
    assert server.get("/healthz").status == 200


def test_a_unix_socket_needs_an_issuer(run, tmp_path):
    server = run(listen=f"unix:{tmp_path}/d.sock", ready=False)
    assert server.wait_end() == 2
    assert "issuer" in server.log()


def test_issuer_and_public_url_of_the_configuration(run):
    server = run("issuer: https://tokens.example/\npublic_url: https://public.example/base/\n")
    document = server.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == "https://tokens.example/"
    assert document["jwks_uri"] == "https://public.example/base/.well-known/jwks.json"
    assert claims_of(server.mint())["iss"] == "https://tokens.example/"


def test_the_environment_wins_over_the_file_and_an_option_over_both(run):
    config = "issuer: https://file.example\nsigning: {token_ttl: 5m}\n"
    environment = {"JETON_ISSUER": "https://environment.example", "JETON_SIGNING_TOKEN_TTL": "7m", "JETON_PUBLIC_URL": ""}
    server = run(config, environment=environment)
    assert claims_of(server.mint())["iss"] == "https://environment.example"
    assert server.ask().json()["expires_in"] == 420
    server.stop()
    other = run(config, arguments=["--issuer", "https://option.example"], environment=environment)
    assert claims_of(other.mint())["iss"] == "https://option.example"


def test_other_algorithms(run):
    for algorithm, kty in (("RS256", "RSA"), ("EdDSA", "OKP"), ("PS256", "RSA")):
        server = run(f"signing: {{algorithm: {algorithm}}}\n", name=algorithm)
        key, = server.get("/.well-known/jwks.json").json()["keys"]
        assert (key["kty"], key["alg"], key["use"]) == (kty, algorithm, "sig")
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"}
        document = server.get("/.well-known/openid-configuration").json()
        assert document["id_token_signing_alg_values_supported"] == [algorithm]
        assert server.verify(server.mint()).status == 200
        server.stop()


def test_check_accepts_an_empty_file_and_makes_nothing(tmp_path):
    state = tmp_path / "state"
    assert check(tmp_path, "", "--state", str(state)) == (0, [])
    assert not state.exists()


def test_check_tells_every_fault_at_once(tmp_path):
    status, lines = check(tmp_path, """\
lisen: 127.0.0.1:1
issuer: ftp://x
limits: {token: 7KB, body: 10, connections: many, connections: 20}
signing:
  algorithm: HS256
  token_ttl: 15
verify:
  audiences: api
  headers: {Host: sub}
  policies: {admin: {scope: [a]}}
clients:
  - id: web
  - {id: a b, secret_file: /nowhere/secret, audiences: [x], grants: [password]}
log_level: loud
state: *here
""")
    assert status == 2
    assert [line.split(": ")[0:2] for line in lines] == [
        ["FILE:1:1", "lisen"],
        ["FILE:2:9", "issuer"],
        ["FILE:3:17", "limits.token"],
        ["FILE:3:28", "limits.body"],
        ["FILE:3:45", "limits.connections"],
        ["FILE:3:51", "limits.connections"],
        ["FILE:5:14", "signing.algorithm"],
        ["FILE:6:14", "signing.token_ttl"],
        ["FILE:8:14", "verify.audiences"],
        ["FILE:9:13", "verify.headers.Host"],
        ["FILE:10:22", "verify.policies.admin.scope"],
        ["FILE:12:5", "clients[0].audiences"],
        ["FILE:12:9", "clients[0].secret_file"],
        ["FILE:13:10", "clients[1].id"],
        ["FILE:13:28", "clients[1].secret_file"],
        ["FILE:13:70", "clients[1].grants"],
        ["FILE:14:12", "log_level"],
        ["FILE:15:8", "state"],
    ], "\n".join(lines)


def test_check_tells_faults_of_the_environment(tmp_path):
    status, lines = check(tmp_path, "", environment={"JETON_LIMITS_TOKEN": "x"})
    assert status == 2
    assert lines[0].startswith("$JETON_LIMITS_TOKEN:1:1: limits.token: ")


def test_a_start_with_faults_tells_them_and_ends(run):
    server = run("nonsense: 1\n", ready=False)
    assert server.wait_end() == 2
    assert ":1:1: nonsense: is no known key" in server.log()


def test_a_missing_file_is_named(tmp_path):
    result = subprocess.run([PROGRAM, "--check", "--config", str(tmp_path / "none.yaml")], capture_output=True,
                            text=True, timeout=30)
    assert result.returncode == 2
    assert "none.yaml" in result.stdout


@pytest.mark.parametrize("arguments, status", [(["--help"], 0), (["--version"], 0), (["--nonsense"], 2), (["word"], 2)])
def test_options(arguments, status):
    result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=30)
    assert result.returncode == status
    assert (result.stdout if status == 0 else result.stderr) != ""


def test_what_was_typed_reaches_a_terminal_escaped():
    for typed in ("--\x1b[31mred", "-\x1b", "\x1b[31mred"):
        result = subprocess.run([PROGRAM, typed], capture_output=True, timeout=30)
        assert result.returncode == 2
        assert rb"\x1b" in result.stderr and b"\x1b" not in result.stderr


def test_a_named_pipe_that_brings_nothing_is_no_empty_configuration(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").write_text("")
    for name, status in (("pipe", 2), ("empty", 0)):
        result = subprocess.run([PROGRAM, "--check", "--config", str(tmp_path / name)], capture_output=True, text=True, timeout=30)
        assert (result.returncode, "nothing came through it" in result.stdout) == (status, status == 2)


def test_no_core_file_may_hold_keys(run):
    server = run()
    limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
    assert re.search(r"Max core file size\s+0\s+0", limits)


def http_threads(server):
    names = [file.read_text() for file in pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/comm")]
    return sum(name.startswith("MHD-") for name in names)


def test_it_serves_with_one_thread_for_each_core_it_may_use(run):
    allowed = os.sched_getaffinity(0)
    assert http_threads(run(name="all")) == min(len(allowed), 64)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        server = run(name="one")
    finally:
        os.sched_setaffinity(0, allowed)
    assert http_threads(server) == 1
    assert server.verify(server.mint()).status == 200
    assert server.stop() == 0


@pytest.mark.skipif(SANITIZED, reason="the sanitizers' own memory")
def test_idle_memory_is_at_most_8_MB(run):
    assert run().resident_kib() <= 8 * 1024
