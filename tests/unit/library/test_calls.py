# SPDX-License-Identifier: Apache-2.0
"""Does the program of doc/examples that signs its own calls do what it says? Its keys rotate while it runs, and are there
again after it was killed; the jeton command judges its tokens by what it published. Output is TAP."""
import json
import os
import subprocess
import sys
import tempfile
import time

EXAMPLE, JETON = sys.argv[1:3]
ISSUER, API = "https://me.example", "https://api.example"


class Program:
    def __init__(self, folder):
        self.keys, self.jwks = os.path.join(folder, "keys.secret"), os.path.join(folder, "jwks.json")
        self.start()

    def start(self, *times):
        self.process = subprocess.Popen([EXAMPLE, ISSUER, API, self.keys, self.jwks, *(times or ("3",))],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()

    def token(self, caller="alice"):
        return self.ask(caller).removeprefix("Authorization: Bearer ")

    def states(self):
        return dict(reversed(part.split(" ")) for part in self.ask("!status").split(", "))

    def active(self):
        return next(kid for kid, state in self.states().items() if state == "active")

    def kill(self):
        self.process.kill()
        self.process.communicate()


def verdict(program, token):
    done = subprocess.run([JETON, "verify", "--jwks", program.jwks, "--issuer", ISSUER, "--audience", API, "--typ", "JWT",
                           token], stdout=subprocess.PIPE, timeout=60)
    return json.loads(done.stdout)


number = bad = 0


def check(name, good, what=""):
    global number, bad
    number += 1
    bad += not good
    print("%s %d - %s" % ("ok" if good else "not ok", number, name), flush=True)
    if not good:
        print("# %s" % (what,), flush=True)


def main():
    print("1..11")
    with tempfile.TemporaryDirectory() as folder:
        program = Program(folder)
        token = program.token()
        told = verdict(program, token)
        check("S4_8_a_call_carries_its_caller_and_is_for_one_service",
              told["valid"] and told["subject"] == "alice" and told["claims"]["aud"] == API, told)
        check("S4_12_an_anonymous_caller_gets_no_header", program.ask("").startswith("(no Authorization"))
        check("the_file_of_keys_is_the_owners_alone", os.stat(program.keys).st_mode & 0o077 == 0)
        with open(program.jwks) as file:
            check("what_is_published_has_no_private_member", all("d" not in key for key in json.load(file)["keys"]))
        first, seen, until = program.active(), set(), time.monotonic() + 30
        while len(seen) < 3 and time.monotonic() < until:
            told = verdict(program, program.token("bob"))
            if not told["valid"]:
                break
            seen.add(told["kid"])
        check("tokens_are_good_through_two_rotations", len(seen) == 3 and told["valid"], (seen, told))
        active, token = program.active(), program.token()
        check("the_active_key_is_another", active != first)
        program.kill()
        program.start("3600")
        states = program.states()
        check("S4_11_a_restart_goes_on_with_its_keys", active in states, states)
        check("and_tokens_of_before_are_still_good", verdict(program, token)["valid"])
        active = program.active()
        answer = program.ask("!rotate")
        check("rotating_by_hand_says_when", answer.startswith("the next key signs in"), answer)
        token = program.token("carol")
        answer = program.ask("!revoke " + active)
        check("an_emergency_is_felt_at_once",
              answer.startswith("revoked") and active not in program.states() and
              verdict(program, token)["error"] == "key_unknown" and verdict(program, program.token("carol"))["valid"],
              answer)
        program.process.stdin.close()
        status = program.process.wait(timeout=60)
        with open(program.keys, "a") as file:
            file.write("damaged\n")
        program.start("3600")
        _, errors = program.process.communicate(timeout=60)
        check("damaged_keys_end_the_start", status == 0 and program.process.returncode == 1 and b"backup" in errors, errors)
    return 1 if bad else 0


sys.exit(main())
