# SPDX-License-Identifier: Apache-2.0
"""Does the whole program of doc/examples do what it says? Two issuers over TLS, one of which rotates while it runs.

Keys and tokens are made by the jeton command. Output is TAP."""
import os
import subprocess
import sys
import tempfile

EXAMPLE, JETON, KEYS_TESTS = sys.argv[1:4]
sys.path.insert(0, KEYS_TESTS)
from scripted_server import Server, certificate, reply  # noqa: E402


def jeton(*arguments, text=""):
    return subprocess.run([JETON, *arguments], input=text.encode(), stdout=subprocess.PIPE, check=True,
                          timeout=60).stdout.decode().strip()


class Issuer:
    def __init__(self, server, folder, name):
        self.server, self.folder, self.name, self.keys = server, folder, "https://%s.example" % name, []
        self.path = "/%s/keys.json" % name
        self.add()

    def add(self):
        path = os.path.join(self.folder, "%d.jwk" % len(os.listdir(self.folder)))
        jeton("key", "generate", "--alg", "ES256", "-o", path)
        self.keys.append(path)
        self.server.more[self.path] = reply(jeton("key", "public", *self.keys, "--to", "jwks"))

    def token(self, key=-1, subject="alice", audience="api", issuer=None):
        return jeton("sign", "--key", self.keys[key], "--issuer", issuer or self.name, "--subject", subject,
                     "--audience", audience, "--ttl", "15m")


def main():
    print("1..6")
    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder, "localhost")
        server = Server(tls=(cert, key))
        one, two = Issuer(server, folder, "one"), Issuer(server, folder, "two")
        program = subprocess.Popen([EXAMPLE, server.base + one.path, one.name, server.base + two.path, two.name, cert],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        number = bad = 0

        def check(name, token, wanted):
            nonlocal number, bad
            number += 1
            program.stdin.write((token + "\n").encode())
            program.stdin.flush()
            got = program.stdout.readline().decode().strip()
            good = got.startswith(wanted)
            bad += not good
            print("%s %d - %s" % ("ok" if good else "not ok", number, name), flush=True)
            if not good:
                print("# %s, not %s" % (got, wanted), flush=True)

        check("tokens_of_the_first_issuer_are_good", one.token(), "200 alice")
        check("tokens_of_the_second_are_good", two.token(subject="bob"), "200 bob")
        check("the_keys_of_one_judge_no_token_of_the_other", two.token(issuer=one.name), "401 key_unknown")
        check("a_token_for_someone_else_is_refused", one.token(audience="web"), "401 audience_mismatch")
        one.add()
        check("a_new_key_is_found_at_its_first_token", one.token(subject="carol"), "200 carol")
        check("and_the_old_one_still_is", one.token(key=0), "200 alice")
        program.stdin.close()
        bad += program.wait(timeout=60) != 0
        server.stop()
    return 1 if bad else 0


sys.exit(main())
