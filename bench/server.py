# SPDX-License-Identifier: Apache-2.0
"""What does one `jetond` do in a second, and with how much memory, next to an nginx that answers 200 to everything, and
to a bare loop that checks a signature for each request? All are held to one core and wrk to another; rounds alternate.
What a core gives is one over the CPU time of a request, and that stays true when the machine has other work; what came
by the clock is told beside it."""
import base64
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

ROUNDS = 7
SECONDS = 2
CONNECTIONS = 64
IDLE_CONNECTIONS = 5000
FRESH_TOKENS = 512

NGINX = """
worker_processes 1;
master_process off;
daemon off;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}
}}
"""

# One line per token in the file; each request carries the next.
WRK = """
local requests = {{}}
local next = 0
for token in io.lines("{tokens}") do
    requests[#requests + 1] = wrk.format("GET", "/verify", {{["Host"] = "127.0.0.1", ["Authorization"] = "Bearer " .. token}})
end
request = function()
    next = next % #requests + 1
    return requests[next]
end
"""

# One token for each request.
WRK_TOKEN = """
wrk.method = "POST"
wrk.path = "/token"
wrk.body = "grant_type=client_credentials"
wrk.headers["Authorization"] = "Basic {login}"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
"""


def missing():
    return [name for name in ["nginx", "wrk", "taskset"] if shutil.which(name) is None]


def cores():
    """One for the server, one for wrk, of those this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(500):
        if process.poll() is not None:
            raise SystemExit(f"bench: {process.args} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"bench: {process.args} does not listen")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_ns(process):
    """Time on the core, of all threads."""
    total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def rss_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1000


class Server:
    def __init__(self, name, process, port):
        self.name = name
        self.process = process
        self.port = port

    def load(self, script, seconds=SECONDS):
        """Requests a second, and CPU microseconds of the server a request."""
        before = cpu_ns(self.process)
        text = subprocess.run(["taskset", "-c", str(cores()[1]), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
                              + (["-s", str(script)] if script else []) + [f"http://127.0.0.1:{self.port}/healthz"],
                              check=True, stdout=subprocess.PIPE, text=True).stdout
        spent = cpu_ns(self.process) - before
        if "Non-2xx" in text or "Socket errors" in text:
            raise SystemExit(f"bench: {self.name} did not answer 200 to all:\n{text}")
        count = int(re.search(r"(\d+) requests in", text).group(1))
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), spent / count / 1000


def start(command, **options):
    return subprocess.Popen(["taskset", "-c", str(cores()[0])] + [str(part) for part in command], **options)


def start_nginx(scratch):
    port = free_port()
    (scratch / "nginx.conf").write_text(NGINX.format(port=port))
    process = start([shutil.which("nginx"), "-p", f"{scratch}/", "-c", "nginx.conf"])
    wait_for(port, process)
    return Server("nginx", process, port)


def start_jetond(jetond, scratch, name, **settings):
    port = free_port()
    state = scratch / name
    process = start([jetond, "--listen", f"127.0.0.1:{port}", "--state", state], stderr=(scratch / f"{name}.log").open("w"),
                    env={**os.environ, **settings})
    wait_for(port, process)
    # It listens before it has made its state; this is answered after.
    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30).close()
    return Server("jetond", process, port), state


def start_loop(loop):
    port = free_port()
    process = start([loop, port])
    wait_for(port, process)
    return Server("the bare loop", process, port)


def client_of(state):
    found = json.loads((state / "first-client.json").read_text())
    return found["client_id"], found["client_secret"]


def login_of(client):
    return base64.b64encode(":".join(client).encode()).decode()


def mint(server, client, count):
    login = login_of(client)
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/token", data=b"grant_type=client_credentials",
                                     headers={"Authorization": f"Basic {login}"})
    tokens = []
    for _ in range(count):
        with urllib.request.urlopen(request) as answer:
            tokens.append(json.load(answer)["access_token"])
    return tokens


def wrk_script(scratch, name, tokens):
    (scratch / f"{name}.tokens").write_text("".join(token + "\n" for token in tokens))
    script = scratch / f"{name}.lua"
    script.write_text(WRK.format(tokens=scratch / f"{name}.tokens"))
    return script


def rss_with_idle_connections(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE_CONNECTIONS + 100:
        return None
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE_CONNECTIONS + 100), hard))
    opened = []
    try:
        for _ in range(IDLE_CONNECTIONS):
            opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=5))
        time.sleep(1)
        return rss_mb(server.process)
    finally:
        for connection in opened:
            connection.close()


def raw_us(speed, what="raw"):
    """CPU microseconds of the bare ES256 signature, checked ("raw") or made ("raw-sign"), on the server's core, while the
    other core is as busy as wrk keeps it."""
    command = [str(speed), what, "ES256"]
    neighbour = subprocess.Popen(["taskset", "-c", str(cores()[1])] + command, stdout=subprocess.DEVNULL)
    done = subprocess.run(["taskset", "-c", str(cores()[0])] + command, check=True, stdout=subprocess.PIPE, text=True)
    neighbour.wait()
    return statistics.median(json.loads(done.stdout)["us"])


def measure(jetond, speed_program, loop_program):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="jeton-bench-"))
    servers = []
    try:
        ours, state = start_jetond(jetond, scratch, "state")
        servers.append(ours)
        time.sleep(1)
        found = {"what": "server", "idle": rss_mb(ours.process)}
        # A token that is new to the server costs its signature: without the cache every one is new.
        bare_ours, bare_state = start_jetond(jetond, scratch, "no-cache", JETON_LIMITS_TOKEN_CACHE="0")
        servers.append(bare_ours)
        nginx = start_nginx(scratch)
        servers.append(nginx)
        loop = start_loop(loop_program)
        servers.append(loop)
        one = wrk_script(scratch, "one", mint(ours, client_of(state), 1))
        many = wrk_script(scratch, "many", mint(bare_ours, client_of(bare_state), FRESH_TOKENS))
        minting = scratch / "token.lua"
        minting.write_text(WRK_TOKEN.format(login=login_of(client_of(state))))
        runs = {"nginx `return 200`": (nginx, one), "jetond /healthz": (ours, None), "jetond /verify, repeated token": (ours, one),
                "jetond /verify, fresh tokens (cache off)": (bare_ours, many),
                "a bare loop that checks the signature (OpenSSL alone)": (loop, many),
                "jetond /token, client_credentials": (ours, minting)}
        speed, cost, bare, made = {name: [] for name in runs}, {name: [] for name in runs}, [], []
        for server, script in runs.values():
            server.load(script, 1)
        for _ in range(ROUNDS):
            for name, (server, script) in runs.items():
                rate, us = server.load(script)
                speed[name].append(rate)
                cost[name].append(us)
            bare.append(raw_us(speed_program))
            made.append(raw_us(speed_program, "raw-sign"))
        base, _, repeated, fresh, bare_loop, token = runs
        clock = {name: [a / b for a, b in zip(speed[name], speed[base])] for name in runs}
        cpu = {name: [b / a for a, b in zip(cost[name], cost[base])] for name in runs}
        found["rows"] = [{"name": name, "cpu": cpu[name], "clock": clock[name], "us": cost[name], "per_second": speed[name]}
                         for name in runs]
        found["rows"].append({"name": "the bare ES256 signature checked, for comparison", "us": bare})
        found["rows"].append({"name": "the bare ES256 signature made, for comparison", "us": made})
        # Tokens of a core in a second over bare signatures of it in a second.
        found["token"] = [signature / request for signature, request in zip(made, cost[token])]
        found["throughput"] = cpu[repeated]
        # A server as light as nginx, plus the bare signature, would need this much; the second is how near to it one
        # comes that does nothing else, the third how near jetond comes to that one.
        wanted = [light + check for light, check in zip(cost[base], bare)]
        found["fresh"] = [want / request for want, request in zip(wanted, cost[fresh])]
        found["loop"] = [want / request for want, request in zip(wanted, cost[bare_loop])]
        found["fresh over the loop"] = [lightest / request for lightest, request in zip(cost[bare_loop], cost[fresh])]
        busy = rss_with_idle_connections(ours)
        if busy is not None:
            found["connections"] = busy
        return found
    finally:
        for server in servers:
            stop(server.process)
        shutil.rmtree(scratch, ignore_errors=True)
