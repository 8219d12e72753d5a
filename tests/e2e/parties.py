# SPDX-License-Identifier: Apache-2.0
"""Clients with secrets and audiences of their own, and what they ask at the endpoints that are for clients alone."""
import urllib.parse

from jetond import basic_of

FORM = ("Content-Type", "application/x-www-form-urlencoded")
SECRETS = {"web": "the secret of web 0123456789", "peer": "the secret of peer 0123456789",
           "other": "the secret of other 0123456789"}
# web and peer have an audience in common; other has none of theirs.
CLIENTS = """\
clients:
  - {{id: web, secret_file: {0}/web, audiences: [api, files], scopes: [read, write]}}
  - {{id: peer, secret_file: {0}/peer, audiences: [api], scopes: [read]}}
  - {{id: other, secret_file: {0}/other, audiences: [elsewhere]}}
"""


def clients_in(directory):
    """Writes the secrets; the text of `clients`."""
    for name, secret in SECRETS.items():
        (directory / name).write_text(secret + "\n")
        (directory / name).chmod(0o600)
    return CLIENTS.format(directory)


def who(name):
    return name, SECRETS[name]


def mint(server, name="web", audience="api"):
    return server.mint([("grant_type", "client_credentials"), ("audience", audience)], client=who(name))


def post(server, path, form, client="web", headers=()):
    """POST by this client, proved by its secret; None: by nobody."""
    headers = [FORM, *headers]
    if client is not None:
        headers.append(("Authorization", basic_of(*who(client))))
    return server.request("POST", path, headers, urllib.parse.urlencode(form).encode())


def revoke(server, token, client="web", **more):
    return post(server, "/revoke", {"token": token, **more}, client)


def introspect(server, token, client="web", **more):
    answer = post(server, "/introspect", {"token": token, **more}, client)
    assert answer.status == 200, answer.body
    return answer.json()


def reason_of(server, token, path="/verify"):
    """None: the token is good."""
    answer = server.verify(token, path)
    return None if answer.status == 200 else answer.json()["reason"]
