# SPDX-License-Identifier: Apache-2.0
"""Is a refused address left in peace? Runs in a network and mount namespace of its own (unshare -n -m): the addresses are
put on its loopback, names for them into its own hosts file, and a listener on all of them must stay silent.

Exit 0 good, 1 not, 77 when this kernel does not let one."""
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading

PROBE, FOLDER = sys.argv[1], sys.argv[2]
# address, may it be dialled with allow_private_ip?
ADDRESSES4 = [("127.0.0.1", True), ("127.8.8.8", True), ("10.1.2.3", True), ("172.16.5.5", True),
              ("192.168.7.7", True), ("100.64.1.1", True), ("169.254.169.254", False), ("169.254.1.1", False),
              ("100.100.100.200", False), ("192.0.0.192", False), ("192.0.2.1", False), ("198.51.100.1", False),
              ("203.0.113.1", False), ("168.63.129.16", False), ("0.0.0.0", False), ("255.255.255.255", False),
              ("224.0.0.1", False)]
ADDRESSES6 = [("::1", True), ("fd12:3456::1", True), ("fd00:ec2::254", False), ("fe80::5", False),
              ("::ffff:169.254.169.254", False), ("64:ff9b::a9fe:a9fe", False), ("64:ff9b:1::1", False),
              ("2002:a9fe:a9fe::1", False), ("2001::1", False), ("2001:db8::1", False), ("fec0::1", False), ("::", False)]
SIOCSIFADDR, SIOCSIFNETMASK, SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8916, 0x891C, 0x8913, 0x8914


def address4(text):
    return struct.pack("=H2s4s8x", socket.AF_INET, b"", socket.inet_aton(text))


def set_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
        for i, (text, _) in enumerate(ADDRESSES4):
            if text.startswith("127.") or text in ("0.0.0.0", "255.255.255.255", "224.0.0.1"):
                continue
            name = b"lo:%d" % i
            fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16s16s", name, address4(text)))
            fcntl.ioctl(control, SIOCSIFNETMASK, struct.pack("16s16s", name, address4("255.255.255.255")))
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
            for text, _ in ADDRESSES6:
                if text in ("::1", "::") or text.startswith("::ffff:"):
                    continue
                fcntl.ioctl(control, SIOCSIFADDR,
                            struct.pack("=16sIi", socket.inet_pton(socket.AF_INET6, text), 128, 1))
    except OSError as error:
        print("# no IPv6 here: %s" % error)
        return False
    return True


class Listener(threading.Thread):
    def __init__(self, six):
        super().__init__(daemon=True)
        self.count = 0
        self.socket = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
        if six:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind(("::" if six else "0.0.0.0", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            link, _ = self.socket.accept()
            self.count += 1
            link.recv(4096)
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            link.close()


def probe(*arguments):
    ran = subprocess.run([PROBE, "--http", "--timeout", "3000", *arguments], stdout=subprocess.PIPE, check=True,
                         timeout=30)
    return json.loads(ran.stdout)


def judge(listener, url, allowed, private):
    before = listener.count
    got = probe(*(["--private"] if private else []), url)
    if allowed and private:
        good = got["status"] == "ok" and listener.count == before + 1
    else:
        good = got["status"] in ("config_invalid", "keys_unavailable") and listener.count == before
        good = good and ("refused (" in got["detail"] or "never dialled (" in got["detail"])
        good = good and ("allow_private_ip would" in got["detail"]) == allowed
    if not good:
        print("# %s %s: %s, %d connections" % (url, "--private" if private else "", got, listener.count - before))
    return good


def main():
    hosts = os.path.join(FOLDER, "hosts")
    try:
        six = set_up()
        listener = Listener(six)
        addresses = ADDRESSES4 + (ADDRESSES6 if six else [])
        with open(hosts, "w", encoding="ascii") as file:
            for i, (text, _) in enumerate(addresses):
                file.write("%s name%d.test\n" % (text, i))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(error)
        return 77
    good = True
    for i, (text, allowed) in enumerate(addresses):
        host = "[%s]" % text if ":" in text else text
        for private in (False, True):
            good &= judge(listener, "http://%s:%d/" % (host, listener.port), allowed, private)
            good &= judge(listener, "http://name%d.test:%d/" % (i, listener.port), allowed, private)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
