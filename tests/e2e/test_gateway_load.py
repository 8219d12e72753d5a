# SPDX-License-Identifier: Apache-2.0
"""The gateway under weight: five gibibytes through it, five hundred decisions a second, a real object store behind."""
import contextlib
import http.client
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import threading
import time

import pytest

from gateway import Nginx, World, free_port, gateway_conf
from jetond import SANITIZED, Jetond

pytestmark = pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not here")

GIB = 1 << 30
RATE, SECONDS, CONNECTIONS = 500, 6, 16


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield World(stack, tmp_path_factory.mktemp("load"))


def resident_kib(*parents):
    """Of these processes and their children."""
    total = 0
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        if int(fields["Pid"]) in parents or int(fields["PPid"]) in parents:
            total += int(fields.get("VmRSS", "0 kB").split()[0])
    return total


def test_five_gibibytes_stream_with_memory_flat(world):
    big = world.root / "bucket/data/acme/maps/big.bin"
    with open(big, "wb") as file:
        file.truncate(5 * GIB)
    parents = (world.gateway.process.pid, world.jetond.process.pid)
    assert world.gateway.get("/acme/maps/tile.bin").status == 200
    before = resident_kib(*parents)
    connection = http.client.HTTPConnection("127.0.0.1", world.gateway.port, timeout=60)
    connection.request("GET", "/acme/maps/big.bin")
    answer = connection.getresponse()
    assert answer.status == 200 and int(answer.headers["Content-Length"]) == 5 * GIB
    room, got, most, looked, began = bytearray(1 << 20), 0, before, 0, time.monotonic()
    while True:
        read = answer.readinto(room)
        if not read:
            break
        got += read
        if got - looked > GIB // 8:
            looked, most = got, max(most, resident_kib(*parents))
    connection.close()
    big.unlink()
    assert got == 5 * GIB
    assert most - before < 8 * 1024, f"{before} KiB before, {most} KiB at most"
    put_aside = [path for path in world.run.rglob("*") if path.is_file() and path.stat().st_size > 1 << 20]
    assert not put_aside, put_aside
    print(f"5 GiB in {time.monotonic() - began:.1f} s, {before} KiB before, {most} KiB at most")


def open_loop(port, request, rate=RATE, seconds=SECONDS):
    """Requests at fixed times, whatever became of those before; how long each took from the time it was due, in ms."""
    took, faults, lock = [], [], threading.Lock()
    begin = time.monotonic() + 0.2

    def drive(number):
        mine = []
        connection = socket.create_connection(("127.0.0.1", port), 10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for turn in range(rate * seconds // CONNECTIONS):
            due = begin + (turn * CONNECTIONS + number) / rate
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            connection.sendall(request)
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65536)
                if not more:
                    break
                head += more
            mine.append((time.monotonic() - due) * 1000)
            if not head.startswith(b"HTTP/1.1 200"):
                faults.append(head[:200])
        connection.close()
        with lock:
            took.extend(mine)

    threads = [threading.Thread(target=drive, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:3]
    return took


def test_a_decision_adds_at_most_a_millisecond_in_the_median(world):
    """HEAD of an object through the gateway, and the same from the store by itself: what lies between is the decision and
    nginx's second hop."""
    token = world.bearer()[0][1]
    through = f"HEAD /acme/maps/tile.bin HTTP/1.1\r\nHost: g\r\nAuthorization: {token}\r\n\r\n".encode()
    alone = b"HEAD /bucket/data/acme/maps/tile.bin HTTP/1.1\r\nHost: s\r\n\r\n"
    decision = f"HEAD /gateway/s3/acme/maps/tile.bin HTTP/1.1\r\nHost: g\r\nAuthorization: {token}\r\n\r\n".encode()
    port = int(world.jetond.url.rsplit(":", 1)[1])
    open_loop(world.gateway.port, through, seconds=1)
    store = statistics.median(open_loop(world.plain.port, alone))
    decided = statistics.median(open_loop(port, decision))
    whole = statistics.median(open_loop(world.gateway.port, through))
    print(f"median at {RATE}/s: store alone {store:.2f} ms, decision alone {decided:.2f} ms, through the gateway {whole:.2f} ms")
    if not SANITIZED:
        assert decided <= 1.0, f"{decided:.2f} ms"
        assert whole - store <= 1.0, f"{whole - store:.2f} ms"


# --- A real object store ---

@pytest.fixture(scope="module")
def versity(tmp_path_factory):
    """versitygw: an S3 gateway over a directory that is kept up, and comes as a Go module. VERSITYGW= names one."""
    program = os.environ.get("VERSITYGW") or shutil.which("versitygw")
    folder = tmp_path_factory.mktemp("versity")
    if program is None:
        if shutil.which("go") is None:
            pytest.skip("neither versitygw nor go is here")
        keep = pathlib.Path(os.environ.get("JT_INTEROP_BUILD", folder)) / "go"
        done = subprocess.run(["go", "install", "github.com/versity/versitygw/cmd/versitygw@v1.8.0"],
                              env={**os.environ, "GOBIN": str(keep)}, capture_output=True, timeout=1500)
        if done.returncode:
            pytest.skip("versitygw cannot be had: " + done.stderr.decode(errors="replace")[-200:])
        program = str(keep / "versitygw")
    port, root = free_port(), folder / "root"
    (root / "bucket").mkdir(parents=True)
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([program, "--access", "AKIDOWN", "--secret", "not told", "--port", f"127.0.0.1:{port}",
                                    "--region", "eu-central-1", "posix", str(root)], stdout=log, stderr=log)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


def test_a_real_store_is_read_listed_and_held_to_its_conditions(world, versity, tmp_path):
    boto3 = pytest.importorskip("boto3")
    import botocore.config
    config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
    behind = boto3.client("s3", endpoint_url=versity, region_name="eu-central-1", aws_access_key_id="AKIDOWN",
                          aws_secret_access_key="not told", config=config)
    body = os.urandom(3 << 20)
    for key, content in (("a.bin", body), ("b & \u00e9+.txt", b"odd"), ("deep/c.txt", b"c"), ("deep/d.txt", b"d")):
        behind.put_object(Bucket="bucket", Key="data/acme/real/" + key, Body=content)
    behind.put_object(Bucket="bucket", Key="data/elsewhere.txt", Body=b"no")
    world.api.connection("own", "static")
    world.api.product("acme", "real", "own")
    directory = tmp_path / "jetond"
    directory.mkdir()
    server = Jetond(directory, world.config.replace(f'own: {{endpoint: "{world.store.url}"', f'own: {{endpoint: "{versity}"'))
    server.wait_ready()
    port = free_port()
    gateway = Nginx(tmp_path / "gateway", gateway_conf(tmp_path / "gateway", port, server), port)
    try:
        answer = gateway.get("/acme/real/a.bin")
        assert answer.status == 200 and answer.body == body
        etag = answer.header("ETag")
        assert gateway.get("/acme/real/a.bin", [("If-None-Match", etag)]).status == 304
        assert gateway.get("/acme/real/a.bin", [("If-Match", '"x"')]).status == 412
        assert gateway.get("/acme/real/a.bin", [("Range", "bytes=5-9")]).body == body[5:10]
        assert gateway.get("/acme/real/b%20%26%20%C3%A9%2B.txt").body == b"odd"
        assert gateway.get("/acme/real/none").status == 404
        import botocore
        anonymous = boto3.client("s3", endpoint_url=gateway.url, region_name="us-east-1", config=botocore.config.Config(
            signature_version=botocore.UNSIGNED, s3={"addressing_style": "path"}))
        pages = anonymous.get_paginator("list_objects_v2").paginate(Bucket="acme", Prefix="real/",
                                                                    PaginationConfig={"PageSize": 2})
        assert [one["Key"] for page in pages for one in page.get("Contents", [])] == [
            "real/a.bin", "real/b & \u00e9+.txt", "real/deep/c.txt", "real/deep/d.txt"]
        got = anonymous.list_objects_v2(Bucket="acme", Prefix="real/", Delimiter="/")
        assert [one["Prefix"] for one in got["CommonPrefixes"]] == ["real/deep/"] and got["Name"] == "acme"
        assert got["Prefix"] == "real/"
    finally:
        gateway.end()
        server.stop()
