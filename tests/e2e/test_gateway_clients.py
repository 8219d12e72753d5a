# SPDX-License-Identifier: Apache-2.0
"""Unmodified clients at the gateway: they trade an ID token for temporary credentials, and read what their role allows
and nothing else. Only the endpoint is ours."""
import contextlib
import datetime
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import Shelf, World, code_of
from jetond import decode_part, encode_part

boto3 = pytest.importorskip("boto3")
import botocore.auth  # noqa: E402
import botocore.awsrequest  # noqa: E402
import botocore.config  # noqa: E402
import botocore.credentials  # noqa: E402
import botocore.exceptions  # noqa: E402

pytestmark = pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not here")

ROLES = """
sessions: {key_files: [SEAL]}
roles:
  - {name: reader, issuers: ["ISSUER"], audiences: [s3], subjects: ["a*"], max_session: 1h,
     scopes: [{bucket: acme, prefix: own, actions: [read]}]}
  - {name: writer, issuers: ["ISSUER"], audiences: [s3], subjects: ["*"],
     scopes: [{bucket: acme, prefix: own/in, actions: [read, write]}, {bucket: acme, prefix: locked, actions: [read, write]}]}
  - {name: everything, issuers: ["ISSUER"], audiences: [s3], subjects: ["*"],
     scopes: [{bucket: acme, prefix: "", actions: [read]}]}
"""
TREE = {"data/acme/own/a.txt": b"alpha", "data/acme/own/b & c.txt": b"beta", "data/acme/own/deep/d.bin": os.urandom(70000),
        "data/acme/own/deep/\u00e9.txt": b"accent", "data/acme/other/secret.txt": b"not for you"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("clients")
    seal = directory / "sessions.key"
    seal.write_bytes(os.urandom(32))
    seal.chmod(0o600)
    with contextlib.ExitStack() as stack:
        shelf = Shelf(("AKIDOWN", "not told"))
        shelf.objects.update(TREE)
        world = World(stack, directory, ROLES.replace("SEAL", str(seal)), shelf)
        world.shelf, world.seal = shelf, seal
        world.api.product("acme", "other", "own")
        world.api.product("acme", "own", "own", permissions=["read", "write"])
        world.api.connection("own-locked", "static", read_only=True)
        yield world


def assume(world, role="reader", subject="ada", seconds=900):
    sts = boto3.client("sts", endpoint_url=world.gateway.url + "/.sts", region_name="us-east-1",
                       config=botocore.config.Config(signature_version=botocore.UNSIGNED, retries={"max_attempts": 1}))
    return sts.assume_role_with_web_identity(RoleArn="arn:aws:iam::000000000000:role/" + role, RoleSessionName="test",
                                             WebIdentityToken=world.issuer.sign(sub=subject, aud="s3"),
                                             DurationSeconds=seconds)["Credentials"]


def s3_of(world, credentials, style="path"):
    return boto3.client("s3", endpoint_url=world.gateway.url, region_name="us-east-1",
                        aws_access_key_id=credentials["AccessKeyId"],
                        aws_secret_access_key=credentials["SecretAccessKey"],
                        aws_session_token=credentials["SessionToken"],
                        config=botocore.config.Config(s3={"addressing_style": style}, retries={"max_attempts": 1}))


def refused(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    answer = raised.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


# --- boto3 ---

def test_boto3_reads_what_the_role_allows_and_nothing_else(world):
    s3 = s3_of(world, assume(world))
    assert s3.get_object(Bucket="acme", Key="own/a.txt")["Body"].read() == b"alpha"
    assert s3.get_object(Bucket="acme", Key="own/b & c.txt", Range="bytes=1-2")["Body"].read() == b"et"
    assert s3.head_object(Bucket="acme", Key="own/deep/\u00e9.txt")["ContentLength"] == 6
    assert refused(s3.get_object, Bucket="acme", Key="own/none") == (404, "NoSuchKey")
    assert refused(s3.get_object, Bucket="acme", Key="other/secret.txt") == (403, "AccessDenied")
    assert refused(s3.get_object, Bucket="acme", Key="own2/a.txt") == (403, "AccessDenied")
    assert refused(s3.get_object, Bucket="another", Key="own/a.txt") == (403, "AccessDenied")
    assert refused(s3.list_objects_v2, Bucket="acme") == (403, "AccessDenied")
    assert refused(s3.list_objects_v2, Bucket="acme", Prefix="o") == (403, "AccessDenied")
    assert refused(s3.put_object, Bucket="acme", Key="own/a.txt", Body=b"x") == (405, "MethodNotAllowed")
    assert refused(s3.delete_object, Bucket="acme", Key="own/a.txt") == (405, "MethodNotAllowed")
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["acme"]
    assert s3.head_bucket(Bucket="acme")["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_boto3_lists_page_by_page_under_our_names(world):
    s3 = s3_of(world, assume(world))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="acme", Prefix="own/", PaginationConfig={"PageSize": 2})
    assert [one["Key"] for page in pages for one in page.get("Contents", [])] == [
        key.removeprefix("data/acme/") for key in sorted(TREE) if key.startswith("data/acme/own/")]
    got = s3.list_objects_v2(Bucket="acme", Prefix="own/", Delimiter="/")
    assert [one["Prefix"] for one in got["CommonPrefixes"]] == ["own/deep/"] and got["Name"] == "acme"
    assert [one["Key"] for one in s3.list_objects(Bucket="acme", Prefix="own/deep/")["Contents"]] == [
        "own/deep/d.bin", "own/deep/\u00e9.txt"]
    everything = s3_of(world, assume(world, "everything"))
    names = [one["Prefix"] for one in everything.list_objects_v2(Bucket="acme", Delimiter="/")["CommonPrefixes"]]
    assert "own/" in names and "other/" in names


def test_boto3_writes_where_a_role_allows_it(world):
    s3 = s3_of(world, assume(world, "writer"))
    s3.put_object(Bucket="acme", Key="own/in/new.bin", Body=b"\x00new\xff")
    assert world.shelf.objects["data/acme/own/in/new.bin"] == b"\x00new\xff"
    assert s3.get_object(Bucket="acme", Key="own/in/new.bin")["Body"].read() == b"\x00new\xff"
    s3.delete_object(Bucket="acme", Key="own/in/new.bin")
    assert "data/acme/own/in/new.bin" not in world.shelf.objects
    assert refused(s3.put_object, Bucket="acme", Key="own/a.txt", Body=b"x") == (405, "MethodNotAllowed")
    assert refused(s3.create_multipart_upload, Bucket="acme", Key="own/in/x") == (405, "MethodNotAllowed")
    assert refused(s3.delete_objects, Bucket="acme", Delete={"Objects": [{"Key": "own/in/x"}]}) == (405, "MethodNotAllowed")
    # The connection is read-only, whatever role and permissions say; and where permissions say no, a role does not help.
    world.api.product("acme", "locked", "own-locked", permissions=["read", "write"])
    assert refused(s3.put_object, Bucket="acme", Key="locked/x", Body=b"x")[0] in (403, 500)
    assert not [key for key in world.shelf.objects if "locked" in key]


def test_S4_38_a_write_by_a_stranger_is_405(world):
    for name in ("test", "STSPRXYSTRANGER"):
        stranger = {"AccessKeyId": name, "SecretAccessKey": "test", "SessionToken": "nobody" if name != "test" else None}
        assert refused(s3_of(world, stranger).put_object, Bucket="acme", Key="own/in/x", Body=b"x") == \
            (405, "MethodNotAllowed")


# --- What is signed ---

def clock_ahead(seconds):
    """A datetime whose time is so far ahead. Older botocore asks it for utcnow(), newer for now(UTC)."""
    real = datetime.datetime

    class Clock(real):
        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + datetime.timedelta(seconds=seconds)

        @classmethod
        def utcnow(cls):
            return cls.now(datetime.timezone.utc).replace(tzinfo=None)

    return Clock


def signed(world, credentials, method="GET", target="/acme/own/a.txt", at=None, headers=(), expires=None):
    """The headers and the target of a request as botocore signs it, at any time."""
    request = botocore.awsrequest.AWSRequest(method, world.gateway.url + target,
                                             headers={"Host": f"127.0.0.1:{world.gateway.port}", **dict(headers)})
    held = botocore.credentials.Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"],
                                            credentials["SessionToken"])
    signer = (botocore.auth.S3SigV4Auth(held, "s3", "us-east-1") if expires is None else
              botocore.auth.S3SigV4QueryAuth(held, "s3", "us-east-1", expires=expires))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datetime, "datetime", clock_ahead(at or 0))
        signer.add_auth(request)
    return request.url.removeprefix(world.gateway.url), [(name, str(value)) for name, value in request.headers.items()]


def test_one_byte_changed_anywhere_is_refused(world):
    target, headers = signed(world, assume(world), headers={"x-amz-meta-a": "1"})
    before = len(world.shelf.asked)
    assert world.gateway.get(target, headers).body == b"alpha"
    assert len(world.shelf.asked) == before + 1
    for name in ("X-Amz-Date", "X-Amz-Security-Token", "Authorization", "x-amz-meta-a", "X-Amz-Content-SHA256", "Host"):
        value = next(value for one, value in headers if one.lower() == name.lower())
        for place in {len(value) - 1, len(value) // 2, max(0, len(value) - 40)}:
            changed = value[:place] + ("1" if value[place] != "1" else "2") + value[place + 1:]
            answer = world.gateway.get(target, [(one, changed if one.lower() == name.lower() else old)
                                                for one, old in headers])
            assert answer.status in (400, 403), (name, place, answer.body)
        without = [(one, old) for one, old in headers if one.lower() != name.lower()]
        # Without a signature it is nobody's request: what anybody may read here.
        assert name in ("Host", "Authorization") or world.gateway.get(target, without).status in (400, 403), name
    for other in ("/acme/own/b", "/acme/own/a.txt?x=1", "/acme/own//a.txt", "/acme/own/%61.txt?"):
        answer = world.gateway.get(other, headers)
        assert answer.status == 403 or (other.endswith("?") and answer.body == b"alpha"), other
    assert code_of(world.gateway.get(target, [*headers, ("x-amz-acl", "private")]))[0] in (400, 403)
    assert world.gateway.request("HEAD", target, headers).status == 403
    assert len(world.shelf.asked) <= before + 2


def test_a_request_is_good_for_its_time_alone(world):
    credentials = assume(world)
    for at, status in ((-800, 200), (800, 200), (-1000, 403), (1000, 403)):
        target, headers = signed(world, credentials, at=at)
        assert world.gateway.get(target, headers).status == status, at
    target, headers = signed(world, credentials, at=-1000)
    assert code_of(world.gateway.get(target, headers)) == (403, "RequestTimeTooSkewed")


def test_a_presigned_address_opens_one_object_for_its_time(world):
    credentials = assume(world)
    target, _ = signed(world, credentials, expires=60)
    assert world.gateway.get(target).body == b"alpha"
    assert code_of(world.gateway.get(target.replace("a.txt", "b.txt")))[0] == 403
    assert code_of(world.gateway.get(target.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")))[0] == 403
    target, _ = signed(world, credentials, at=-100, expires=60)
    assert code_of(world.gateway.get(target)) == (403, "AccessDenied")
    target, _ = signed(world, credentials, target="/acme/own/a.txt?response-content-type=text%2Fplain", expires=60)
    before = len(world.shelf.asked)
    assert world.gateway.get(target).status == 200
    assert world.shelf.asked[before][1].endswith("?response-content-type=text%2Fplain")
    assert "X-Amz" not in world.shelf.asked[before][1]


def test_sessions_of_others_and_ended_ones_are_refused(world):
    credentials = assume(world)
    token = credentials["SessionToken"]
    target, headers = signed(world, {**credentials, "AccessKeyId": "STSPRXYANOTHER"})
    assert world.gateway.get(target, headers).status == 403
    target, headers = signed(world, {**credentials, "SecretAccessKey": "x" * 40})
    assert code_of(world.gateway.get(target, headers)) == (403, "SignatureDoesNotMatch")
    for place in range(0, len(token), max(1, len(token) // 40)):
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1:]
        target, headers = signed(world, {**credentials, "SessionToken": other})
        assert world.gateway.get(target, headers).status in (400, 403), place


def reading(world, credentials):
    """200, or S3's code for it."""
    target, headers = signed(world, credentials)
    answer = world.gateway.get(target, headers)
    return 200 if answer.body == b"alpha" else code_of(answer)


def resealed(world, credentials, seconds):
    """The same session, sealed by the same key, with another end."""
    header, _, nonce, text, tag = credentials["SessionToken"].split(".")
    key = AESGCM(world.seal.read_bytes())
    session = json.loads(key.decrypt(decode_part(nonce), decode_part(text) + decode_part(tag), header.encode()))
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    session["expiration"] = ends.strftime("%Y-%m-%dT%H:%M:%SZ")
    nonce = os.urandom(12)
    sealed = key.encrypt(nonce, json.dumps(session).encode(), header.encode())
    parts = [header, "", encode_part(nonce), encode_part(sealed[:-16]), encode_part(sealed[-16:])]
    return {**credentials, "SessionToken": ".".join(parts)}


def test_S4_32_an_expired_session_is_told_so_and_one_that_is_not_yet_reads(world):
    credentials = assume(world)
    assert reading(world, resealed(world, credentials, 30)) == 200
    over = resealed(world, credentials, -1)
    assert reading(world, over) == (403, "ExpiredToken")
    assert reading(world, {**over, "SecretAccessKey": "x" * 40}) == (403, "ExpiredToken")
    presigned, _ = signed(world, over, expires=60)
    assert code_of(world.gateway.get(presigned)) == (403, "ExpiredToken")
    target, headers = signed(world, over, "PUT", "/acme/own/in/late")
    assert code_of(world.gateway.request("PUT", target, headers, b"")) == (403, "ExpiredToken")
    assert refused(s3_of(world, over).list_objects_v2, Bucket="acme", Prefix="own/") == (403, "ExpiredToken")


def reload(world, config):
    server = world.jetond
    count = server.log().count('"msg":"reloaded"')
    (server.directory / "jetond.yaml").write_text(config)
    server.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + 20
    while server.log().count('"msg":"reloaded"') == count:
        assert time.monotonic() < until, server.log()
        time.sleep(0.02)


def test_S4_35_a_session_of_the_key_before_reads_and_one_of_a_key_that_is_gone_does_not(world, tmp_path):
    new = tmp_path / "new.key"
    new.write_bytes(os.urandom(32))
    new.chmod(0o600)
    first = assume(world)
    try:
        reload(world, world.config.replace(f"[{world.seal}]", f"[{new}, {world.seal}]"))
        second = assume(world)
        assert (reading(world, first), reading(world, second)) == (200, 200)
        assert first["SessionToken"].split(".")[0] != second["SessionToken"].split(".")[0], "told apart by kid"
        reload(world, world.config.replace(f"[{world.seal}]", f"[{new}]"))
        assert (reading(world, first), reading(world, second)) == ((403, "AccessDenied"), 200)
    finally:
        reload(world, world.config)
    assert (reading(world, first), reading(world, second)) == (200, (403, "AccessDenied"))


def test_the_session_is_who_the_upstream_API_hears_of(world):
    from jetond import claims_of
    world.api.product("acme", "own", "own", permissions=["read", "write"])
    before = len(world.api.asked)
    assert s3_of(world, assume(world, subject="adele")).get_object(Bucket="acme", Key="own/a.txt")["Body"].read() == b"alpha"
    tokens = [headers["Authorization"].removeprefix("Bearer ") for _, _, headers, _ in world.api.asked[before:]]
    assert tokens and {claims_of(token)["sub"] for token in tokens} == {"adele"}
    assert {claims_of(token)["idp"] for token in tokens} == {world.issuer.url}


def test_neither_session_nor_signature_is_in_a_log(world):
    credentials = assume(world)
    target, headers = signed(world, credentials)
    assert world.gateway.get(target, headers).status == 200
    presigned, _ = signed(world, credentials, expires=60)
    assert world.gateway.get(presigned).status == 200
    assert world.gateway.get(presigned[:-1] + ("0" if presigned[-1] != "0" else "1")).status == 403
    logs = world.jetond.log() + "".join(path.read_text(errors="replace") for path in world.run.glob("*.log"))
    signature = urllib.parse.parse_qs(presigned.partition("?")[2])["X-Amz-Signature"][0]
    for secret in (credentials["SecretAccessKey"], credentials["SessionToken"][:40],
                   urllib.parse.quote(credentials["SessionToken"][:40], safe=""), signature, "X-Amz-", "WebIdentityToken"):
        assert secret not in logs, secret


# --- Other clients ---

def tool(name, *places):
    found = next((place for place in places if os.access(place, os.X_OK)), None) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not here")
    return found


def run_tool(command, environment, **more):
    done = subprocess.run(command, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
                                        **environment}, capture_output=True, text=True, timeout=60, **more)
    return done.returncode, done.stdout, done.stderr


def test_the_AWS_CLI_reads_with_credentials_that_it_got_itself(world, tmp_path):
    aws = tool("aws", "/usr/bin/aws")
    settings = tmp_path / "config"
    settings.write_text("[default]\nregion = us-east-1\noutput = json\ns3 =\n    addressing_style = path\n")
    environment = {"AWS_CONFIG_FILE": str(settings), "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}
    status, out, errors = run_tool(
        [aws, "sts", "assume-role-with-web-identity", "--endpoint-url", world.gateway.url + "/.sts", "--role-arn",
         "arn:aws:iam::000000000000:role/reader", "--role-session-name", "cli", "--web-identity-token",
         world.issuer.sign(sub="ada", aud="s3"), "--query",
         "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]", "--output", "text"], environment)
    assert status == 0, errors
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    environment.update(zip(names, out.split()))
    end = ["--endpoint-url", world.gateway.url]
    status, out, errors = run_tool([aws, "s3", "cp", "s3://acme/own/deep/d.bin", str(tmp_path / "d.bin"), *end], environment)
    assert status == 0, errors
    assert (tmp_path / "d.bin").read_bytes() == TREE["data/acme/own/deep/d.bin"]
    status, out, errors = run_tool([aws, "s3", "ls", "s3://acme/own/", *end], environment)
    assert status == 0 and "PRE deep/" in out and "a.txt" in out and "b & c.txt" in out, (out, errors)
    status, out, errors = run_tool([aws, "s3", "cp", "s3://acme/other/secret.txt", str(tmp_path / "no"), *end], environment)
    assert status != 0 and not (tmp_path / "no").exists(), out


def test_s3cmd_reads(world, tmp_path):
    s3cmd = tool("s3cmd")
    credentials = assume(world)
    settings = tmp_path / "s3cfg"
    settings.write_text(f"[default]\naccess_key = {credentials['AccessKeyId']}\nsecret_key = {credentials['SecretAccessKey']}\n"
                        f"access_token = {credentials['SessionToken']}\nhost_base = 127.0.0.1:{world.gateway.port}\n"
                        f"host_bucket = 127.0.0.1:{world.gateway.port}\nuse_https = False\nbucket_location = us-east-1\n")
    status, out, errors = run_tool([s3cmd, "-c", str(settings), "get", "s3://acme/own/deep/d.bin", str(tmp_path / "d")], {})
    assert status == 0, errors
    assert (tmp_path / "d").read_bytes() == TREE["data/acme/own/deep/d.bin"]
    status, out, errors = run_tool([s3cmd, "-c", str(settings), "ls", "s3://acme/own/"], {})
    assert status == 0 and "s3://acme/own/deep/" in out and "s3://acme/own/a.txt" in out, (out, errors)
    assert run_tool([s3cmd, "-c", str(settings), "get", "s3://acme/other/secret.txt", str(tmp_path / "x")], {})[0] != 0


def test_rclone_copies_a_tree(world, tmp_path):
    rclone = tool("rclone")
    credentials = assume(world)
    environment = {"RCLONE_CONFIG_GATE_TYPE": "s3", "RCLONE_CONFIG_GATE_PROVIDER": "Other",
                   "RCLONE_CONFIG_GATE_ENDPOINT": world.gateway.url, "RCLONE_CONFIG_GATE_REGION": "us-east-1",
                   "RCLONE_CONFIG_GATE_ACCESS_KEY_ID": credentials["AccessKeyId"],
                   "RCLONE_CONFIG_GATE_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
                   "RCLONE_CONFIG_GATE_SESSION_TOKEN": credentials["SessionToken"],
                   "RCLONE_CONFIG": str(tmp_path / "none"), "RCLONE_RETRIES": "1"}
    status, out, errors = run_tool([rclone, "copy", "gate:acme/own", str(tmp_path / "own")], environment)
    assert status == 0, errors
    for key, body in TREE.items():
        if key.startswith("data/acme/own/"):
            assert (tmp_path / "own" / key.removeprefix("data/acme/own/")).read_bytes() == body
    assert run_tool([rclone, "copy", "gate:acme/other", str(tmp_path / "other")], environment)[0] != 0


def test_the_SDK_of_javascript_reads(world, tmp_path):
    from npm_packages import HERE, folder, node_major
    packages = folder(tmp_path)
    if node_major() < 18:
        pytest.skip("node is too old for the SDK")
    job = {"gateway": world.gateway.url, "role": "arn:aws:iam::000000000000:role/reader",
           "token": world.issuer.sign(sub="ada", aud="s3")}
    status, out, errors = run_tool(["node", str(HERE / "s3.mjs"), str(packages)], {}, input=json.dumps(job))
    assert status == 0, errors
    assert json.loads(out) == {"body": "beta", "part": "lph", "length": 70000, "keys": ["own/a.txt", "own/b & c.txt"],
                               "prefixes": ["own/deep/"], "absent": "NoSuchKey 404", "denied": "AccessDenied 403",
                               "written": "MethodNotAllowed 405"}
