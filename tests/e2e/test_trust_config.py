# SPDX-License-Identifier: Apache-2.0
"""`jetond --check` over `trust`, `key_source` and `verify.mode`: every fault at once, with its line and column."""
import os
import re
import subprocess

import pytest

from jetond import PROGRAM


def check(tmp_path, config):
    file = tmp_path / "checked.yaml"
    file.write_text(config)
    result = subprocess.run([PROGRAM, "--check", "--config", str(file)], capture_output=True, text=True, timeout=30)
    return result.returncode, [line.replace(str(file), "FILE").replace(str(tmp_path), "DIR")
                               for line in result.stdout.splitlines()]


ISSUER = "https://login.example"


@pytest.mark.parametrize("config", [
    f"trust: [{{issuer: '{ISSUER}', audiences: [api]}}]\n",
    f"trust: [{{issuer: '{ISSUER}', any_audience: true, keys: {{discovery: true}}, leeway: 0s}}]\n",
    f"trust: [{{issuer: accounts.example, audiences: [api], keys: {{jwks_url: 'https://keys.example/k'}}}}]\n",
    f"trust: [{{issuer: 'http://127.0.0.1:1', audiences: [api], allow_http: true, allow_private_ip: true}}]\n",
    "key_source: {fresh_default: 100ms, fresh_min: 100ms, fresh_max: 100ms, max_stale: 100ms, wait: 250ms}\n",
    f"trust: [{{issuer: '{ISSUER}', audiences: [api], key_source: {{fresh_min: 1s, fresh_default: 1s, wait: 0s}}}}]\n",
    # S1.10: the times of another system, all of them
    "key_source: {fresh_default: 300s, fresh_min: 300s, fresh_max: 300s, miss_interval: 30s, miss_burst: 1, timeout: 5s}\n",
    "key_source: {redirects: 3}\n",
    "verify: {mode: none}\n", "limits: {token_cache: 0}\n", "trust: []\n",
])
def test_what_is_fine(tmp_path, config):
    assert check(tmp_path, config) == (0, [])


@pytest.mark.parametrize("entry, fault", [
    ("issuer: 'http://login.example', audiences: [api]",
     "trust[0].issuer: http is refused; allow_http would allow it"),
    ("issuer: 'https://127.0.0.1', audiences: [api]", "trust[0].issuer: address 127.0.0.1 is refused"),
    ("issuer: 'https://2130706433', audiences: [api], allow_http: true", "trust[0].issuer: address 127.0.0.1 is"),
    ("issuer: 'https://[::1]', audiences: [api]", "trust[0].issuer: address"),
    ("issuer: 'https://169.254.169.254', audiences: [api], allow_private_ip: true",
     "trust[0].issuer: address 169.254.169.254 is never dialled"),
    ("issuer: x, audiences: [api], keys: {jwks_url: 'http://k.example'}",
     "trust[0].keys.jwks_url: http is refused; allow_http would allow it"),
    ("issuer: 'https://u:p@x.example', audiences: [api]",
     "trust[0].issuer: an address with user information is never used"),
    ("issuer: x, audiences: [api]", "trust[0].issuer: "),
    (f"issuer: '{ISSUER}'", "trust[0].audiences: must be given; any_audience: true believes tokens for anyone"),
    (f"issuer: '{ISSUER}', audiences: [a], any_audience: true", "trust[0].any_audience: "),
    ("audiences: [a]", "trust[0].issuer: must be given"),
    (f"issuer: '{ISSUER}', audiences: [a], keys: {{discovery: true, jwks_url: 'https://k.example'}}",
     "trust[0].keys: must name one of"),
    (f"issuer: '{ISSUER}', audiences: [a], keys: {{discovery: false}}", "trust[0].keys.discovery: is false"),
    (f"issuer: '{ISSUER}', audiences: [a], keys: {{jwks_file: /no/such}}", "trust[0].keys.jwks_file: "),
    (f"issuer: '{ISSUER}', audiences: [a], keys: {{key_files: [/no/such]}}", "trust[0].keys.key_files: "),
    (f"issuer: '{ISSUER}', audiences: [a], keys: {{secret_file: DIR/short}}", "trust[0].keys.secret_file: "),
    (f"issuer: '{ISSUER}', audiences: [a], keys: {{jwks_file: DIR/short}}", "trust[0].keys.jwks_file: "),
    (f"issuer: '{ISSUER}', audiences: [a], algorithms: [ES256, HS256]",
     "trust[0].algorithms: HS256, HS384 and HS512 need keys.secret_file"),
    (f"issuer: '{ISSUER}', audiences: [a], algorithms: [none]", "trust[0].algorithms: "),
    (f"issuer: '{ISSUER}', audiences: [a], algorithms: [RS256], keys: {{secret_file: DIR/long}}",
     "trust[0].algorithms: a secret can check HS256, HS384 and HS512 alone"),
    (f"issuer: '{ISSUER}', audiences: [a], leeway: 11m", "trust[0].leeway: must be from 0s to 10m, not 11m"),
    (f"issuer: '{ISSUER}', audiences: [a], leeway: 1500ms", "trust[0].leeway: must be whole seconds"),
    (f"issuer: '{ISSUER}', audiences: [a], ca_file: /no/such", "trust[0].ca_file: "),
    (f"issuer: '{ISSUER}', audiences: [a], bearer_file: /no/such", "trust[0].bearer_file: "),
    (f"issuer: '{ISSUER}', audiences: [a], key_source: {{fresh_max: 1m}}",
     "trust[0].key_source.fresh_max: may not be shorter than fresh_default (900000 ms)"),
    (f"issuer: '{ISSUER}', audiences: [a], key_source: {{backoff_min: 1h}}",
     "trust[0].key_source.backoff_min: may not be longer than backoff_max (300000 ms)"),
    (f"issuer: '{ISSUER}', audiences: [a], key_source: {{min_gap: 99ms}}", "trust[0].key_source.min_gap: must be"),
    (f"issuer: '{ISSUER}', audiences: [a], introspection: {{url: 'https://x'}}",
     "trust[0].introspection: needs url, client_id and client_secret_file"),
])
def test_one_entry(tmp_path, entry, fault):
    (tmp_path / "short").write_bytes(b"too short")
    (tmp_path / "long").write_bytes(b"x" * 64)
    line = "  - {" + entry.replace("DIR", str(tmp_path)) + "}"
    status, lines = check(tmp_path, "trust:\n" + line + "\n")
    assert (status, len(lines)) == (2, 1), lines
    number, column, what = re.fullmatch(r"FILE:(\d+):(\d+): (.*)", lines[0]).groups()
    assert what.startswith(fault), lines
    assert number == "2" and stands_at(line, int(column) - 1, fault.split(":")[0].rsplit(".")[-1]), lines


PLACES = ["discovery: true", "jwks_url: 'https://k.example'", "jwks_file: DIR/jwks", "key_files: [DIR/key]", "secret_file: DIR/long"]


@pytest.mark.parametrize("place", PLACES)
def test_S2_19_an_entry_has_one_kind_of_keys_and_what_goes_with_it(tmp_path, place):
    """One place is good; it and any other is a fault, and so is an algorithm of the other family."""
    subprocess.run([os.environ["JETON"], "key", "generate", "--alg", "ES256", "-o", tmp_path / "key"], check=True)
    jwks = subprocess.run([os.environ["JETON"], "key", "public", tmp_path / "key", "--to", "jwks"], check=True, capture_output=True)
    (tmp_path / "jwks").write_bytes(jwks.stdout)
    (tmp_path / "long").write_bytes(b"x" * 64)

    def faults(keys, algorithm):
        entry = f"trust: [{{issuer: '{ISSUER}', audiences: [a], algorithms: [{algorithm}], keys: {{{keys}}}}}]\n"
        return check(tmp_path, entry.replace("DIR", str(tmp_path)))[1]

    fitting, other = ("HS256", "ES256") if "secret" in place else ("ES256", "HS256")
    assert faults(place, fitting) == []
    assert len(faults(place, other)) == 1
    for second in PLACES:
        if second != place:
            assert any("must name one of" in fault for fault in faults(f"{place}, {second}", fitting)), second


def stands_at(line, index, name):
    """The value of `name`, an element of its list, or where it should be: the name itself, the issuer, the entry."""
    before = line[:index]
    return (before.endswith(f"{name}: ") or re.search(rf"{name}: \[([^\]]*, )?$", before) or
            line[index:].startswith(f"{name}: ") or
            (name == "introspection" and before.endswith("{url: ")) or (name in ("audiences", "keys") and before.endswith("issuer: ")) or before == "  - ")


@pytest.mark.parametrize("config, faults", [
    ("key_source: {fresh_min: 2h}\n", ["1:25: key_source.fresh_min: may not be longer than fresh_default (900000 ms)"]),
    ("key_source: {fresh_default: 2h}\n",
     ["1:29: key_source.fresh_default: may not be longer than fresh_max (3600000 ms)"]),
    ("key_source: {max_stale: 10m}\n", ["1:25: key_source.max_stale: may not be shorter than fresh_max (3600000 ms)"]),
    ("key_source: {backoff_max: 1s}\n", ["1:27: key_source.backoff_max: may not be shorter than backoff_min (5000 ms)"]),
    ("key_source: {redirects: 4}\n", ["1:25: key_source.redirects: must be from 0 to 3, not 4"]),
    ("key_source: {wait: 31s, miss_burst: 0}\n",
     ["1:20: key_source.wait: must be from 0s to 30s, not 31s", "1:37: key_source.miss_burst: must be from 1 to 100"]),
    ("verify: {mode: nothing}\n", ["1:16: verify.mode: must be one of: jwt trusted none"]),
    ("verify:\n  mode: none\n  policies: {admin: {scopes: [a]}}\n", ["3:13: verify.policies: need verify.mode jwt"]),
    (f"issuer: {ISSUER}\ntrust:\n  - {{issuer: '{ISSUER}', audiences: [a]}}\n",
     ["3:14: trust[0].issuer: is this server itself"]),
    (f"trust:\n  - {{issuer: '{ISSUER}', audiences: [a]}}\n  - {{issuer: '{ISSUER}', audiences: [a]}}\n",
     ["3:14: trust[1].issuer: is the issuer of trust[0] too"]),
])
def test_the_whole(tmp_path, config, faults):
    status, lines = check(tmp_path, config)
    assert status == 2
    assert len(lines) == len(faults), lines
    for line, fault in zip(lines, faults):
        assert line.startswith("FILE:" + fault), lines


def test_a_start_with_a_refused_address_ends_as_the_check_does(tmp_path):
    file = tmp_path / "jetond.yaml"
    file.write_text("trust: [{issuer: 'http://127.0.0.1:1', audiences: [a]}]\n")
    result = subprocess.run([PROGRAM, "--config", str(file), "--state", str(tmp_path / "state"), "--listen", "127.0.0.1:0"],
                            capture_output=True, text=True, timeout=30)
    assert result.returncode == 2
    assert f"{file}:1:18: trust[0].issuer: http is refused" in result.stderr


def test_trust_may_come_from_the_environment(tmp_path):
    environment = {**os.environ, "JETON_TRUST": f"[{{issuer: '{ISSUER}', audiences: [a], leeway: 700s}}]"}
    result = subprocess.run([PROGRAM, "--check"], capture_output=True, text=True, timeout=30, env=environment)
    assert result.returncode == 2
    assert result.stdout.startswith("$JETON_TRUST:1:"), result.stdout
