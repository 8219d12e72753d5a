# SPDX-License-Identifier: Apache-2.0
"""Does one guarded request bring what it should, and nothing else? fetch_probe against a server that misbehaves on demand.

KEY-SOURCE 4.6 rows 1 to 8 are named in the tests. Output is TAP. No name is resolved but localhost, nothing leaves it."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from scripted_server import NETWORK_OF_ITS_OWN, SECRET_TEXT, Server, certificate, reply  # noqa: E402

PROBE = sys.argv[1]
ENVIRONMENT = {**os.environ, "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1",
               "all_proxy": "http://127.0.0.1:1"}
TESTS = []


def case(function):
    TESTS.append(function)
    return function


def probe(*arguments):
    ran = subprocess.run([PROBE, *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    assert SECRET_TEXT not in ran.stdout.decode(), "the body is echoed"
    return json.loads(ran.stdout)


def plain(world, path, *arguments):
    return probe("--http", "--private", *arguments, world.http.base + path)


def refused(result, *parts):
    assert result["status"] == "keys_unavailable", result
    assert result["length"] == 0, result
    for part in parts:
        assert part in result["detail"], result


# --- What is taken. ---

@case
def a_key_set_is_fetched_whole_with_its_freshness(world):
    got = plain(world, "/good")
    assert got["status"] == "ok" and got["http"] == 200 and got["length"] == len(world.http.body), got
    assert got["etag"] == '"v1"' and got["age"] == "5" and got["cache_control"] == "public, max-age=60", got


@case
def the_request_says_little_and_asks_for_no_encoding(world):
    plain(world, "/good")
    head = world.http.requests[-1].lower()
    assert "accept-encoding: identity" in head and "user-agent: jeton\r\n" in head, head
    for header in ("cookie", "authorization", "referer", "if-none-match"):
        assert header not in head, head


@case
def a_body_without_length_or_in_chunks_is_fetched(world):
    for path in ("/no-length", "/chunked"):
        got = plain(world, path)
        assert got["status"] == "ok" and got["length"] == len(world.http.body), got


@case
def tls_works_with_the_authority_given_and_with_no_other(world):
    if world.https is None:
        return "openssl is not here"
    good = probe("--private", "--ca", world.cert, world.https.base + "/good")
    assert good["status"] == "ok", good
    refused(probe("--private", "--ca", world.other_cert, world.https.base + "/good"), "certificate", "ca_file")
    refused(probe("--private", world.https.base + "/good"), "certificate")
    return None


@case
def a_certificate_for_another_host_is_refused(world):
    if world.elsewhere is None:
        return "openssl is not here"
    refused(probe("--private", "--ca", world.elsewhere_cert, world.elsewhere.local + "/good"), "certificate")
    return None


@case
def an_authority_file_that_cannot_be_used_is_the_operators_fault(world):
    if world.https is None:
        return "openssl is not here"
    for path in (os.path.join(world.folder, "absent.pem"), world.folder, world.junk):
        got = probe("--private", "--ca", path, world.https.base + "/good")
        assert got["status"] == "config_invalid" and "authorities" in got["detail"], got
    return None


@case
def row_5_a_304_is_an_answer_only_to_who_sent_a_validator(world):
    got = plain(world, "/etag", "--etag", '"v1"')
    assert got["status"] == "ok" and got["http"] == 304 and got["length"] == 0, got
    assert plain(world, "/etag", "--etag", '"v0"')["http"] == 200
    refused(plain(world, "/not-modified"), "304")


# --- What is not. ---

@case
def row_1_a_server_that_never_answers_is_left(world):
    refused(plain(world, "/hang", "--timeout", "300"), "timeout is 300 ms")


@case
def row_2_a_drip_is_cut_off_by_its_speed_or_by_the_whole_time(world):
    refused(plain(world, "/drip", "--low-for", "1"), "in time")
    refused(plain(world, "/drip", "--timeout", "400"), "in time")


@case
def row_3_a_truncated_body_is_refused(world):
    for path in ("/cut-short", "/cut-chunk"):
        refused(plain(world, path))


@case
def row_4_errors_bring_no_body_but_their_retry_after(world):
    refused(plain(world, "/error-500"), "HTTP status 500")
    got = plain(world, "/error-503")
    refused(got, "HTTP status 503")
    assert got["retry_after"] == "3", got


@case
def row_6_S1_29_a_body_over_the_limit_is_refused_with_and_without_length(world):
    refused(plain(world, "/too-large-by-length"), "over 524288 bytes")
    refused(plain(world, "/too-large-by-stream"), "over 524288 bytes")
    length = len(world.http.body)
    assert plain(world, "/no-length", "--max", str(length))["status"] == "ok"
    refused(plain(world, "/no-length", "--max", str(length - 1)), "over %d bytes" % (length - 1))
    assert plain(world, "/good", "--max", str(length))["status"] == "ok"
    refused(plain(world, "/good", "--max", str(length - 1)), "over %d bytes" % (length - 1))


@case
def row_6_headers_over_the_limit_are_refused(world):
    refused(plain(world, "/large-headers"), "headers are over")
    refused(plain(world, "/early-hints-for-ever"), "headers are over")


@case
def row_6_a_compressed_body_is_refused_unread(world):
    refused(plain(world, "/gzip"), "compressed")
    refused(plain(world, "/gzip-transfer"), "compressed")


@case
def row_7_S5_11_redirects_are_not_followed(world):
    before = len(world.http.requests)
    refused(plain(world, "/redirect"), "redirects are not followed")
    refused(plain(world, "/redirect-to-metadata"), "redirects are not followed")
    assert len(world.http.requests) == before + 2, "somebody went on"


@case
def S5_11_redirects_asked_for_are_followed_at_home_alone_and_no_more_than_that(world):
    def paths():
        return [seen.split()[1] for seen in world.http.requests[before:]]

    before = len(world.http.requests)
    assert plain(world, "/redirect-relative", "--redirects", "2")["status"] == "ok"
    assert paths() == ["/redirect-relative", "/redirect", "/good"], paths()
    refused(plain(world, "/redirect-relative", "--redirects", "1"), "more than 1 redirects")
    before = len(world.http.requests)
    refused(plain(world, "/redirect-for-ever", "--redirects", "3"), "more than 3 redirects")
    assert len(paths()) == 4, paths()
    port = world.http.base.rsplit(":", 1)[1]
    before = len(world.http.requests)
    for away in ("http://localhost:%s/good" % port, "https://127.0.0.1:%s/good" % port, "http://127.0.0.1:1/good",
                 "//127.0.0.2:%s/good" % port, "http://user@127.0.0.1:%s/good" % port, "file:///etc/passwd",
                 "http://169.254.169.254/", "http://127.0.0.1:99999/"):
        world.http.away = away
        refused(plain(world, "/redirect-away", "--redirects", "3"), "another scheme, host or port")
    assert set(paths()) == {"/redirect-away"}, paths()


@case
def a_body_without_a_head_is_refused(world):
    refused(plain(world, "/http09"))


@case
def a_port_where_nobody_listens_is_unavailable(world):
    refused(probe("--http", "--private", "http://127.0.0.1:1/keys"))


# --- A POST, an Authorization, an answer of any status. ---

def take_whole(server, link, head):
    """Reads the body of a POST to its end and keeps it with the head."""
    length = int(next(line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length")))
    while len(head.split("\r\n\r\n", 1)[1]) < length:
        head += link.recv(4096).decode("latin-1")
    server.requests[-1] = head
    link.sendall(reply("taken"))


@case
def a_post_brings_its_body_its_type_and_its_authorization(world):
    world.http.streams["/post"] = take_whole
    got = plain(world, "/post", "--post", "token=a%20b&x=1", "--type", "application/x-www-form-urlencoded",
                "--authorization", "Basic Y2xpZW50OnNlY3JldA==", "--accept", "application/json")
    assert got["status"] == "ok" and got["length"] == 5, got
    head, body = world.http.requests[-1].split("\r\n\r\n", 1)
    assert head.startswith("POST /post HTTP/1.1\r\n") and body == "token=a%20b&x=1", (head, body)
    lines = [line.lower() for line in head.split("\r\n")]
    assert lines.count("authorization: basic y2xpzw50onnly3jlda==") == 1, head
    assert "content-type: application/x-www-form-urlencoded" in lines and "accept: application/json" in lines, head
    assert not [line for line in lines if line.startswith("expect")], head


@case
def a_post_may_have_no_body(world):
    world.http.streams["/post"] = take_whole
    assert plain(world, "/post", "--post", "", "--type", "text/plain")["status"] == "ok"
    assert world.http.requests[-1].endswith("\r\n\r\n"), world.http.requests[-1]


@case
def an_answer_of_any_status_is_whole_for_who_asked_so(world):
    for path, status in (("/error-500", 500), ("/error-503", 503), ("/nowhere", 404), ("/redirect", 302)):
        before = len(world.http.requests)
        got = plain(world, path, "--any-status")
        assert got["status"] == "ok" and got["http"] == status and got["length"] > 0, got
        assert len(world.http.requests) == before + 1, "a redirect was followed"
    refused(plain(world, "/too-large-by-stream", "--any-status"), "over 524288 bytes")
    refused(plain(world, "/cut-short", "--any-status"))


@case
def an_authorization_that_is_no_line_is_not_sent_and_nothing_goes_without_it(world):
    for value in ("Bearer a\r\nX-Other: b", "Bearer a\nb", "Bearer \u00e9"):
        silent(world, ["--http", "--private", "--authorization", value, world.http.base + "/good"], "config_invalid",
               "no line")


@case
def a_transfer_that_is_stopped_ends_at_once(world):
    refused(plain(world, "/hang", "--stopped", "--timeout", "20000"), "given up")


# --- What is not even tried. ---

def silent(world, arguments, status, *parts):
    before = len(world.http.requests)
    got = probe(*arguments)
    assert got["status"] == status, got
    for part in parts:
        assert part in got["detail"], got
    assert len(world.http.requests) == before, "a request went out"
    return got


@case
def S1_29_S5_9_http_is_refused_without_the_option_loopback_included(world):
    silent(world, ["--private", world.http.base + "/good"], "config_invalid", "allow_http would allow it")
    silent(world, ["--private", world.http.local + "/good"], "config_invalid", "allow_http would allow it")


@case
def S5_10_a_literal_private_address_is_refused_by_its_text(world):
    for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001"):
        silent(world, ["--http", "http://%s:%d/good" % (host, world.http.port)], "config_invalid",
               "127.0.0.1", "loopback, 127.0.0.0/8", "allow_private_ip would allow it")


@case
def S1_29_S5_10_a_name_is_refused_by_what_it_resolves_to(world):
    got = silent(world, ["--http", world.http.local + "/good"], "keys_unavailable", "loopback",
                 "allow_private_ip would allow it")
    assert got["address_refused"] is True, got


@case
def S5_10_the_two_options_are_independent(world):
    assert plain(world, "/good")["status"] == "ok"
    silent(world, ["--private", world.http.base + "/good"], "config_invalid", "allow_http")
    silent(world, ["--http", world.http.base + "/good"], "config_invalid", "allow_private_ip")


# --- Discovery. ---

def discover(world, issuer, *arguments):
    return probe("--discover", "--http", "--private", *arguments, issuer)


def document(world, issuer, jwks_uri):
    path = issuer[len(world.http.base):].rstrip("/") + "/.well-known/openid-configuration"
    world.http.more[path] = reply(json.dumps({"issuer": issuer, "jwks_uri": jwks_uri}))


@case
def discovery_finds_the_keys_of_an_issuer(world):
    issuer = world.http.base + "/realm"
    document(world, issuer, world.http.base + "/good")
    got = discover(world, issuer)
    assert got["status"] == "ok" and got["length"] == len(world.http.body), got


@case
def S1_4_an_issuer_with_a_final_slash_has_the_same_document(world):
    issuer = world.http.base + "/slash/"
    document(world, issuer, world.http.base + "/good")
    assert discover(world, issuer)["status"] == "ok"
    refused(discover(world, issuer[:-1]), "another issuer")


@case
def a_document_for_another_issuer_is_not_believed(world):
    issuer = world.http.base + "/liar"
    document(world, issuer, world.http.base + "/good")
    world.http.more["/victim/.well-known/openid-configuration"] = \
        world.http.more["/liar/.well-known/openid-configuration"]
    refused(discover(world, world.http.base + "/victim"), "another issuer")


@case
def a_document_can_point_nowhere_else_inside(world):
    issuer = world.http.base + "/inside"
    for uri in (world.http.local + "/good", "http://127.0.0.1:%d/good" % (world.http.port ^ 1),
                "http://10.0.0.1/keys", "http://169.254.169.254/keys", "http://[::1]:%d/good" % world.http.port):
        document(world, issuer, uri)
        before = len(world.http.requests)
        refused(discover(world, issuer))
        assert len(world.http.requests) == before + 1, uri


@case
def a_document_can_name_no_other_scheme(world):
    issuer = world.http.base + "/scheme"
    for uri in ("file:///etc/passwd", "ftp://127.0.0.1/keys", "data:application/json,{}", "keys", "//127.0.0.1/keys",
                "https://user:word@127.0.0.1/keys"):
        document(world, issuer, uri)
        refused(discover(world, issuer), "jwks_uri of the discovery document")


@case
def S1_3_where_discovery_is_404_the_usual_place_is_tried(world):
    world.http.more["/old/.well-known/jwks.json"] = reply(world.http.body)
    assert discover(world, world.http.base + "/old")["status"] == "ok"
    refused(discover(world, world.http.base + "/nowhere"), "HTTP status 404")


@case
def where_discovery_fails_otherwise_nothing_else_is_tried(world):
    world.http.more["/broken/.well-known/openid-configuration"] = reply(SECRET_TEXT, "500 Oops")
    world.http.more["/broken/.well-known/jwks.json"] = reply(world.http.body)
    refused(discover(world, world.http.base + "/broken"), "HTTP status 500")
    world.http.more["/html/.well-known/openid-configuration"] = reply("<html>" + SECRET_TEXT)
    refused(discover(world, world.http.base + "/html"), "no JSON object")


@case
def an_issuer_with_a_query_is_a_fault_of_configuration(world):
    assert discover(world, world.http.base + "/?x")["status"] == "config_invalid"


# --- Refused addresses, in a network of their own. ---

@case
def row_7_refused_addresses_get_no_packet(world):
    ran = subprocess.run(NETWORK_OF_ITS_OWN + [os.path.join(HERE, "refused_addresses.py"), PROBE, world.folder],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, check=False)
    text = ran.stdout.decode()
    if ran.returncode == 77 or (ran.returncode == 1 and text.startswith("unshare:")):
        return "no network of one's own here: " + text.strip().split("\n")[-1]
    assert ran.returncode == 0, text
    return None


class World:
    def __init__(self, folder):
        self.folder = folder
        self.junk = os.path.join(folder, "junk.pem")
        with open(self.junk, "w", encoding="ascii") as file:
            file.write("no certificate\n")
        self.http = Server()
        self.https = self.elsewhere = None
        made = certificate(folder, "localhost")
        if made:
            self.cert = made[0]
            self.https = Server(tls=made)
            self.other_cert = certificate(folder, "other")[0]
            elsewhere = certificate(folder, "elsewhere", names="DNS:elsewhere.example")
            self.elsewhere_cert = elsewhere[0]
            self.elsewhere = Server(tls=elsewhere)

    def stop(self):
        for server in (self.http, self.https, self.elsewhere):
            if server is not None:
                server.stop()


def main():
    bad = 0
    print("1..%d" % len(TESTS))
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        for number, test in enumerate(TESTS, 1):
            try:
                skipped = test(world)
                print("ok %d - %s%s" % (number, test.__name__, " # SKIP " + skipped if skipped else ""), flush=True)
            except (AssertionError, subprocess.TimeoutExpired, ValueError) as error:
                bad += 1
                print("not ok %d - %s" % (number, test.__name__))
                print("\n".join("# " + line for line in str(error).split("\n")), flush=True)
        world.stop()
    return 1 if bad else 0


sys.exit(main())
