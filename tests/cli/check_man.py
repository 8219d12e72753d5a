# SPDX-License-Identifier: Apache-2.0
"""Does each verb's manual page know every option that --help shows, and no other? check_man.py JETON DOC_MAN; TAP."""
import re
import subprocess
import sys
from pathlib import Path

PAGES = {"verify": ["verify"], "sign": ["sign"], "inspect": ["inspect"],
         "key": ["key generate", "key public", "key convert", "key thumbprint"], "keys": ["keys fetch", "keys lint"],
         "issuer": ["issuer status", "issuer rotate", "issuer revoke", "issuer import", "issuer reseal"]}


def helped(jeton, verb):
    text = subprocess.run([jeton, *verb.split(), "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return set(re.findall(r"^  (--?[a-z-]+)", text, re.MULTILINE))


def main():
    bad = 0
    print("1..%d" % len(PAGES))
    for number, (page, verbs) in enumerate(PAGES.items(), 1):
        text = Path(sys.argv[2], "jeton-%s.1.scd" % page).read_text(encoding="utf-8")
        options = text[text.index("# OPTIONS"):]
        told = set(re.findall(r"\*(--?[a-z-]+)\*", options[:options.index("\n# ", 2)]))
        known = set().union(*(helped(sys.argv[1], verb) for verb in verbs))
        good = told == known
        bad += not good
        print("%s %d - jeton-%s(1) has the options of --help" % ("ok" if good else "not ok", number, page))
        if not good:
            print("# only in the page: %s; only in --help: %s" % (sorted(told - known), sorted(known - told)))
    return 1 if bad else 0


sys.exit(main())
