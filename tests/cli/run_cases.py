# SPDX-License-Identifier: Apache-2.0
"""Does the command do what its users rely on? Runs a *.case file against build/jeton; output is TAP.

    run_cases.py JETON FILE.case

A case file is read line by line; blank lines and lines that begin with "#" say nothing:

    setup                       the commands up to the first case run once, and must succeed
    === a sentence              begins a case
    $ jeton verify … < token    a line of sh; several make one script, its status is that of the last
    exit 1                      the status; 0 when not said
    out json {"valid":true}     the next line of standard output is a JSON object with at least these members
    out /REGEX/                 standard output matches somewhere (^ and $ at lines);  out! /REGEX/  does not
    out empty                   nothing was written
    out lines 3                 so many lines
    err …                       the same for standard error
    needs tls                   skipped where openssl cannot make a certificate

All cases of a file share one folder, which goes at the end. $HTTP and $HTTPS are a server that misbehaves on demand
(tests/unit/keys/scripted_server.py), $LOCAL the first one under the name localhost, $CACERT the authority of the second.
$SERVED is a file: what stands in it is served at /served and as discovery document of $HTTP/issuer is served
$DISCOVERY. Nothing leaves the loopback."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "unit", "keys"))
from scripted_server import Server, certificate, reply  # noqa: E402


class Case:
    def __init__(self, name):
        self.name, self.script, self.expected, self.exit, self.needs = name, [], [], 0, []


def read_cases(path):
    setup, cases, current = Case("setup"), [], None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#") or line == "setup":
                continue
            if line.startswith("=== "):
                current = Case(line[4:])
                cases.append(current)
            elif line.startswith("$ "):
                (current or setup).script.append(line[2:])
            elif line.startswith("exit "):
                current.exit = int(line[5:])
            elif line.startswith("needs "):
                current.needs.append(line[6:])
            elif re.match(r"(out|err)!? ", line):
                current.expected.append(line.split(" ", 1))
            else:
                raise SystemExit("%s:%d: %s" % (path, number, line))
    return setup, cases


def lacks(expected, got):
    """Where `got` does not hold all of `expected`; None when it does."""
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return "%r is no object" % (got,)
        for name, value in expected.items():
            if name not in got:
                return "no member %s" % name
            why = lacks(value, got[name])
            if why:
                return "%s: %s" % (name, why)
        return None
    return None if expected == got and type(expected) is type(got) else "%r instead of %r" % (got, expected)


def judge(kind, what, text, json_lines):
    negated = kind.endswith("!")
    if what == "empty":
        return None if not text else "is not empty"
    if what.startswith("lines "):
        count = len(text.splitlines())
        return None if count == int(what[6:]) else "%d lines" % count
    if what.startswith("json "):
        if not json_lines:
            return "no further line for " + what
        return lacks(json.loads(what[5:]), json.loads(json_lines.pop(0)))
    pattern = re.match(r"/(.*)/$", what)
    if not pattern:
        raise SystemExit("what is %r?" % what)
    found = re.search(pattern.group(1), text, re.MULTILINE) is not None
    return None if found != negated else ("matches " if found else "does not match ") + what


def run_script(script, folder, environment):
    return subprocess.run(["sh", "-c", "\n".join(script)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)


def run_case(case, folder, environment):
    ran = run_script(case.script, folder, environment)
    out, err = ran.stdout.decode("utf-8", "replace"), ran.stderr.decode("utf-8", "replace")
    faults = []
    if ran.returncode != case.exit:
        faults.append("exit %d instead of %d" % (ran.returncode, case.exit))
    lines = {"out": out.splitlines(), "err": err.splitlines()}
    for kind, what in case.expected:
        stream = kind.rstrip("!")
        why = judge(kind, what, out if stream == "out" else err, lines[stream])
        if why:
            faults.append("%s: %s" % (stream, why))
    if "Sanitizer" in err or "runtime error:" in err:
        faults.append("a sanitizer speaks")
    if faults:
        faults += ["$ " + line for line in case.script] + ["out: " + x for x in out.splitlines()[:20]] \
            + ["err: " + x for x in err.splitlines()[:60]]
    return faults


def content(path):
    def answer(server, head):
        with open(path, "rb") as file:
            return reply(file.read())
    return answer


def environment_for(folder, jeton, http, https, cacert):
    bin_folder = os.path.join(folder, ".bin")
    os.mkdir(bin_folder)
    os.symlink(jeton, os.path.join(bin_folder, "jeton"))
    served, discovery = os.path.join(folder, ".served"), os.path.join(folder, ".discovery")
    http.more["/served"] = content(served)
    http.more["/issuer/.well-known/openid-configuration"] = content(discovery)
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment.update({"PATH": bin_folder + os.pathsep + os.environ["PATH"], "HTTP": http.base, "LOCAL": http.local,
                        "SERVED": served, "DISCOVERY": discovery, "LC_ALL": "C.UTF-8"})
    if https is not None:
        environment.update({"HTTPS": https.base, "CACERT": cacert})
    return environment


def run_file(jeton, path, folder):
    setup, cases = read_cases(path)
    certificate_folder = os.path.join(folder, ".tls")
    os.mkdir(certificate_folder)
    made = certificate(certificate_folder, "localhost")
    http, https = Server(), Server(tls=made) if made else None
    environment = environment_for(folder, jeton, http, https, made[0] if made else None)
    print("1..%d" % len(cases))
    bad = 0
    ran = run_script(["set -e", *setup.script], folder, environment)
    if ran.returncode != 0:
        print("Bail out! setup: " + ran.stderr.decode("utf-8", "replace").replace("\n", " "))
        return 1
    for number, case in enumerate(cases, 1):
        if "tls" in case.needs and https is None:
            print("ok %d - %s # SKIP openssl is not here" % (number, case.name), flush=True)
            continue
        try:
            faults = run_case(case, folder, environment)
        except subprocess.TimeoutExpired:
            faults = ["not done after 120 s"]
        bad += bool(faults)
        print("%s %d - %s" % ("not ok" if faults else "ok", number, case.name))
        for fault in faults:
            print("# " + fault)
        sys.stdout.flush()
    http.stop()
    if https is not None:
        https.stop()
    return 1 if bad else 0


def main():
    folder = tempfile.mkdtemp()
    try:
        return run_file(os.path.abspath(sys.argv[1]), sys.argv[2], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
