# SPDX-License-Identifier: Apache-2.0
"""Unmodified AWS clients get credentials from a real jetond and use them: boto3, the AWS CLI, npm's
@aws-sdk/client-sts. Nothing of them is set but the endpoint, the region and what an operator sets."""
import json
import os
import shutil
import subprocess
import time

import pytest

from issuer import Issuer
from npm_packages import HERE, folder, node_major

ROLE = "arn:aws:iam::123456789012:role/_default"
ARN = "arn:aws:sts::000000000000:assumed-role/_default/"


@pytest.fixture
def issuer():
    issuer = Issuer("login")
    yield issuer
    issuer.end()


@pytest.fixture
def server(run, tmp_path, issuer):
    (tmp_path / "sealing").write_bytes(os.urandom(32))
    (tmp_path / "sealing").chmod(0o600)
    server = run(f"trust:\n{issuer.trust()}roles:\n  - {{name: _default, issuers: [{issuer.url}], audiences: [web], "
                 f"scopes: [{{bucket: '{{org}}'}}]}}\nsessions: {{key_files: [{tmp_path}/sealing]}}\n")
    until = time.monotonic() + 20
    while server.get("/readyz").status != 200:
        assert time.monotonic() < until, server.log()
        time.sleep(0.02)
    return server


def token(issuer, **changes):
    return issuer.sign(**{"aud": "web", "org": "acme", **changes})


def expired(issuer):
    return token(issuer, exp=int(time.time()) - 120)


@pytest.fixture
def boto(server, monkeypatch):
    boto3 = pytest.importorskip("boto3")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    def client(**more):
        return boto3.session.Session(region_name="us-east-1").client("sts", endpoint_url=server.url + "/.sts", **more)
    return client


def keys_of(credentials):
    return {"aws_access_key_id": credentials["AccessKeyId"], "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"]}


def test_boto3_assumes_a_role_and_is_told_who_it_is(boto, issuer):
    given = boto().assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="from-python", DurationSeconds=900,
                                                 WebIdentityToken=token(issuer))
    assert given["SubjectFromWebIdentityToken"] == "ada" and given["Provider"] == issuer.url
    assert 890 < given["Credentials"]["Expiration"].timestamp() - time.time() <= 901
    who = boto(**keys_of(given["Credentials"])).get_caller_identity()
    assert who["Arn"] == ARN + "from-python" and who["Account"] == "000000000000"


def test_boto3_knows_the_errors(boto, issuer):
    from botocore.exceptions import ClientError

    client = boto()
    asked = {"RoleArn": ROLE, "RoleSessionName": "from-python"}
    with pytest.raises(client.exceptions.ExpiredTokenException):
        client.assume_role_with_web_identity(WebIdentityToken=expired(issuer), **asked)
    with pytest.raises(client.exceptions.InvalidIdentityTokenException):
        client.assume_role_with_web_identity(WebIdentityToken=token(issuer, aud="api"), **asked)
    with pytest.raises(ClientError) as refused:
        client.assume_role_with_web_identity(WebIdentityToken=token(issuer, org=None), **asked)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    given = client.assume_role_with_web_identity(WebIdentityToken=token(issuer), **asked)["Credentials"]
    with pytest.raises(ClientError) as refused:
        boto(**{**keys_of(given), "aws_secret_access_key": "forged"}).get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_boto3_presigns_a_question_that_others_may_ask(boto, server, issuer):
    given = boto().assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="from-python",
                                                 WebIdentityToken=token(issuer))["Credentials"]
    url = boto(**keys_of(given)).generate_presigned_url("get_caller_identity", HttpMethod="GET", ExpiresIn=60)
    path = url.removeprefix(server.url)
    host = [("Host", server.url.removeprefix("http://"))]
    answer = server.get(path, host)
    assert answer.status == 200 and (ARN + "from-python").encode() in answer.body
    assert server.get(path.replace("Expires=60", "Expires=600"), host).status == 403
    assert server.get(path, [("Host", "other.example")]).status == 403
    assert "X-Amz-Signature" not in server.log() and given["SessionToken"] not in server.log()


AWS = "/usr/bin/aws"


def run_aws(server, tmp_path, *arguments, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run([AWS, "--endpoint-url", server.url + "/.sts", "--region", "us-east-1", "--output", "json", "sts",
                           *arguments], capture_output=True, text=True, timeout=120,
                          env={**clean, "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", **environment})


@pytest.mark.skipif(not shutil.which(AWS), reason="no AWS CLI here")
def test_the_aws_cli_assumes_a_role_and_is_told_who_it_is(server, tmp_path, issuer):
    done = run_aws(server, tmp_path, "assume-role-with-web-identity", "--role-arn", ROLE, "--role-session-name", "from-cli",
                   "--web-identity-token", token(issuer))
    assert done.returncode == 0, done.stderr
    given = json.loads(done.stdout)["Credentials"]
    done = run_aws(server, tmp_path, "get-caller-identity", AWS_ACCESS_KEY_ID=given["AccessKeyId"],
                   AWS_SECRET_ACCESS_KEY=given["SecretAccessKey"], AWS_SESSION_TOKEN=given["SessionToken"])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Arn"] == ARN + "from-cli"


def test_npm_client_sts_assumes_a_role_and_is_told_who_it_is(server, tmp_path, issuer):
    packages = folder(tmp_path)
    if node_major() < 18:
        pytest.skip("client-sts needs Node.js 18")
    job = {"endpoint": server.url + "/.sts", "role": ROLE, "token": token(issuer), "expired": expired(issuer)}
    done = subprocess.run(["node", str(HERE / "sts.mjs"), str(packages)], input=json.dumps(job), capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["subject"] == "ada" and 890 < out["expiresIn"] <= 901
    assert out["arn"] == ARN + "from-javascript"
    assert out["expired"] == "ExpiredTokenException" and out["forged"] == "SignatureDoesNotMatch"
