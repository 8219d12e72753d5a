# SPDX-License-Identifier: Apache-2.0
"""Clocks that jump, disks that are full or read-only, a process that crashes: errors are answered, nothing is lost, no
secret leaves, and when it is over it goes on."""
import contextlib
import ctypes
import glob
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import pytest

import jetond
from jetond import claims_of, encode_part, eventually
from ledger import DOUBT, GONE, SECRET, Assertion, Ledger, ended

YEARS = 3650 * 86400
DAY = 86400


# --- Clocks ---

def faketime():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        pytest.skip("faketime is not here")
    return found[0]


class Clock:
    """What the wall's clock shows to one server; clocks that never jump go on."""

    def __init__(self, directory):
        self.file = directory / "clock"
        self.set(0)
        # A sanitizer wants to be the first of all libraries; what it is here for works without.
        self.environment = {"LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                            "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}

    def set(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self.file)


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


class Hard(Ledger):
    """Under a clock of the test's."""

    def __init__(self, directory, clock):
        super().__init__(directory, 1)
        self.clock = clock

    def start(self, ready=True, arguments=()):
        server = jetond.Jetond(self.directory, self.config, arguments, self.clock.environment)
        return server.wait_ready() if ready else server


def reason_of(server, token):
    answer = server.verify(token)
    return None if answer.status == 200 else answer.json()["reason"]


@pytest.mark.parametrize("jump", [YEARS, -YEARS, 2 * DAY, -2 * DAY])
def test_a_clock_that_jumps_while_it_serves(tmp_path, clock, jump):
    ledger = Hard(tmp_path, clock)
    with ended(ledger.start()) as server:
        for _ in range(6):
            ledger.mint(server)
        while not any(token.state == GONE for token in ledger.tokens):
            ledger.revoke_one(server)
        good = next(token for token in ledger.tokens if token.state != GONE)
        revoked = next(token for token in ledger.tokens if token.state == GONE)
        ledger.rotate(server)  # the next key signs two seconds from now, whatever the clock says
        keys = ledger.published(server)
        clock.set(jump)
        eventually(lambda: "the clock jumped" in server.log())
        assert ledger.published(server) == keys
        fresh = server.ask(client=("web", SECRET)).json()["access_token"]
        assert abs(claims_of(fresh)["iat"] - (time.time() + jump)) < 5
        assert reason_of(server, fresh) is None
        assert reason_of(server, good.text) == ("token_expired" if jump > 0 else "token_not_yet_valid")
        clock.set(0)
        eventually(lambda: server.log().count("the clock jumped") > 1)
        assert reason_of(server, good.text) is None
        assert reason_of(server, revoked.text) == "token_revoked"
        eventually(lambda: len({ledger.header(server)["kid"], *[t.kid for t in ledger.tokens]}) > 1)
        assert ledger.published(server) == keys
        assert server.stop() == 0


def test_a_start_years_ahead_forgets_nothing_and_the_way_back_is_the_operators(tmp_path, clock):
    ledger = Hard(tmp_path, clock)
    with ended(ledger.start()) as server:
        for _ in range(6):
            ledger.mint(server)
            ledger.assert_once(server)
        while not any(token.state == GONE for token in ledger.tokens):
            ledger.revoke_one(server)
        keys = ledger.published(server)
        assert server.stop() == 0
    clock.set(YEARS)
    with ended(ledger.start()) as server:
        assert ledger.published(server) >= keys
        assert reason_of(server, ledger.tokens[0].text) in ("token_expired", "token_revoked")
        time.sleep(0.3)  # it has looked for what has ended
        assert server.stop() == 0
    clock.set(0)
    with ended(ledger.start(ready=False)) as server:
        assert server.wait_end() == 2
        assert "--accept-rollback" in server.log()
    with ended(ledger.start(arguments=["--accept-rollback"])) as server:
        assert ledger.published(server) >= keys
        ledger.check(server, tokens=100, assertions=100)
        assert server.stop() == 0


def test_a_start_years_ago_is_refused_and_changes_nothing(tmp_path, clock):
    ledger = Hard(tmp_path, clock)
    with ended(ledger.start()) as server:
        ledger.mint(server)
        assert server.stop() == 0
    clock.set(-YEARS)
    with ended(ledger.start(ready=False)) as server:
        assert server.wait_end() == 2
        assert "the clock shows" in server.log()
    clock.set(0)
    with ended(ledger.start()) as server:
        ledger.check(server)
        assert server.stop() == 0


# --- Disks ---

CLONE_NEWNS, MS_REC, MS_PRIVATE, MS_REMOUNT, MS_BIND, MS_RDONLY = 0x20000, 0x4000, 1 << 18, 32, 4096, 1
LIBC = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind, flags, data=None):
    texts = [None if text is None else str(text).encode() for text in (source, target, kind, data)]
    if LIBC.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]) != 0:
        raise OSError(ctypes.get_errno(), "mount")


@pytest.fixture(scope="module")
def own_mounts():
    """This process sees mounts that nobody else does; its children do."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    if LIBC.unshare(CLONE_NEWNS) != 0:
        pytest.skip(f"no mounts of our own here: {os.strerror(ctypes.get_errno())}")
    try:
        mount("none", "/", None, MS_REC | MS_PRIVATE)
    except OSError as error:
        pytest.skip(f"no mounts of our own here: {error}")


@pytest.fixture
def small_disk(own_mounts, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    try:
        mount("tmpfs", state, "tmpfs", 0, "size=1m,mode=0700")
    except OSError as error:
        pytest.skip(f"no tmpfs can be mounted here: {error}")
    yield state
    LIBC.umount2(str(state).encode(), 2)


def fill(state):
    """Until there is no room for a single page."""
    with open(state / "filler", "ab", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)


def test_a_full_disk(tmp_path, small_disk):
    ledger = Ledger(tmp_path, 1)
    with ended(ledger.start()) as server:
        for _ in range(8):
            ledger.mint(server)
            ledger.assert_once(server)
        while not any(token.state == GONE for token in ledger.tokens):
            ledger.revoke_one(server)
        keys = ledger.published(server)
        fill(small_disk)
        wanted = next(token for token in ledger.tokens if token.state != GONE and token.client == "web")
        ledger.mint(server)  # needs no room
        answers = [ledger.send(server, Assertion(f"c{i}", ledger.key)) for i in range(8)]
        refused = [answer for answer in answers if answer.status != 200]
        assert refused and all(answer.status in (500, 503) for answer in refused), [answer.body for answer in answers]
        statuses = []
        while 503 not in statuses:  # pages that are there already hold a few
            ledger.mint(server)
            token = ledger.tokens[-1]
            answer = ledger.send_revocation(server, token)
            statuses.append(answer.status)
            token.state = GONE if answer.status == 200 else DOUBT
            assert len(statuses) < 500
        assert answer.header("Retry-After")
        answer = ledger.control(server, do="rotate")
        assert answer["ok"] is False, answer
        assert ledger.published(server) == keys
        ledger.check(server, tokens=40, assertions=8)
        assert server.get("/healthz").status == 200
        server.process.kill()
    (small_disk / "filler").unlink()
    with ended(ledger.start()) as server:
        assert ledger.published(server) >= keys
        ledger.check(server, tokens=40, assertions=8)
        wanted.state = DOUBT
        answer = ledger.send_revocation(server, wanted)
        assert answer.status == 200
        wanted.state = GONE
        ledger.rotate(server)
        ledger.check(server, tokens=40, assertions=8)
        assert server.stop() == 0


def test_a_full_disk_that_has_room_again_while_it_serves(tmp_path, small_disk):
    ledger = Ledger(tmp_path, 1)
    with ended(ledger.start()) as server:
        ledger.mint(server)
        fill(small_disk)
        eventually(lambda: not ledger.control(server, do="rotate")["ok"])
        (small_disk / "filler").unlink()
        ledger.rotate(server)
        ledger.assert_once(server)
        ledger.check(server)
        assert server.stop() == 0


def test_a_first_start_on_a_full_disk_is_refused_and_the_next_one_begins_anew(tmp_path, small_disk):
    ledger = Ledger(tmp_path, 1)
    fill(small_disk)
    with ended(ledger.start(ready=False)) as server:
        assert server.wait_end() in (2, 4)
        assert "jetond: " in server.log()
    (small_disk / "filler").unlink()
    with ended(ledger.start()) as server:
        ledger.mint(server)
        ledger.check(server)
        assert server.stop() == 0


def test_a_state_that_is_read_only(tmp_path, small_disk):
    ledger = Ledger(tmp_path, 1)
    with ended(ledger.start()) as server:
        for _ in range(8):
            ledger.mint(server)
        assert server.stop() == 0
    before = {path.name: path.read_bytes() for path in small_disk.iterdir() if path.is_file()}
    mount(None, small_disk, None, MS_REMOUNT | MS_RDONLY)
    with ended(ledger.start(ready=False)) as server:
        assert server.wait_end() == 2
        assert "jetond: " in server.log()
    mount(None, small_disk, None, MS_REMOUNT)
    assert {path.name: path.read_bytes() for path in small_disk.iterdir() if path.is_file()} == before
    with ended(ledger.start()) as server:
        ledger.check(server, tokens=20)
        assert server.stop() == 0


# --- Secrets ---

@contextlib.contextmanager
def a_process_of_nobody(arguments, directory):
    """As nobody when we are root: what belongs to root then is what the kernel keeps from the process's own user."""
    def become_nobody():
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # whoever was started in the background ignores it
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    with open(directory / "stderr", "wb") as errors:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                                   cwd=directory, preexec_fn=become_nobody)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture
def nobodys():
    """A directory that nobody may use, and a program that nobody may run."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="jetond-"))
    if os.getuid() == 0:
        os.chown(directory, 65534, 65534)
        program = directory / "jetond"
        shutil.copy(jetond.PROGRAM, program)
        program.chmod(0o755)
    else:
        program = jetond.PROGRAM
    yield directory, str(program)
    shutil.rmtree(directory)


def test_the_process_can_be_looked_into_by_nobody_and_dumps_nothing(nobodys):
    directory, program = nobodys
    with a_process_of_nobody(["/bin/sleep", "60"], directory) as other:
        eventually(lambda: pathlib.Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n")
        assert os.stat(f"/proc/{other.pid}/environ").st_uid == (65534 if os.getuid() == 0 else os.getuid())
    with a_process_of_nobody([program, "--state", str(directory / "state"), "--listen", "127.0.0.1:0"], directory) as server:
        eventually(lambda: "listening on" in (directory / "stderr").read_text(), 30)
        assert os.stat(f"/proc/{server.pid}/environ").st_uid == 0
        assert os.stat(f"/proc/{server.pid}/mem").st_uid == 0
        limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
        assert [line.split()[-3:-1] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
        server.send_signal(signal.SIGQUIT)  # of which a process dumps core, if it may
        _, status = os.waitpid(server.pid, 0)
        server.returncode = -signal.SIGQUIT
        assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)
    assert not [path for path in directory.iterdir() if path.name.startswith("core")]


def forms_of(secret):
    """As it would look if somebody printed it."""
    return [secret.hex(), secret.hex().upper(), encode_part(secret), jetond.base64.b64encode(secret).decode().rstrip("=")]


def test_no_secret_is_logged_whatever_happens(tmp_path):
    ledger = Ledger(tmp_path, 1)
    ledger.config = "log_level: debug\n" + ledger.config
    with ended(ledger.start()) as server:
        for _ in range(6):
            ledger.mint(server)
            ledger.assert_once(server)
        ledger.revoke_one(server)
        for token in ledger.tokens:
            server.verify(token.text)
            server.verify(token.text[:-3])
            server.verify("x" + token.text)
        for assertion in ledger.assertions:
            ledger.send(server, assertion)
        for request in ({"do": "rotate"}, {"do": "reseal"}, {"do": "status"}, {"do": "import", "key": "no key"}):
            ledger.control(server, **request)
        _, _, key = jetond.unsealed_key(server.state)
        private = key.private_numbers().private_value.to_bytes(32, "big")
        seal = (server.state / "seal.key").read_bytes()
        assert server.stop() == 0
        log = server.log()
    texts = [SECRET, "PRIVATE KEY", *forms_of(private), *forms_of(seal)]
    for item in [*ledger.tokens, *ledger.assertions]:
        texts += item.text.split(".")[1:]
    assert log.count("\n") > 10
    for text in texts:
        assert text not in log, text
    for path in server.state.iterdir():
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AssertionError(f"{path} is open to others")
        if path.is_file() and path.name != "seal.key":
            assert private not in path.read_bytes() and seal not in path.read_bytes()
