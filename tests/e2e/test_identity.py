# SPDX-License-Identifier: Apache-2.0
"""Identity mapping at /verify: roles in their order, never downgraded or upgraded; which claims stand behind a header."""
import pytest

import jetond
from jetond import Jetond, encode_part

CONFIG = """
verify:
  headers: {X-User: user, X-Org: org, X-Role: role, X-Name: name, X-Groups: groups, X-Mail: email}
  policies:
    any: {role: user}
    curators: {role: curator}
    admins: {role: ADMIN, scopes: [read]}
    tenants: {required_claims: [tenant_id]}
identity: {roles: [admin, curator, basic], claims: {user: sub, org: [org, org_id], role: role}}
"""


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    running = Jetond(tmp_path_factory.mktemp("jetond"), CONFIG).wait_ready()
    yield running
    assert running.stop() == 0


def token(server, **claims):
    now = jetond.time.time()
    all_of_them = {"iss": server.url, "sub": "ada", "aud": "api", "iat": int(now), "exp": int(now) + 600, **claims}
    return jetond.sign(server.state, all_of_them)


def ask(server, path="", **claims):
    answer = server.verify(token(server, **claims), "/verify" + path)
    return answer.status if answer.status == 200 else (answer.status, answer.json()["reason"])


@pytest.mark.parametrize("role, any_, curators", [
    ("admin", 200, 200), ("Admin", 200, 200), ("curator", 200, 200), ("basic", 200, (403, "role_insufficient")),
    ("user", 200, (403, "role_insufficient")), ("USER", 200, (403, "role_insufficient")),
    ("owner", (401, "claims_invalid"), (401, "claims_invalid")), (["admin"], (401, "claims_invalid"), (401, "claims_invalid")),
    (1, (401, "claims_invalid"), (401, "claims_invalid")), ("", (401, "claim_missing"), (401, "claim_missing")),
    ("  ", (401, "claim_missing"), (401, "claim_missing")), (None, (401, "claim_missing"), (401, "claim_missing")),
])
def test_S1_22_roles_have_an_order_and_none_is_ever_turned_into_another(mapped, role, any_, curators):
    assert ask(mapped, "/any", role=role) == any_
    assert ask(mapped, "/curators", role=role) == curators


def test_S1_22_the_role_is_judged_last(mapped):
    assert ask(mapped, "/admins", role="basic") == (403, "scope_insufficient")
    assert ask(mapped, "/admins", role="basic", scope="read") == (403, "role_insufficient")
    assert ask(mapped, "/admins", scope="read") == (401, "claim_missing")
    assert ask(mapped, "/admins", role="admin", scope="read") == 200
    assert ask(mapped, "/admins", role="admin", scope="read", aud="else") == (401, "audience_mismatch")


def test_S1_22_headers_carry_what_the_claims_are_mapped_to(mapped):
    answer = mapped.verify(token(mapped, org_id="acme", role="USER", name="Ada L", groups=["a", "b"], email=""), "/verify")
    values = {name: answer.header(name).strip() for name in ("X-User", "X-Org", "X-Role", "X-Name", "X-Groups", "X-Mail")}
    assert values == {"X-User": "ada", "X-Org": "acme", "X-Role": "basic", "X-Name": "Ada L", "X-Groups": "a b", "X-Mail": ""}
    answer = mapped.verify(token(mapped, org="one", org_id="two", role="Admin"))
    assert (answer.header("X-Org"), answer.header("X-Role")) == ("one", "admin")
    answer = mapped.verify(token(mapped, org=" ", org_id="two", sub=""))
    assert (answer.header("X-Org"), answer.header("X-Role").strip(), answer.header("X-User").strip()) == ("two", "", "")
    assert ask(mapped, role="owner") == (403, "claims_unmappable")
    assert ask(mapped, org={"id": 1}) == (403, "claims_unmappable")


def test_S1_23_statuses(mapped):
    assert mapped.get("/verify/any").status == 401
    assert mapped.get("/verify/any").json()["reason"] == "token_missing"
    assert ask(mapped, "/any", exp=1) == (401, "token_expired")
    assert ask(mapped, "/any") == (401, "claim_missing")
    insufficient = mapped.verify(token(mapped, role="basic"), "/verify/curators")
    assert insufficient.status == 403
    assert 'error="insufficient_scope"' in insufficient.header("WWW-Authenticate")
    assert ask(mapped, "/tenants") == (401, "claim_missing")
    assert ask(mapped, "/tenants", tenant_id="t") == 200


def test_a_token_is_not_good_for_one_policy_because_it_passed_another(mapped):
    text = token(mapped, role="basic")
    for _ in range(3):
        assert mapped.verify(text, "/verify/any").status == 200
        assert mapped.verify(text, "/verify/curators").status == 403


def test_without_a_word_on_identity_a_header_carries_the_claim_itself(run):
    server = run("verify: {headers: {X-Role: role, X-Org: org}, policies: {p: {role: basic}}}\n")
    answer = server.verify(token(server, role="Owner", org_id="acme"))
    assert (answer.status, answer.header("X-Role"), answer.header("X-Org").strip()) == (200, "Owner", "")
    assert ask(server, "/p", role="Owner") == (401, "claims_invalid")
    assert ask(server, "/p", role="curator") == 200


def test_S1_1_the_organisation_of_a_machine_without_verification(run):
    headers = "verify: {headers: {X-Org: org, X-User: user, X-Role: role}}\n"
    server = run(headers + "identity: {dev_org: here}\n", environment={"AUTH_MODE": "none"})
    answer = server.get("/verify")
    assert (answer.status, answer.header("X-Org")) == (200, "here")
    assert (answer.header("X-User").strip(), answer.header("X-Role").strip()) == ("", "")  # never admin
    server = run(headers, environment={"AUTH_MODE": "none", "AUTH_DEV_ORG_ID": "there"}, name="other")
    assert server.get("/verify").header("X-Org") == "there"
    server = run(headers + "identity: {roles: [admin, basic]}\n", environment={"AUTH_MODE": "none"}, name="third")
    assert server.get("/verify").header("X-Org") == "dev-org"


def test_S1_8_a_claimed_role_that_is_not_known_is_nobodys(run):
    server = run(CONFIG.replace("verify:", "verify:\n  mode: trusted").split("  policies:")[0] + "identity: {roles: [admin, basic]}\n")
    answer = server.verify(encode_part({"sub": "ada", "role": "user"}))
    assert (answer.status, answer.header("X-Role")) == (200, "basic")
    assert server.verify(encode_part({"sub": "ada", "role": "root"})).status == 403


@pytest.mark.parametrize("proxies, status", [("[unix, 127.0.0.1]", 200), ("[127.0.0.0/8]", 200), ("[unix, 127.0.0.2]", 401),
                                             ("[]", 401)])
def test_forwarded_headers_count_only_from_trusted_proxies(run, proxies, status):
    server = run(f"trusted_proxies: {proxies}\nverify: {{token_header: X-Forwarded-Access-Token}}\n")
    text = server.mint()
    assert server.get("/verify", [("X-Forwarded-Access-Token", text)]).status == status
    assert server.verify(text, headers=[("X-Forwarded-Access-Token", text)]).status == (400 if status == 200 else 200)


@pytest.mark.parametrize("proxies, status", [("[unix]", 200), ("[127.0.0.1, '::1']", 401)])
def test_a_unix_socket_is_a_proxy_where_it_is_named(run, tmp_path, proxies, status):
    server = run(f"issuer: https://me.example\ntrusted_proxies: {proxies}\nverify: {{token_header: X-Original-Token}}\n",
                 listen=f"unix:{tmp_path}/s")
    assert server.get("/verify", [("X-Original-Token", server.mint())]).status == status
