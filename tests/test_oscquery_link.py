"""The link to the OSCQuery process, and who finds it: restarts, refusals, zeroconf."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from zeroconf import ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

from instrument import oscquery_link
from instrument.oscquery_announcement import OSC_SERVICE, QUERY_SERVICE
from instrument.oscquery_link import OscQueryLink
from instrument.web_link import NotServedError
from tests.oscquery_parts import (
    NAME,
    PATIENCE_S,
    ROOT,
    Told,
    bare,
    command,
    eventually,
    get,
    heard,
    process_of_the_link,
    serving,
    serving_link,
    websocket,
)


@pytest.fixture
def told() -> Iterator[Told]:
    """A link that serves."""
    with serving_link() as told:
        yield told


def test_of_a_storm_of_values_the_last_is_heard(told: Told) -> None:
    """The newest wins: ten thousand moves are a few packets, and the end is right."""
    with websocket(told.link.port) as client:
        client.send(command("LISTEN", "/glisser/knob/1"))
        for number in range(10_000):
            told.link.values({"/glisser/knob/1": number / 10_000})
        told.link.values({"/glisser/knob/1": 1.0, "/glisser/knob/2": float("nan")})
        packets = 1
        while heard(client)[1] != 1.0:
            packets += 1
        assert packets < 5_000
    assert get(told.link.port, "/glisser/knob/2?VALUE")[1] == {"VALUE": [0.5]}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_dies_or_hangs_is_replaced(told: Told, number: signal.Signals) -> None:
    """On the same port, with the newest values; a line tells of it."""
    port = told.link.port
    told.link.values({"/glisser/tempo": 55.0})
    lost = process_of_the_link()
    lost.send_signal(number)
    told.until("it is started again")
    told.link.values({"/glisser/swing": 61.0})
    told.until("served again")
    assert told.link.port == port
    assert process_of_the_link().pid != lost.pid
    assert get(port, "/glisser/tempo?VALUE")[1] == {"VALUE": [55.0]}
    eventually(lambda: get(port, "/glisser/swing?VALUE")[1] == {"VALUE": [61.0]})


def test_a_port_that_is_taken_is_one_sentence() -> None:
    """So is a host that would be more open than OSC is: nothing is opened then."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(NotServedError, match=rf"127\.0\.0\.1:{port} did not open"):
            OscQueryLink(serving(port=port), lambda _: None).start()
    with pytest.raises(NotServedError, match="open OSC too"):
        OscQueryLink(serving(host="192.0.2.7"), lambda _: None).start()
    with pytest.raises(NotServedError, match="no address"):
        OscQueryLink(serving(host="no such host"), lambda _: None).start()


def test_without_the_extra_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is started."""
    monkeypatch.setattr(
        oscquery_link, "find_spec", lambda name: None if name == "zeroconf" else name
    )
    link = OscQueryLink(serving(), lambda _: None)
    with pytest.raises(NotServedError, match=r"pip install 'glisser\[oscquery\]'\.$"):
        link.start()
    assert link.port == 0
    link.close()


@pytest.fixture
def ear() -> Iterator[Zeroconf]:
    """Somebody else's zeroconf on loopback; visibly skips where loopback has no multicast."""
    probe = ServiceInfo(
        QUERY_SERVICE,
        f"Probe {os.getpid()}.{QUERY_SERVICE}",
        port=9,
        parsed_addresses=["127.0.0.1"],
        server=f"probe-{os.getpid()}.local.",
    )
    try:
        mouth, ear = (Zeroconf(interfaces=["127.0.0.1"]) for _ in range(2))
    except OSError as error:
        pytest.skip(f"not run here: no multicast on 127.0.0.1: {error}")
    try:
        mouth.register_service(probe)
        if ear.get_service_info(QUERY_SERVICE, probe.name, 5_000) is None:
            pytest.skip("not run here: no multicast on 127.0.0.1")
        yield ear
    finally:
        mouth.close()
        ear.close()


def test_who_looks_finds_us_until_we_are_gone(ear: Zeroconf) -> None:
    """Both services on 127.0.0.1, with their ports; taken back, also when main just ends."""
    seen: queue.Queue[tuple[str, ServiceStateChange]] = queue.Queue()

    def changed(name: str, state_change: ServiceStateChange, **_: object) -> None:
        if NAME in name:
            seen.put((name, state_change))

    def until(change: ServiceStateChange, count: int) -> set[str]:
        found: set[str] = set()
        while len(found) < count:
            name, what = seen.get(timeout=PATIENCE_S)
            found |= {name} if what is change else set()
        return found

    browser = ServiceBrowser(ear, [QUERY_SERVICE, OSC_SERVICE], handlers=[changed])
    with bare() as one:
        port = one.next("opened")["port"]
        assert one.next("announced", "fault") == {"type": "announced", "name": NAME}
        names = until(ServiceStateChange.Added, 2)
        assert names == {f"{NAME}.{QUERY_SERVICE}", f"{NAME}.{OSC_SERVICE}"}
        for service, wanted in ((QUERY_SERVICE, port), (OSC_SERVICE, 9129)):
            info = ear.get_service_info(service, f"{NAME}.{service}", 5_000)
            assert info is not None
            assert info.port == wanted
            assert info.parsed_addresses() == ["127.0.0.1"]
            assert info.server is not None
            assert get(port, "/", Host=info.server.rstrip("."))[0] == 200
        with bare() as second:
            assert second.next("announced", "fault")["name"] == f"{NAME}-2"
        assert one.end() == 0
        assert until(ServiceStateChange.Removed, 2) == names
    browser.cancel()


@pytest.mark.real(needs=["unshare", "nsenter", "ip"])
def test_a_neighbour_sees_only_what_was_opened_to_it() -> None:
    """On loopback nothing, not even an answer of zeroconf's; else us, at an address to reach."""
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "tests.oscquery_neighbours"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    closed, *opened = json.loads(done.stdout).values()
    assert closed == {"found": [], "answered": False, "http": None, "faults": []}
    for seen in opened:
        assert set(seen["found"]) == {"192.0.2.1"}
        assert seen["answered"]
        assert (seen["http"]["OSC_IP"], seen["http"]["WS_IP"]) == ("192.0.2.1", "192.0.2.1")
        assert not seen["faults"]
