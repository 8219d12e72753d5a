#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does every file include only what its room may need, and is each outside library named in its one place alone?"""
import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Room: the rooms whose headers it may include (itself always), and whether it may include the promise, include/jeton.
# The two value headers bytes.h and status.h are for everybody. jose, keys and auth share the promise's option and verdict
# types; they cannot call it, since their tests link without src/library and leave no symbol undefined.
ROOMS = {
    "base": ([], False),
    "crypto": (["base"], False),
    "jose": (["base", "crypto"], True),
    "keys": (["base", "crypto", "jose"], True),
    "auth": (["base", "crypto", "jose", "keys"], True),
    "library": (["base", "crypto", "jose", "keys", "auth"], True),
    "store": (["base"], False),
    "server": (["base", "crypto", "jose", "keys", "auth", "library", "store"], True),
    "cli": (["base"], True),
    "nginx": ([], True),
}
VALUES = {"jeton/bytes.h", "jeton/status.h"}
# Headers of a room that the rooms above may not see; only these files may.
PRIVATE = {"crypto/backend.h": ["src/crypto/*"], "crypto/slots.h": ["src/crypto/*"]}
LIBRARIES = {
    "yyjson.h": ["src/base/json.c"],
    "openssl/*": ["src/crypto/backend_openssl*.[ch]"],
    "curl/*": ["src/keys/fetch_url*.[ch]"],
    "sqlite3.h": ["src/store/store_sqlite*.[ch]"],
    "libpq-fe.h": ["src/store/*postgres*.c"],
    "microhttpd.h": ["src/server/http/http.c"],
    "yaml.h": ["src/server/config/read.c"],
    "ngx_*": ["src/nginx/*"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
# Language and machine: any room may include these.
MACHINE = re.compile(r"^(sys|netinet|arpa|net|linux|valgrind)/|^[a-z0-9_]+\.h$")


def faults_of(path):
    relative = path.relative_to(ROOT).as_posix()
    room = relative.split("/")[1]
    below, promise = ROOMS[room]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, header = match.groups()
        where = f"{relative}:{number}"
        allowed = next((files for pattern, files in LIBRARIES.items() if fnmatch.fnmatch(header, pattern)), None)
        if allowed is not None:
            if not any(fnmatch.fnmatch(relative, pattern) for pattern in allowed):
                yield f"{where}: <{header}> belongs to {', '.join(allowed)} alone"
        elif header.startswith("jeton/"):
            if not promise and header not in VALUES:
                yield f"{where}: {room} may not include <{header}>: the promise stands above it"
        elif quote == "<":
            if not MACHINE.match(header):
                yield f"{where}: <{header}> is of no library this project knows"
        elif "/" not in header:
            if not (path.parent / header).exists() and not header.endswith(".def"):
                yield f'{where}: "{header}" is not in this room; write "room/{header}"'
        else:
            target = header.split("/")[0]
            if target not in ROOMS:
                yield f'{where}: "{header}" is of no room'
            elif target != room and target not in below:
                yield f'{where}: {room} may not include "{header}" (it needs {", ".join(below) or "nothing"})'
            elif header in PRIVATE and not any(fnmatch.fnmatch(relative, pattern) for pattern in PRIVATE[header]):
                yield f'{where}: "{header}" is private to {target}'


def main():
    faults = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix in {".c", ".h", ".def"} and path.is_file():
            room = path.relative_to(ROOT).parts[1]
            if room not in ROOMS:
                faults.append(f"{path.relative_to(ROOT)}: {room} is no room")
                continue
            faults += faults_of(path)
    for path in sorted((ROOT / "include/jeton").glob("*.h")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if match and "/" in match.group(2) and not match.group(2).startswith("jeton/"):
                faults.append(f"{path.relative_to(ROOT)}:{number}: the promise needs the C library and itself alone")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
