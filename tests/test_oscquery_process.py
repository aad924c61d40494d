"""The OSCQuery process: real HTTP and WebSockets, on loopback alone, polite and not."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from instrument.oscquery_server import MAX_LISTENERS
from instrument.web_serving import MAX_CONNECTIONS
from tests.oscquery_parts import (
    METHODS,
    NAME,
    PATIENCE_S,
    SETTABLE,
    Told,
    bare,
    command,
    eventually,
    get,
    heard,
    process_of_the_link,
    serving_link,
    websocket,
)


@pytest.fixture
def told() -> Iterator[Told]:
    """A link that serves."""
    with serving_link() as told:
        yield told


def test_the_namespace_comes_over_http(told: Told) -> None:
    """The tree, one node, one attribute, the host; and what is not there is not there."""
    port = told.link.port
    status, root, response = get(port, "/")
    assert status == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert set(root["CONTENTS"]["glisser"]["CONTENTS"]) >= {"knob", "z", "tempo", "play", "ping"}
    assert get(port, "/glisser/tempo")[1]["RANGE"] == [{"MIN": 20.0, "MAX": 400.0}]
    assert get(port, "/glisser/tempo?VALUE")[:2] == (200, {"VALUE": [120.0]})
    assert get(port, "/glisser/play?VALUE")[:2] == (204, "")
    assert get(port, "/glisser/tempo?COLOUR")[0] == 400
    assert get(port, "/glisser/nothing")[0] == 404
    host = get(port, "/?HOST_INFO")[1]
    assert (host["NAME"], host["OSC_PORT"], host["WS_PORT"]) == (NAME, 9129, port)
    assert (host["OSC_IP"], host["WS_IP"]) == ("127.0.0.1", "127.0.0.1")
    assert get(port, "?HOST_INFO")[1] == host  # as some clients write it


def test_get_and_head_only(told: Told) -> None:
    """Nothing can be changed over HTTP; HEAD has no body. No page of the web may read it."""
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        status, _, response = get(told.link.port, "/glisser/tempo", method)
        assert status == 405
        assert response.headers["allow"] == "GET, HEAD"
    status, body, response = get(told.link.port, "/", "HEAD")
    assert (status, body) == (200, "")
    assert int(response.headers["content-length"]) > 1000
    assert not any("access-control" in name.lower() for name in response.headers)


def test_a_request_meant_for_another_host_is_refused(told: Told) -> None:
    """Neither HTTP nor a WebSocket, whatever name points here, whatever page asks."""
    port = told.link.port
    assert get(port, "/", Host="evil.example")[0] == 403
    assert get(port, "/", Host=f"evil.example:{port}")[0] == 403
    assert get(port, "/", Host=f"localhost:{port}")[0] == 200
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus) as refused, websocket(port, additional_headers=headers):
            pass
        assert refused.value.response.status_code == 403
    with websocket(port, origin=f"http://127.0.0.1:{port}"):
        pass


def test_a_change_is_heard_by_whoever_listens(told: Told) -> None:
    """At once what it is, then every change of that address and of no other, until IGNORE."""
    with websocket(told.link.port) as client:
        client.send(command("LISTEN", "/glisser/tempo"))
        assert heard(client) == ("/glisser/tempo", 120.0)
        told.link.values({"/glisser/tempo": 99.0, "/glisser/swing": 60.0})
        assert heard(client) == ("/glisser/tempo", 99.0)
        client.send(command("LISTEN", "/glisser/knob/1"))
        assert heard(client) == ("/glisser/knob/1", 0.5)
        client.send(command("IGNORE", "/glisser/tempo"))
        client.send(command("LISTEN", "/glisser/swing"))  # answered after the IGNORE was done
        assert heard(client) == ("/glisser/swing", 60.0)
        told.link.values({"/glisser/tempo": 77.0, "/glisser/knob/1": 0.75})
        assert heard(client) == ("/glisser/knob/1", 0.75)
        with pytest.raises(TimeoutError):
            client.recv(timeout=0.3)
    assert get(told.link.port, "/glisser/tempo?VALUE")[1] == {"VALUE": [77.0]}


GARBAGE: list[str | bytes] = [
    "",
    "{",
    "null",
    "[]",
    "1e999",
    '"LISTEN"',
    "[" * 4000,
    "{}",
    '{"COMMAND": "LISTEN"}',
    '{"COMMAND": ["LISTEN"], "DATA": "/glisser/tempo"}',
    '{"COMMAND": "LISTEN", "DATA": ["/glisser/tempo"]}',
    '{"COMMAND": "LISTEN", "DATA": "/no/such/address"}',
    '{"COMMAND": "LISTEN", "DATA": "/glisser/play"}',
    '{"COMMAND": "IGNORE", "DATA": "/glisser/tempo"}',
    '{"COMMAND": "START_OSC_STREAMING", "DATA": {"LOCAL_SERVER_PORT": 1}}',
    b"",
    b"\xff\x00\xfe",
    b"/glisser/tempo\0\0,f\0\0\x42\x00\x00\x00",
]


def test_garbage_on_a_websocket_is_nothing(told: Told) -> None:
    """The same connection goes on; what is too long or no text ends it, and nobody else's."""
    pid = process_of_the_link().pid
    with websocket(told.link.port) as other, websocket(told.link.port) as client:
        for each in GARBAGE:
            client.send(each)
        client.send(command("LISTEN", "/glisser/tempo"))
        assert heard(client) == ("/glisser/tempo", 120.0)
        client.send("x" * 5_000)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        other.send(command("LISTEN", "/glisser/tempo"))
        assert heard(other) == ("/glisser/tempo", 120.0)
    assert process_of_the_link().pid == pid


def test_garbage_on_http_is_nothing(told: Told) -> None:
    """Half a request, no request, a head without end: the next is answered."""
    pid = process_of_the_link().pid
    for garbage in (b"\0\xff\xfe\r\n\r\n", b"GET", b"GET / HTTP/1.1\r\n\r\n", b"X" * 100_000):
        client = socket.create_connection(("127.0.0.1", told.link.port), PATIENCE_S)
        with client, suppress(OSError):  # it may be closed before all of it was said
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            client.recv(1 << 16)
    assert get(told.link.port, "/glisser/%00%FF%2e%2e/?%F0")[0] == 404
    assert get(told.link.port, "/")[0] == 200
    assert process_of_the_link().pid == pid


def test_sixteen_may_listen(told: Told) -> None:
    """The seventeenth is told so; when one has gone there is room."""
    port = told.link.port
    with ExitStack() as clients:
        first = clients.enter_context(websocket(port))
        for _ in range(MAX_LISTENERS - 1):
            clients.enter_context(websocket(port))
        with pytest.raises(InvalidStatus) as refused, websocket(port):
            pass
        assert refused.value.response.status_code == 503
        assert get(port, "/")[0] == 200
        first.close()

        def there_is_room() -> bool:
            with suppress(InvalidStatus), websocket(port):
                return True
            return False

        eventually(there_is_room)


def test_connections_that_say_nothing_are_closed(told: Told) -> None:
    """Too many at once at once, the others after a while; then there is room again."""
    where = ("127.0.0.1", told.link.port)
    with ExitStack() as open_ones:
        silent = [
            open_ones.enter_context(socket.create_connection(where, PATIENCE_S))
            for _ in range(MAX_CONNECTIONS + 10)
        ]
        assert closed_by_the_other(silent[-1])
        silent[0].setblocking(False)
        with pytest.raises(BlockingIOError):
            silent[0].recv(1)
        silent[0].settimeout(PATIENCE_S)
        assert all(closed_by_the_other(each) for each in silent)
        assert get(told.link.port, "/")[0] == 200


def closed_by_the_other(client: socket.socket) -> bool:
    """Waits for it; its own timeout is an error."""
    with suppress(ConnectionResetError):
        return client.recv(1) == b""
    return True


def shaken_hands(port: int) -> socket.socket:
    """A WebSocket by hand, with little room for what arrives."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.settimeout(PATIENCE_S)
    raw.connect(("127.0.0.1", port))
    raw.sendall(
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert raw.recv(12) == b"HTTP/1.1 101"
    return raw


def frame(opcode: int, body: bytes) -> bytes:
    """A masked frame; the mask is 0."""
    assert len(body) < 126
    return bytes([0x80 | opcode, 0x80 | len(body), 0, 0, 0, 0]) + body


def test_a_client_that_floods_and_does_not_read_is_dropped(told: Told) -> None:
    """What is kept for it is bounded: before 25 MB of pings it is gone."""
    flood = frame(0x9, b"x" * 125) * 200_000
    with shaken_hands(told.link.port) as client, pytest.raises(OSError, match=r"reset|pipe"):
        client.sendall(flood)
    assert get(told.link.port, "/")[0] == 200


def test_a_client_that_does_not_read_is_dropped() -> None:
    """Nothing piles up for it, and the others hear every value."""
    listen = b"".join(frame(0x1, command("LISTEN", node["FULL_PATH"]).encode()) for node in METHODS)
    with bare() as one:
        port = one.next("opened")["port"]
        with shaken_hands(port) as slow, websocket(port) as quick:
            slow.sendall(listen)
            quick.send(command("LISTEN", "/glisser/tempo"))
            assert heard(quick)[1] == 120.0
            for number in range(2_000):
                value = 20.0 + number / 8
                one.say({"type": "values", "values": dict.fromkeys(SETTABLE, value)})
                one.next("told")
                assert heard(quick)[1] == value
            here, there = slow.getsockname(), psutil.Process(one.process.pid)
            eventually(lambda: here not in {each.raddr for each in there.net_connections("tcp")})
            assert len(there.net_connections("tcp")) > 1  # the quick one, and the door
        assert one.end() == 0


def test_when_main_is_gone_it_ends() -> None:
    """The end of stdin ends it, with clients connected, and nobody needs to kill it."""
    with bare() as one:
        port = one.next("opened")["port"]
        with websocket(port) as client:
            assert one.end() == 0
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=PATIENCE_S)
        with pytest.raises(ConnectionRefusedError):
            get(port, "/")


def test_signals_of_the_terminal_are_mains_affair() -> None:
    """Ctrl-C and TERM end main, and main ends it."""
    with bare() as one:
        port = one.next("opened")["port"]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            one.process.send_signal(number)
        for _ in range(10):  # it looks ten times a second whether it shall end
            time.sleep(0.1)
            assert get(port, "/")[0] == 200
        assert one.end() == 0
