# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4 as its documentation says it, in few lines: for requests that no AWS client would send."""
import hashlib
import hmac
import time
import urllib.parse


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~")


def canonical_query(query):
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    return "&".join(sorted(f"{quote(urllib.parse.unquote(name))}={quote(urllib.parse.unquote(value))}"
                           for name, value in pairs))


def signature(secret, day, region, service, text):
    key = ("AWS4" + secret).encode()
    for step in (day, region, service, "aws4_request", text):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key.hex()


def sign(credentials, method, path, query="", headers=(), body=b"", service="sts", region="us-east-1", at=None,
         payload=None):
    """The headers to send: those given, and those of the signature. `credentials` are (id, secret, token)."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if at is None else at))
    payload = payload or hashlib.sha256(body).hexdigest()
    full = [*headers, ("X-Amz-Date", stamp), ("X-Amz-Content-Sha256", payload)]
    if credentials[2]:
        full.append(("X-Amz-Security-Token", credentials[2]))
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in full)
    names = ";".join(name for name, _ in lines)
    request = "\n".join([method, quote(path, "/"), canonical_query(query), *(f"{name}:{value}" for name, value in lines),
                         "", names, payload])
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    full.append(("Authorization", f"AWS4-HMAC-SHA256 Credential={credentials[0]}/{scope}, SignedHeaders={names}, "
                                  f"Signature={signature(credentials[1], stamp[:8], region, service, text)}"))
    return full
