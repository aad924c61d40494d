"""Two machines on one wire: what the other one sees of an OSCQuery process, as one JSON line.

``python -m tests.oscquery_neighbours`` as root in a network namespace of its own: it makes a second
one, and a wire between the two. Nothing leaves them.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf

from instrument.oscquery_link import OscQueryLink, Serving

OURS, THEIRS = "192.0.2.1", "192.0.2.2"
SERVICE = "_oscjson._tcp.local."
LOOK_S = 4.0  # an announcement takes two seconds
QUESTION = bytes.fromhex(
    "000000000001000000000000085f6f73636a736f6e045f746370056c6f63616c00000c8001"
)


def look(port: int) -> dict[str, Any]:
    """What the neighbour finds by zeroconf, by asking our port 5353 itself, and by HTTP."""
    found: list[str] = []

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        info = zeroconf.get_service_info(service_type, name, 2_000)
        if info is not None and state_change is ServiceStateChange.Added:
            found.extend(info.parsed_addresses())

    ear = Zeroconf(interfaces=[THEIRS])
    ServiceBrowser(ear, SERVICE, handlers=[changed])
    time.sleep(LOOK_S)
    ear.close()
    return {"found": found, "answered": answered(), "http": host_info(port)}


def answered() -> bool:
    """Whether a question straight to our port 5353 gets an answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2.0)
        asking.sendto(QUESTION, (OURS, 5353))
        with suppress(OSError):
            return bool(asking.recv(9_000))
    return False


def host_info(port: int) -> dict[str, Any] | None:
    """What HTTP says, under a name that only the network knows; None where nobody answers."""
    connection = http.client.HTTPConnection(OURS, port, timeout=5.0)
    try:
        connection.request("GET", "/?HOST_INFO", headers={"Host": "stage.example"})
        told: dict[str, Any] = json.loads(connection.getresponse().read())
    except OSError:
        return None
    finally:
        connection.close()
    return told


def run(*words: object) -> str:
    return subprocess.run(
        [str(word) for word in words], check=True, capture_output=True
    ).stdout.decode()


def wire() -> "subprocess.Popen[bytes]":
    """Put a wire between us and a new neighbour; the process whose network is the neighbour's."""
    neighbour = subprocess.Popen(["unshare", "--net", "sleep", "300"])
    ours = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{neighbour.pid}/ns/net") == ours:
        time.sleep(0.01)
    inside = ("nsenter", f"--net=/proc/{neighbour.pid}/ns/net")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far")
    run("ip", "link", "set", "far", "netns", neighbour.pid)
    run("ip", "addr", "add", f"{OURS}/24", "dev", "near")
    run("ip", "link", "set", "near", "up")
    run(*inside, "ip", "addr", "add", f"{THEIRS}/24", "dev", "far")
    run(*inside, "ip", "link", "set", "far", "up")
    run(*inside, "ip", "link", "set", "lo", "up")
    return neighbour


def main() -> None:
    neighbour = wire()
    seen = {}
    try:
        for host in ("127.0.0.1", OURS, "0.0.0.0"):  # noqa: S104 - a network of our own
            faults: list[str] = []
            link = OscQueryLink(Serving(host, 0, host, 9129, ()), faults.append)
            link.start()
            inside = ("nsenter", f"--net=/proc/{neighbour.pid}/ns/net", sys.executable, "-m")
            told = json.loads(run(*inside, "tests.oscquery_neighbours", link.port))
            link.close()
            seen[host] = {**told, "faults": faults}
    finally:
        neighbour.kill()
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(look(int(sys.argv[1]))))
    else:
        main()
