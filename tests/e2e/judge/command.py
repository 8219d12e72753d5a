# SPDX-License-Identifier: Apache-2.0
"""The jeton command from outside: one process judges a whole group of tokens, each token is one case."""
import itertools
import json
import os
import pathlib
import subprocess
import tempfile

import pytest

from judge.forge import NOW

PROGRAM = os.environ["JETON"]
OK = "ok"
# CONTRACT §3
KINDS = {
    "refused": "token_malformed token_too_large header_invalid alg_not_allowed crit_unsupported key_unsuitable "
               "signature_invalid claims_invalid claim_missing token_expired token_not_yet_valid token_too_old "
               "issuer_mismatch issuer_unknown audience_mismatch subject_mismatch type_mismatch token_revoked "
               "token_replayed binding_mismatch",
    "unknown": "key_unknown key_ambiguous",
    "unavailable": "keys_unavailable",
    "denied": "scope_insufficient role_insufficient claims_unmappable",
    "request": "token_missing request_invalid",
}
KIND_OF = {code: kind for kind, codes in KINDS.items() for code in codes.split()}
AFTER_SIGNATURE = {"claims_invalid", "claim_missing", "token_expired", "token_not_yet_valid", "token_too_old",
                   "issuer_mismatch", "audience_mismatch", "subject_mismatch", "type_mismatch", "scope_insufficient"}


def jeton(*arguments, stdin=b"", cwd=None, timeout=60):
    result = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, timeout=timeout)
    assert b"Sanitizer" not in result.stderr, result.stderr.decode(errors="replace")
    assert result.returncode in (0, 1, 2, 3), result.stderr.decode(errors="replace")
    return result


class Group:
    """Tokens that share keys and options. Cases are added while the tests are collected, and judged at the first ask."""

    def __init__(self, name, *options, files=None, audience=("--audience", "api"), at=NOW):
        self.name, self.options, self.files, self.cases = name, [*options, *audience, "--at", str(at)], files or {}, []
        self.verdicts = None

    def case(self, name, token, *expected):
        if isinstance(token, str):
            token = token.encode()
        assert b"\n" not in token
        self.cases.append((name, token, expected))
        return self

    def judge(self):
        if self.verdicts is None:
            with tempfile.TemporaryDirectory() as directory:
                for name, data in self.files.items():
                    pathlib.Path(directory, name).write_bytes(data)
                result = jeton("verify", *self.options, stdin=b"\n".join(token for _, token, _ in self.cases) + b"\n",
                               cwd=directory)
            assert result.returncode in (0, 1), (result.returncode, result.stderr.decode(errors="replace"))
            lines = result.stdout.decode().splitlines()
            assert len(lines) == len(self.cases), f"{len(lines)} verdicts for {len(self.cases)} tokens"
            self.verdicts = [(line, json.loads(line)) for line in lines]
            all_good = all(verdict["valid"] for _, verdict in self.verdicts)
            assert result.returncode == (0 if all_good else 1)
        return self.verdicts


def cases(*groups):
    """For pytest.mark.parametrize("judged", …): every case of every group."""
    return [pytest.param(group, index, id=f"{group.name}: {name}".replace("\x00", "NUL"))
            for group in groups for index, (name, _, _) in enumerate(group.cases)]


def check(group, index):
    name, token, expected = group.cases[index]
    line, verdict = group.judge()[index]
    told = OK if verdict["valid"] is True else verdict["error"]
    assert told in expected, f"{name}: expected {' or '.join(expected)}, got {line}\ntoken: {token[:2000]!r}"
    if told == OK:
        assert verdict["header"]["alg"] == verdict["alg"]
        assert isinstance(verdict["claims"], dict)
        assert "error" not in verdict
        for member, claim in (("issuer", "iss"), ("subject", "sub")):
            assert verdict.get(member) == verdict["claims"].get(claim)
            assert (member in verdict) == (claim in verdict["claims"])
        assert verdict.get("kid") == verdict["header"].get("kid")
        return
    assert verdict["valid"] is False
    assert verdict["kind"] == KIND_OF[told]
    assert isinstance(verdict["detail"], str) and verdict["detail"]
    assert isinstance(verdict["rule"], str) and verdict["rule"]
    if told == "key_unknown":
        assert verdict["refresh"] in ("pending", "final")
    if told not in AFTER_SIGNATURE:
        assert "claims" not in verdict


def each(*lists):
    return list(itertools.product(*lists))
