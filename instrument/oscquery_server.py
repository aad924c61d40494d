"""What is answered over HTTP and WebSocket: the namespace, and values as they change.

An ASGI application of one asyncio loop, in the OSCQuery process alone. ("Core Functionality" and
"Optional Bi-Directional Communication" of the proposal; :mod:`instrument.oscquery`.)
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from instrument.feedback import encode
from instrument.oscquery import Host, Node, answer, host_info, tree, value_of
from instrument.web_access import is_meant_for, is_of_our_own

MAX_LISTENERS = 16  # WebSockets at once, as many as OSC has subscribers
FRESH = {"Cache-Control": "no-store"}  # values change; a proxy's or a browser's copy is a lie
REASONS = {400: "no such attribute", 404: "no such address"}


class Listener:
    """What one WebSocket wants to hear, and what it has still to be told: of a path the newest.

    So what waits is bounded by the namespace, however slowly it is taken.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._waiting: dict[str, bytes] = {}
        self._arrived = asyncio.Event()

    def tell(self, path: str, packet: bytes) -> None:
        """Have this packet sent, in place of an older one of its path."""
        self._waiting.pop(path, None)
        self._waiting[path] = packet
        self._arrived.set()

    def ignore(self, path: str) -> None:
        """Tell no more of this path."""
        self.paths.discard(path)
        self._waiting.pop(path, None)

    async def next(self) -> bytes:
        """The packet that has waited longest; waits for one."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.pop(next(iter(self._waiting)))


class QueryServer:
    """The application. GET and HEAD of an address; a WebSocket at any path.

    No CORS header: the protocol needs none, and without one no page of the web can read us.
    """

    def __init__(
        self, methods: Sequence[Node], host: Host, *, bound_to: str, announced_as: str
    ) -> None:
        """``bound_to``: our IP address; ``announced_as``: our host name in zeroconf."""
        self._methods = {method["FULL_PATH"]: method for method in methods}
        self._host, self._bound_to, self._announced_as = host, bound_to, announced_as
        self._values: dict[str, float] = {}
        self._listeners: set[Listener] = set()

    def tell(self, values: Mapping[str, float]) -> None:
        """Parameters stand at ``values`` now; who listens to one that has changed is told."""
        for path, value in values.items():
            method = self._methods.get(path)
            if method is None or "VALUE" not in method or self._values.get(path) == value:
                continue
            self._values[path] = value
            packet = self._packet(path)
            for listener in self._listeners:
                if path in listener.paths:
                    listener.tell(path, packet)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket to its end."""
        headers = Headers(scope=scope)
        meant = is_meant_for(headers.get("host", ""), self._bound_to, self._announced_as)
        if scope["type"] == "http":
            response = self._response(Request(scope)) if meant else _refusal()
            await response(scope, receive, send)
            return
        websocket = WebSocket(scope, receive, send)
        if not meant or not is_of_our_own(headers.get("origin"), headers.get("host", "")):
            await websocket.send_denial_response(_refusal())
        elif len(self._listeners) >= MAX_LISTENERS:
            full = f"{MAX_LISTENERS} clients listen already"
            await websocket.send_denial_response(PlainTextResponse(full, 503))
        else:
            await self._serve(websocket)

    def _response(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return PlainTextResponse("GET and HEAD only", 405, {"Allow": "GET, HEAD"})
        info = host_info(self._host, request.scope["server"][0])
        query = request.scope["query_string"].decode("ascii", "replace")
        status, node = answer(self._tree(), request.scope["path"], query, info)
        if node is not None:
            return JSONResponse(node, status, FRESH)
        if status == 204:
            return Response(status_code=status, headers=FRESH)
        return PlainTextResponse(REASONS[status], status, FRESH)

    def _tree(self) -> Node:
        return tree(self._methods.values(), self._values)

    async def _serve(self, websocket: WebSocket) -> None:
        listener = Listener()
        self._listeners.add(listener)
        try:
            await websocket.accept()
            sender = asyncio.create_task(_send(websocket, listener))
            try:
                while (message := await websocket.receive())["type"] == "websocket.receive":
                    self._obey(listener, message.get("text"))
            finally:
                sender.cancel()
        finally:
            self._listeners.discard(listener)

    def _obey(self, listener: Listener, text: str | None) -> None:
        """LISTEN and IGNORE ("Client -> Server Communication Attributes"); all else is nothing.

        Whoever begins to listen is told the value at once: it may have changed since it asked for
        the namespace. OSC packets (binary) are for the UDP port, where they are checked.
        """
        try:
            command = json.loads(text or "")
            what, path = command["COMMAND"], command["DATA"]
        except (ValueError, RecursionError, TypeError, KeyError):
            return
        if not isinstance(path, str) or "VALUE" not in self._methods.get(path, {}):
            return
        if what == "LISTEN":
            listener.paths.add(path)
            listener.tell(path, self._packet(path))
        elif what == "IGNORE":
            listener.ignore(path)

    def _packet(self, path: str) -> bytes:
        method = self._methods[path]
        return encode(path, value_of(method, self._values.get(path, method["VALUE"][0])))


def _refusal() -> Response:
    return PlainTextResponse("this server is for programs of its own machine", 403)


async def _send(websocket: WebSocket, listener: Listener) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # it is gone; its reader ends as well
        while True:
            await websocket.send_bytes(await listener.next())
