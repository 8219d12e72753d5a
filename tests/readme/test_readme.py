# SPDX-License-Identifier: Apache-2.0
"""Is what the README and the manual pages of the command show true? The tour and the pages' examples run as they stand."""
import re
import subprocess

import pytest

from conftest import BUILD, README, ROOT, blocks, page


def printed_by(toured, part):
    return next(text for command, text in toured[1].items() if part in command)


def test_the_tour_runs_and_its_token_is_believed(toured):
    assert '"valid":true' in printed_by(toured, "verify --jwks keys.json --issuer")


def test_the_refusal_shown_is_one(toured):
    verdict = printed_by(toured, "--audience billing")
    assert '"error":"audience_mismatch"' in verdict and '"checks":[' in verdict
    command = next(command for command in toured[1] if "--audience billing" in command)
    shown = re.search(r"^    (audience_mismatch: .*)$", README, re.M).group(1)
    text = subprocess.run(["sh", "-c", command.replace("verify", "verify --format text")], cwd=toured[0], capture_output=True,
                          text=True)
    assert text.stdout.splitlines()[0] == shown


def test_inspect_says_that_nothing_was_verified(toured):
    assert "NOT VERIFIED" in printed_by(toured, "inspect")


def test_the_key_set_of_the_tour_has_no_private_member(toured):
    text = (toured[0] / "keys.json").read_text(encoding="utf-8")
    assert '"kty":"EC"' in text and '"d"' not in text


def test_every_make_target_named_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for text in [README, *(path.read_text(encoding="utf-8") for path in [*ROOT.glob("*.md"), *ROOT.glob("doc/*.md")])]:
        assert set(re.findall(r"(?:`|^|^    )make ([a-z-]+)", text, re.M)) <= targets


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md", "SECURITY.md",
                                  *(f"doc/{path.name}" for path in sorted(ROOT.glob("doc/*.md")))])
def test_every_file_linked_or_named_by_its_path_is_there(text):
    source = ROOT / text
    written = source.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#:]+)\)", written):
        assert (source.parent / link).exists(), link
    for path in re.findall(r"`((?:src|tests|tools|doc|include|packaging)/[\w./-]+)`", written):
        if "NAME" not in path and "ROOM" not in path and "ORIGIN" not in path and "FOLDER" not in path:
            assert (ROOT / path).exists(), path


def test_the_program_is_about_twenty_lines_long():
    (source,) = blocks("c")
    inside = source[source.index("{") + 1:source.rindex("}")].strip().splitlines()
    assert len(inside) <= 26


# --- Manual pages: what their EXAMPLES name is there before, and what they may not reach is not asked. ---

BEFORE = {
    "jeton.1.scd": "",
    "jeton-key.1.scd": "jeton key generate --alg EdDSA -o next.jwk",
    "jeton-sign.1.scd": "jeton key generate --alg ES256 -o issuer.jwk; jeton key generate --alg RS256 --to pem -o issuer.pem; "
                        "echo '{\"tenant\":\"a\"}' > claims.json",
    "jeton-verify.1.scd": "jeton key generate --alg RS256 -o k; jeton key public k --to pem > public.pem; "
                          "jeton key public k --to jwks > keys.json; jeton sign --key k --alg RS256 --audience api > token; "
                          "cat token token > tokens",
}


@pytest.mark.parametrize("name", sorted(BEFORE))
def test_the_examples_of_the_manual_page_run(name, tmp_path):
    examples = re.search(r"^# EXAMPLES\n\n```\n(.*?)```", page(name), re.M | re.S).group(1).strip().splitlines()
    run = [command for command in examples if "https://login.example" not in command]
    assert len(run) >= 2
    for command in [BEFORE[name], *run]:
        done = subprocess.run(["bash", "-ec", command], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                              env={"PATH": f"{BUILD}:/usr/bin:/bin"})
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
