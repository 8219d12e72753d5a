# SPDX-License-Identifier: Apache-2.0
"""The S3 data gateway: nginx carries, jetond decides, an upstream API says who may read what."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree

import pytest

from gateway import BODY, Nginx, World, code_of, free_port, gateway_conf, signature_fits
from jetond import Jetond, claims_of

pytestmark = pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not here")

@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield World(stack, tmp_path_factory.mktemp("gateway"))


@pytest.fixture
def product(world):
    """A product that no test before has asked for."""
    product.number = getattr(product, "number", 0) + 1
    name = f"fresh{product.number}"
    world.api.product("acme", name, "main", prefix="acme/maps/")
    return name


def asked_since(server, before):
    return server.asked[before:]


# --- Bytes ---

def test_an_object_comes_through_whole_in_part_and_not_when_it_is_known(world):
    answer = world.gateway.get("/acme/maps/tile.bin")
    assert (answer.status, answer.body) == (200, BODY)
    etag = answer.header("ETag")
    part = world.gateway.get("/acme/maps/tile.bin", [("Range", "bytes=10-19")])
    assert (part.status, part.body) == (206, BODY[10:20])
    assert part.header("Content-Range") == f"bytes 10-19/{len(BODY)}"
    head = world.gateway.request("HEAD", "/acme/maps/tile.bin")
    assert (head.status, head.body, head.header("Content-Length")) == (200, b"", str(len(BODY)))
    assert world.gateway.get("/acme/maps/tile.bin", [("If-None-Match", etag)]).status == 304
    assert code_of(world.gateway.get("/acme/maps/tile.bin", [("If-Match", '"another"')])) == (412, "PreconditionFailed")
    assert code_of(world.gateway.get("/acme/maps/tile.bin", [("Range", "bytes=999999-")])) == (416, "InvalidRange")
    assert world.gateway.get("/acme/maps/a%20b%2Bc%26d.txt").body == b"odd"
    assert world.gateway.get("/acme/maps/deep/one.txt").body == b"one"


def test_a_bucket_in_host_is_the_same(world):
    assert world.gateway.request("GET", "/maps/tile.bin", host="acme.s3.example").body == BODY
    assert world.gateway.request("GET", "/acme/maps/tile.bin", host="s3.example").body == BODY


def test_a_store_learns_nothing_of_its_client_and_the_client_nothing_of_its_store(world):
    world.store.reply = (200, b"x", [("Set-Cookie", "store=1"), ("X-Accel-Redirect", "/etc/passwd"),
                                     ("X-Amz-Id-2", "inner"), ("Access-Control-Allow-Origin", "https://evil.example")])
    before = len(world.store.asked)
    answer = world.gateway.get("/acme/told/k", [("Cookie", "c=1"), ("X-Other", "1"), ("Referer", "http://r.example"),
                                                *world.bearer()])
    assert (answer.status, answer.body) == (200, b"x")
    assert answer.header("Set-Cookie") is None and answer.header("X-Amz-Id-2") is None
    assert answer.header("X-Accel-Redirect") is None
    assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert not [name for name in answer.headers if name.lower().startswith("x-jeton")]
    (method, path, headers, _), = asked_since(world.store, before)
    assert (method, path) == ("GET", "/bucket/data/acme/told/k")
    assert {name.lower() for name in headers} <= {"host", "accept-encoding"}, headers
    world.store.reply = (200, b"the object", [])


def test_errors_and_redirects_of_a_store_are_told_in_our_words(world):
    inner = b"<Error><Code>NoSuchKey</Code><Key>data/acme/told/secret-name</Key><BucketName>bucket</BucketName></Error>"
    for status, expected in ((404, (404, "NoSuchKey")), (403, (403, "AccessDenied")), (301, (403, "AccessDenied")),
                             (307, (403, "AccessDenied")), (500, (503, "ServiceUnavailable")),
                             (503, (503, "ServiceUnavailable"))):
        world.store.reply = (status, inner, [("Location", "http://169.254.169.254/")])
        answer = world.gateway.get("/acme/told/k%26%3C%3E")
        assert code_of(answer) == expected
        assert b"secret-name" not in answer.body and answer.header("Location") is None
        assert xml.etree.ElementTree.fromstring(answer.body).findtext("Resource") == "/acme/told/k&<>"
    world.store.reply = (200, b"the object", [])


# --- S4.37 to S4.41 ---

def test_S4_37_errors_are_xml_with_everything_escaped(world):
    answer = world.gateway.get("/acme/maps/..%2f", [("X-Request-Id", "known-1")])
    assert code_of(answer) == (400, "InvalidURI")
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>')
    answer = world.gateway.get("/acme/maps/a<b&'/..", [("X-Request-Id", "known-1")])
    tree = xml.etree.ElementTree.fromstring(answer.body)
    assert tree.findtext("Resource") == "/acme/maps/a<b&'/.." and tree.findtext("RequestId") == "known-1"
    head = world.gateway.request("HEAD", "/acme/none/k")
    assert (head.status, head.body) == (404, b"")


def test_S4_38_writes_are_405_whoever_asks(world):
    before = len(world.api.asked)
    for method, target in (("PUT", "/acme/maps/k"), ("POST", "/acme?delete"), ("DELETE", "/acme/maps/k"),
                           ("PATCH", "/acme/maps/k"), ("POST", "/acme/maps/k?uploads"), ("PUT", "/acme")):
        for headers in ([], world.bearer()):
            answer = world.gateway.request(method, target, headers, b"body")
            assert code_of(answer) == (405, "MethodNotAllowed"), (method, target)
            assert b"<Message>Method Not Allowed</Message>" in answer.body
            assert answer.header("Allow") == "GET, HEAD, OPTIONS"
    assert len(world.api.asked) == before
    assert (world.root / "bucket/data/acme/maps/k").exists() is False


def test_S4_39_what_the_upstream_API_says_no_to(world, product):
    place = f"/products/acme/{product}"
    good = world.api.documents[place]
    for said, expected in ((401, (403, "AccessDenied")), (403, (403, "AccessDenied")), (404, (404, "NoSuchBucket")),
                           (500, (500, "InternalError")), (302, (500, "InternalError")), (204, (500, "InternalError")),
                           (b"<html>", (500, "InternalError")), (b'{"a":1,"a":2}', (500, "InternalError")),
                           (b"{}", (500, "InternalError")), (b"x" * (3 << 20), (500, "InternalError"))):
        world.api.documents[place] = said
        answer = world.gateway.get(f"/acme/{product}/tile.bin")
        assert code_of(answer) == expected, said
        assert b"<Message>" in answer.body and b"127.0.0.1" not in answer.body
    world.api.documents[place] = good
    assert world.gateway.get(f"/acme/{product}/tile.bin").body == BODY


def test_S4_39_a_slow_upstream_API_is_left_and_holds_up_nobody_else(world, product):
    assert world.gateway.get("/acme/maps/tile.bin").status == 200
    world.api.held.clear()
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        slow = [pool.submit(world.gateway.get, f"/acme/{product}/tile.bin") for _ in range(30)]
        began = time.monotonic()
        assert world.gateway.get("/acme/maps/tile.bin").status == 200
        assert time.monotonic() - began < 0.6
        assert {code_of(one.result()) for one in slow} == {(500, "InternalError")}
    world.api.held.set()
    assert world.gateway.get(f"/acme/{product}/tile.bin").body == BODY


def test_S4_40_pages_may_read_whatever_is_answered(world):
    for method, target, status in (("GET", "/acme/maps/tile.bin", 200), ("GET", "/acme/maps/absent", 404),
                                   ("GET", "/acme/none/k", 404), ("PUT", "/acme/maps/k", 405),
                                   ("OPTIONS", "/acme/maps/tile.bin", 204), ("OPTIONS", "/anywhere", 204)):
        answer = world.gateway.request(method, target)
        assert answer.status == status, target
        for name, value in (("Origin", "*"), ("Methods", "GET, HEAD, OPTIONS"), ("Headers", "*")):
            assert answer.headers.get_all("Access-Control-Allow-" + name) == [value], (target, name)
        assert answer.headers.get_all("Access-Control-Expose-Headers") == ["*"]


def test_S4_41_a_request_id_goes_through_and_one_that_cannot_be_shown_does_not(world):
    for target in ("/acme/maps/tile.bin", "/acme/none/k", "/.sts?Action=GetCallerIdentity", "/.well-known/jwks.json"):
        answer = world.gateway.get(target, [("X-Request-Id", "abc-123")])
        assert answer.headers.get_all("x-request-id") == ["abc-123"]
        answer = world.gateway.get(target, [("X-Request-Id", "<script>")])
        assert re.fullmatch("[0-9a-f]{32}", answer.header("x-request-id"))


# --- S4.12, S4.42 to S4.45: the upstream API ---

def test_S4_12_the_upstream_API_is_asked_as_the_caller(world, product):
    before = len(world.api.asked)
    assert world.gateway.get(f"/acme/{product}/tile.bin", world.bearer("grace")).status == 200
    asked = asked_since(world.api, before)
    assert [path for _, path, _, _ in asked] == [f"/products/acme/{product}", f"/products/acme/{product}/permissions",
                                                 "/data-connections/main"]
    for _, _, headers, _ in asked:
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = claims_of(token)
        assert (claims["sub"], claims["idp"], claims["aud"]) == ("grace", world.issuer.url, world.api.url)
        assert claims["iss"] == world.jetond.url and claims["exp"] - claims["iat"] <= 60
    assert len({claims_of(headers["Authorization"])["jti"] for _, _, headers, _ in asked}) == 3, "a new token each"
    before = len(world.api.asked)
    assert world.gateway.get(f"/acme/{product}/tile.bin").status == 200
    assert [headers.get("Authorization") for _, _, headers, _ in asked_since(world.api, before)][:2] == [None, None]


def test_S4_12_a_caller_for_whom_no_token_can_be_made_asks_without(world, product):
    before = len(world.api.asked)
    world.api.documents[f"/products/acme/{product}"] = 401
    answer = world.gateway.get(f"/acme/{product}/tile.bin", world.bearer(subject=None))
    assert code_of(answer) == (403, "AccessDenied")
    (_, _, headers, _), = asked_since(world.api, before)
    assert "Authorization" not in headers


def test_bad_tokens_do_not_reach_the_upstream_API(world):
    before = len(world.api.asked)
    now = int(time.time())
    assert code_of(world.gateway.get("/acme/maps/t", world.bearer(iat=now - 900, exp=now - 300))) == (403, "ExpiredToken")
    assert code_of(world.gateway.get("/acme/maps/t", world.bearer(aud="another"))) == (403, "AccessDenied")
    assert code_of(world.gateway.get("/acme/maps/t", [("Authorization", "Bearer x.y.z")])) == (403, "AccessDenied")
    assert world.gateway.get("/acme/maps/t", world.bearer() * 2).status == 400
    assert code_of(world.jetond.get("/gateway/s3/acme/maps/t", world.bearer() * 2)) == (400, "InvalidRequest")
    signed = "/acme/maps/t?X-Amz-Signature=0&X-Amz-Credential=c"
    assert code_of(world.gateway.get(signed, world.bearer())) == (400, "InvalidRequest")
    assert world.gateway.get("/acme/maps/t", [("Authorization", "AWS4-HMAC-SHA256 nonsense")]).status in (400, 403)
    assert len(world.api.asked) == before


def test_who_says_who_he_is_in_no_way_that_is_known_is_not_taken_for_nobody(world):
    before = len(world.api.asked)
    for scheme in ("Basic YTpi", "Bearer", "Bearer ", "AWS4", "Digest x"):
        expected = (403, "AccessDenied") if scheme.startswith("Bearer") else (400, "InvalidArgument")
        asked = [("Authorization", scheme)]
        assert code_of(world.gateway.get("/acme/maps/tile.bin", asked)) == expected, scheme
        assert code_of(world.jetond.get("/gateway/s3/acme/maps/tile.bin", asked)) == expected, scheme
        assert code_of(world.gateway.request("PUT", "/acme/maps/k", asked, b"x")) == (405, "MethodNotAllowed")
    assert len(world.api.asked) == before
    assert world.gateway.get("/acme/maps/tile.bin", [("Authorization", "bEARER " + world.issuer.sign())]).status == 200
    assert world.gateway.get("/acme/maps/tile.bin").status == 200


def test_S4_42_parts_of_a_path_cannot_become_another_address(world):
    before = len(world.api.asked)
    for target in ("/acme/x%3Fadmin=1/k", "/acme/x%23/k", "/acme/x%26y/k", "/a%20b/x%25/k", "/%E2%82%AC/x/k"):
        assert code_of(world.gateway.get(target)) == (404, "NoSuchBucket"), target
    assert [path for _, path, _, _ in asked_since(world.api, before)] == [
        "/products/acme/x%3Fadmin%3D1", "/products/acme/x%23", "/products/acme/x%26y", "/products/a%20b/x%25",
        "/products/%E2%82%AC/x"]
    before = len(world.api.asked)
    for target in ("/acme/%2e%2e/permissions", "/acme%2fmaps/x/k", "/%2e%2e/maps/k", "/acme/maps/%00", "/acme/maps/%zz"):
        assert world.gateway.get(target).status == 400, target
    assert len(world.api.asked) == before


def test_S4_43_two_callers_never_share_an_answer(world, product):
    place = f"/products/acme/{product}"
    target = f"/acme/{product}/tile.bin"
    assert world.gateway.get(target, world.bearer("ada")).status == 200
    world.api.documents[place + "/permissions"] = []
    assert world.gateway.get(target, world.bearer("ada")).status == 200, "his own answer is kept"
    for other in ([], world.bearer("ada2"), world.bearer("anonymous"), world.bearer("ad")):
        assert code_of(world.gateway.get(target, other)) == (403, "AccessDenied")
    # The same subject of another issuer: this server itself.
    assert code_of(world.gateway.get(target, [("Authorization", "Bearer " + world.jetond.mint())])) == \
        (403, "AccessDenied")


def test_S4_43_nothing_but_a_whole_good_answer_is_kept(world, product):
    place = f"/products/acme/{product}"
    good = world.api.documents[place]
    for poison in (b'{"product_id":', 500, 403, b"[]", {**good, "metadata": {**good["metadata"], "mirrors": {}}}):
        world.api.documents[place] = poison
        assert world.gateway.get(f"/acme/{product}/tile.bin").status in (403, 500)
        world.api.documents[place] = good
        assert world.gateway.get(f"/acme/{product}/absent-{time.monotonic_ns()}").status == 404
        world.api.product("acme", product + "x", "main", prefix="acme/maps/")
        product, place = product + "x", place + "x"


def test_S4_44_documents_are_asked_for_once_in_their_time(world, product):
    before = len(world.api.asked)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: world.gateway.get(f"/acme/{product}/tile.bin").status, range(64)))
    assert set(answers) == {200}
    paths = [path for _, path, _, _ in asked_since(world.api, before)]
    assert len(paths) == len(set(paths)) <= 3, paths


def test_S4_44_times_are_the_configurations(world, run):
    config = world.config.replace("product: 5m", "product: 0s").replace("permissions: 1m", "permissions: 0s")
    server = run(config)
    for _ in range(2):
        before = len(world.api.asked)
        assert server.get("/gateway/s3/acme/maps/tile.bin").status == 200
        assert f"/products/acme/maps/permissions" in [path for _, path, _, _ in asked_since(world.api, before)]


def test_S4_45_special_paths_are_no_access(world):
    def counted():
        lines = (world.run / "access.log").read_text().splitlines()
        return [json.loads(line)["path"] for line in lines]

    def metric():
        text = world.jetond.get("/metrics").body.decode()
        return sum(int(value) for value in re.findall(r'requests_total{route="gateway",[^}]*} (\d+)', text))

    before = metric()
    assert code_of(world.gateway.get("/.hidden/maps/k")) == (404, "NoSuchBucket")
    assert world.gateway.get("/.well-known/jwks.json").json()["keys"]
    assert metric() == before
    assert world.gateway.get("/acme/maps/tile.bin").status == 200
    assert metric() == before + 1
    until = time.monotonic() + 5
    while "/acme/maps/tile.bin" not in counted()[-3:] and time.monotonic() < until:
        time.sleep(0.02)
    assert not [path for path in counted() if path.startswith("/.")]


def test_a_product_that_is_disabled_or_not_to_be_read_is_denied(world):
    world.api.product("acme", "off", disabled=True)
    world.api.product("acme", "written", permissions=["write"])
    world.api.product("acme", "odd", permissions=["READ", "admin"])
    for name in ("off", "written", "odd"):
        assert code_of(world.gateway.get(f"/acme/{name}/tile.bin")) == (403, "AccessDenied"), name
    assert code_of(world.gateway.get("/acme/maps")) == (404, "NoSuchKey")
    assert code_of(world.gateway.get("/acme/maps/")) == (404, "NoSuchKey")
    assert code_of(world.gateway.get("/acme//tile.bin")) == (404, "NoSuchKey")


# --- Listings ---

LISTED = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def test_an_account_lists_its_products(world):
    for product in ("b-2", "b-1", "b&3", "b-10"):
        world.api.product("lists", product)
    answer = world.gateway.get("/lists?list-type=2&delimiter=%2F&prefix=")
    tree = xml.etree.ElementTree.fromstring(answer.body)
    assert tree.tag == LISTED + "ListBucketResult" and tree.findtext(LISTED + "Name") == "lists"
    names = [one.findtext(LISTED + "Prefix") for one in tree.iter(LISTED + "CommonPrefixes")]
    assert names == ["b&3/", "b-1/", "b-10/", "b-2/"]
    seen, token = [], ""
    for _ in range(4):
        page = xml.etree.ElementTree.fromstring(world.gateway.get(
            "/lists?list-type=2&delimiter=%2F&max-keys=1&encoding-type=url" + token).body)
        seen += [one.findtext(LISTED + "Prefix") for one in page.iter(LISTED + "CommonPrefixes")]
        if page.findtext(LISTED + "IsTruncated") == "false":
            break
        token = "&continuation-token=" + page.findtext(LISTED + "NextContinuationToken").replace("&", "%26")
    assert seen == ["b%263/", "b-1/", "b-10/", "b-2/"]
    page = xml.etree.ElementTree.fromstring(world.gateway.get("/lists?delimiter=/&prefix=b-1").body)
    assert [one.findtext(LISTED + "Prefix") for one in page.iter(LISTED + "CommonPrefixes")] == ["b-1/", "b-10/"]
    assert code_of(world.gateway.get("/nobody?list-type=2")) == (404, "NoSuchBucket")
    assert world.gateway.request("HEAD", "/lists").status == 200
    assert world.gateway.request("HEAD", "/nobody").status == 404
    assert b"LocationConstraint" in world.gateway.get("/lists?location").body
    assert b"ListAllMyBucketsResult" in world.gateway.get("/").body


@pytest.mark.parametrize("kind", ["application/xml", "text/plain; charset=utf-8"])  # whatever the store calls it
def test_a_product_is_listed_by_its_store_under_our_names(world, kind):
    inner = ("<ListBucketResult><Name>bucket</Name><Prefix>data/acme/told/d&amp;e/</Prefix>"
             "<StartAfter>data/acme/told/d</StartAfter><Contents><Key>data/acme/told/d&amp;e/data/acme/told/x</Key></Contents>"
             "<CommonPrefixes><Prefix>data/acme/told/d&amp;e/f/</Prefix></CommonPrefixes></ListBucketResult>")
    world.store.reply = (200, inner.encode(), [("Content-Type", kind)])
    before = len(world.store.asked)
    answer = world.gateway.get("/acme?list-type=2&prefix=told%2Fd%26e%2F&delimiter=%2F&start-after=told%2Fd&max-keys=5"
                               "&continuation-token=t%2B&X-Amz-Foo=1")
    (_, path, _, _), = asked_since(world.store, before)
    assert path == ("/bucket?continuation-token=t%2B&delimiter=%2F&list-type=2&max-keys=5&"
                    "prefix=data%2Facme%2Ftold%2Fd%26e%2F&start-after=data%2Facme%2Ftold%2Fd")
    world.store.reply = (200, b"the object", [])
    assert answer.body.decode() == inner.replace("bucket<", "acme<").replace(">data/acme/told/", ">told/")


# --- S4.46 to S4.48: stores that want a signature ---

def test_a_static_store_is_asked_with_its_own_keys(world):
    before = len(world.store.asked)
    assert world.gateway.get("/acme/own/a%20b/%C3%A9+~", [("Range", "bytes=0-3")]).body == b"the object"
    asked, = asked_since(world.store, before)
    assert asked[1] == "/bucket/data/acme/own/a%20b/%C3%A9%2B~"
    assert signature_fits(asked, "AKIDOWN", "not told")
    assert {name.lower() for name in asked[2]} == {"host", "accept-encoding", "authorization", "x-amz-date",
                                                   "x-amz-content-sha256", "range"}
    before = len(world.store.asked)
    world.gateway.get("/acme?list-type=2&prefix=own%2F&delimiter=%2F")
    asked, = asked_since(world.store, before)
    assert signature_fits(asked, "AKIDOWN", "not told")


def test_S4_46_a_federated_store_is_asked_with_credentials_for_our_own_token(world):
    before, asked_before = len(world.sts.asked), len(world.store.asked)
    subject = "a user/ü@example, with a name that is longer than the sixty-four characters of a session"
    assert world.gateway.get("/acme/fed/k", world.bearer(subject)).body == b"the object"
    form, = world.sts.forms()[before:]
    assert form["Action"] == "AssumeRoleWithWebIdentity" and form["Version"] == "2011-06-15"
    assert form["RoleArn"] == "arn:aws:iam::1:role/reader"
    assert re.fullmatch(r"[A-Za-z0-9+=,.@_-]{64}", form["RoleSessionName"]), form
    assert form["RoleSessionName"].startswith("a_user___@example,_with_a_name")
    claims = claims_of(form["WebIdentityToken"])
    assert (claims["iss"], claims["aud"], claims["sub"]) == (world.jetond.url, "sts.amazonaws.com", subject)
    assert claims["idp"] == world.issuer.url
    asked, = asked_since(world.store, asked_before)
    number = world.sts.given
    assert signature_fits(asked, f"ASIA{number}", f"secret{number}")
    assert asked[2]["x-amz-security-token"] == f"token{number}"


def test_S4_46_what_an_STS_says_no_with(world):
    for number, (error, raw, expected) in enumerate((("AccessDenied", None, (403, "AccessDenied")),
                                                     ("InvalidIdentityToken", None, (502, "BackendAuthenticationFailed")),
                                                     (None, b"<html>", (502, "BackendAuthenticationFailed")),
                                                     (None, b"x" * 200000, (503, "ServiceUnavailable")))):
        world.sts.error, world.sts.raw = error, raw
        before = len(world.store.asked)
        answer = world.gateway.get("/acme/fed/k", world.bearer(f"denied{number}"))
        assert code_of(answer) == expected
        assert b"arn:" not in answer.body
        if error == "InvalidIdentityToken":
            assert b"<Message>InvalidIdentityToken</Message>" in answer.body
        assert len(world.store.asked) == before, "never unsigned"
    world.sts.error = world.sts.raw = None
    assert world.gateway.get("/acme/fed/k", world.bearer("denied0")).status == 200, "a failure is not kept"


def test_S4_46_the_STS_of_another_server_of_this_kind_is_one(world, run, tmp_path):
    """Nothing is scripted: the store is a gateway of its own, whose /.sts trusts the server that asks in a caller's
    name, and which checks what it gave."""
    port, loose = free_port(), "allow_http: true, allow_private_ip: true"
    store = f"http://127.0.0.1:{port}"
    outer = run(world.config + f"""    real: {{endpoint: "{store}", auth: federated, sts_endpoint: "{store}/.sts", \
role_arn: "arn:aws:iam::000000000000:role/reader", {loose}}}\n""")
    seal = tmp_path / "seal"
    seal.write_bytes(os.urandom(32))
    seal.chmod(0o600)
    inner = run(f"""
trust:
  - {{issuer: "{outer.url}", audiences: [nobody], {loose}}}
roles:
  - {{name: reader, issuers: ["{outer.url}"], audiences: [sts.amazonaws.com], subjects: [ada, grace],
     scopes: [{{bucket: inner, prefix: maps, actions: [read]}}]}}
sessions: {{key_files: [{seal}]}}
gateway: {{upstream_api: "{world.api.url}", {loose}, backends: {{main: {{endpoint: "{world.plain.url}", auth: anonymous, {loose}}}}}}}
""", name="inner")
    world.api.connection("real", "federated", bucket="inner", base_prefix="", region="us-east-1")
    world.api.product("acme", "real", "real", prefix="maps/")
    world.api.product("acme", "real-other", "real", prefix="other/")
    for name in ("maps", "other"):
        world.api.product("inner", name, "main", prefix="acme/maps/")
    with contextlib.ExitStack() as stack:
        front = free_port()
        for directory, where, server in (("inner", port, inner), ("outer", front, outer)):
            gateway = Nginx(tmp_path / ("nginx-" + directory), gateway_conf(tmp_path / ("nginx-" + directory), where, server), where)
            stack.callback(gateway.end)
        before = len(world.api.asked)
        answer = gateway.get("/acme/real/tile.bin", world.bearer("ada"))
        assert (answer.status, answer.body) == (200, BODY)
        heard = {path: claims_of(headers["Authorization"]) for _, path, headers, _ in asked_since(world.api, before)}
        assert (heard["/products/acme/real"]["sub"], heard["/products/acme/real"]["idp"]) == ("ada", world.issuer.url)
        assert (heard["/products/inner/maps"]["sub"], heard["/products/inner/maps"]["idp"]) == ("ada", outer.url)
        assert gateway.request("HEAD", "/acme/real/tile.bin", world.bearer("grace")).status == 200
        assert code_of(gateway.get("/acme/real-other/tile.bin", world.bearer("ada"))) == (403, "AccessDenied"), "scope"
        assert code_of(gateway.get("/acme/real/tile.bin", world.bearer("eve"))) == (403, "AccessDenied"), "subject"
        assert gateway.get("/acme/real/absent", world.bearer("ada")).status == 404
    text = inner.get("/metrics").body.decode()
    assert 'jeton_http_requests_total{route="sts",status="200"} 2' in text, "one for each caller"
    assert 'jeton_http_requests_total{route="sts",status="403"} 1' in text


def test_S4_47_credentials_are_got_once_for_each_caller(world):
    before = world.sts.given
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ask = [pool.submit(world.gateway.get, "/acme/fed/k", world.bearer(f"once{number % 2}")) for number in range(32)]
        assert {one.result().status for one in ask} == {200}
    assert world.sts.given == before + 2


def test_S4_47_credentials_with_less_than_five_seconds_are_given_to_nobody(world):
    """That they are renewed before their end is in tests/unit/server/test_errands.c, where time is a parameter."""
    world.sts.lasts = 5
    before = len(world.store.asked)
    assert code_of(world.gateway.get("/acme/fed/k", world.bearer("brief"))) == (502, "BackendAuthenticationFailed")
    world.sts.lasts = 3600
    assert len(world.store.asked) == before
    assert world.gateway.get("/acme/fed/k", world.bearer("brief")).status == 200


def test_S4_48_nobody_is_federated_for_who_is_not_authorised(world):
    world.api.product("acme", "fed-closed", "fed", permissions=[])
    world.api.product("acme", "fed-off", "fed", disabled=True)
    before, stored = world.sts.given, len(world.store.asked)
    for name in ("fed-closed", "fed-off"):
        assert code_of(world.gateway.get(f"/acme/{name}/k", world.bearer("eve"))) == (403, "AccessDenied")
    assert (world.sts.given, len(world.store.asked)) == (before, stored)


def test_S4_48_what_nobody_knows_how_to_sign_is_never_asked_unsigned(world):
    before = len(world.store.asked)
    for connection, kind in (("told2", "azure_workload_identity"), ("told", "s3_access_key"), ("told", None),
                             ("told", 7), ("unknown", "anonymous")):
        world.api.connection(connection, kind)
        name = f"auth-{connection}-{kind}"
        world.api.product("acme", name, connection)
        assert code_of(world.gateway.get(f"/acme/{name}/k", world.bearer(f"{name}"))) == (500, "InternalError"), name
    world.api.connection("told", "anonymous")
    assert len(world.store.asked) == before


def test_a_place_that_leads_elsewhere_is_not_gone_to(world):
    for number, prefix in enumerate(("../secret/", "a/../../b/", "./")):
        world.api.product("acme", f"elsewhere{number}", "told", prefix=prefix)
        assert code_of(world.gateway.get(f"/acme/elsewhere{number}/k")) == (500, "InternalError")
    world.api.documents["/data-connections/told"]["data_connection_id"] = "main"
    world.api.product("acme", "liar", "told")
    assert code_of(world.gateway.get("/acme/liar/k", world.bearer("liar"))) == (500, "InternalError")
    world.api.connection("told")


# --- The whole ---

def test_nothing_secret_is_in_any_log(world):
    token = world.issuer.sign(sub="logged")
    world.gateway.get("/acme/fed/k", [("Authorization", "Bearer " + token)])
    world.gateway.get("/acme/maps/tile.bin?X-Amz-Signature=5ecre7&X-Amz-Security-Token=5ess10n&X-Amz-Credential=cred")
    world.gateway.get("/acme/none/x?X-Amz-Security-Token=5ess10n")
    logs = world.jetond.log() + "".join(path.read_text(errors="replace") for path in world.run.glob("*.log"))
    assert "/acme/maps/tile.bin" in logs
    for secret in (token, token.split(".")[2], "5ecre7", "5ess10n", "X-Amz", "not told", f"secret{world.sts.given}",
                   f"token{world.sts.given}"):
        assert secret not in logs, secret


def test_without_a_gateway_there_is_none(run):
    server = run()
    assert server.get("/gateway/s3/acme/maps/k").status == 404


def test_jetond_killed_under_load_leaves_503_and_comes_back(world, tmp_path):
    """Readers go on through a kill and a start: each gets its object or S3's word to try again, none gets less."""
    config = world.config
    directory = tmp_path / "killed"
    directory.mkdir()
    server = Jetond(directory, config).wait_ready()
    port = free_port()
    run = tmp_path / "gateway"
    gateway = Nginx(run, gateway_conf(run, port, server), port)
    over = time.monotonic() + 2.5
    address = server.url.removeprefix("http://")

    def read(_):
        got = []
        while time.monotonic() < over:
            try:
                answer = gateway.get("/acme/maps/tile.bin")
                assert answer.status == 503 or answer.body == BODY
                got.append(answer.status)
            except (http.client.HTTPException, ConnectionError):
                got.append(0)
            time.sleep(0.005)
        return got

    try:
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            readers = [pool.submit(read, number) for number in range(6)]
            time.sleep(0.5)
            server.process.kill()
            server.process.wait()
            server = Jetond(directory, config, listen=address).wait_ready()
            seen = [status for reader in readers for status in reader.result()]
        assert seen.count(200) > 50 and 503 in seen and 0 not in seen, {one: seen.count(one) for one in set(seen)}
        assert gateway.get("/acme/maps/tile.bin").status == 200
    finally:
        server.stop()
        gateway.end()


def test_a_reload_keeps_the_gateway_going(world, tmp_path):
    import signal
    directory = tmp_path / "reloaded"
    directory.mkdir()
    server = Jetond(directory, world.config).wait_ready()
    try:
        assert server.get("/gateway/s3/acme/maps/tile.bin").header("X-Accel-Redirect") == "@jeton_object"
        (directory / "jetond.yaml").write_text(world.config.replace("main: {", "other: {"))
        server.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 10
        while server.get("/gateway/s3/acme/maps/tile.bin").status != 500 and time.monotonic() < until:
            time.sleep(0.05)
        assert server.get("/gateway/s3/acme/maps/tile.bin").status == 500
        assert server.get("/gateway/s3/acme/told/k").status == 200
    finally:
        assert server.stop() == 0


def test_a_request_that_waits_for_the_upstream_API_is_answered_after_a_reload(world, tmp_path):
    """The old configuration's errand ends with it; the new one begins its own, and the request waits once more."""
    import signal
    directory = tmp_path / "waiting"
    directory.mkdir()
    config = world.config.replace("timeout: 700ms", "timeout: 9s")
    server = Jetond(directory, config).wait_ready()
    try:
        world.api.held.clear()
        asked = len(world.api.asked)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(server.get, "/gateway/s3/acme/maps/tile.bin") for _ in range(3)]
            until = time.monotonic() + 10
            while len(world.api.asked) == asked and time.monotonic() < until:
                time.sleep(0.01)
            for number in range(2):
                server.process.send_signal(signal.SIGHUP)
                while server.log().count('"reloaded"') <= number and time.monotonic() < until:
                    time.sleep(0.01)
            time.sleep(0.1)
            world.api.held.set()
            assert [one.result().status for one in waiting] == [200, 200, 200]
    finally:
        world.api.held.set()
        assert server.stop() == 0


def test_requests_that_wait_are_answered_when_the_server_ends(world, run):
    server = run(world.config.replace("timeout: 700ms", "timeout: 30s"))
    world.api.product("acme", "ending", "main")
    world.api.held.clear()
    before = len(world.api.asked)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.get, "/gateway/s3/acme/ending/k")
        until = time.monotonic() + 10
        while len(world.api.asked) == before and time.monotonic() < until:
            time.sleep(0.01)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
        assert code_of(waiting.result())[0] in (500, 503)
    world.api.held.set()


def test_make_run_gateway_tries_itself(tmp_path):
    """What the demonstration prints is what came of it."""
    root = pathlib.Path(__file__).resolve().parents[2]
    build = pathlib.Path(os.environ["JETOND"]).parent
    done = subprocess.run(["/usr/bin/python3", str(root / "tools/run_gateway"), "--once"], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "BUILD": str(build), "GATEWAY_RUN": str(tmp_path / "run"),
                                           "PORT": str(free_port())})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a plan for client first alone" in done.stdout
