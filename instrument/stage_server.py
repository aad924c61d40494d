"""The stage page's server: its files over HTTP, and one WebSocket for each page.

An ASGI application of one asyncio loop, in the stage process alone. docs/stage.md has the protocol.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from instrument.stage_messages import Asked, OscMessage, Waiting, asked_by
from instrument.stage_plane import Axes
from instrument.web_access import is_called, is_of_our_own

PAGE = Path(__file__).parent / "stage_page"
KINDS = {  # what a page may be made of; not from mimetypes, which asks the system
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
WEBSOCKET = "/ws"
MAX_PAGES = 16
MAX_UNSENT = 256  # frames that wait for a page; one that is so far behind begins again
SEND_EVERY_S = 0.004
MAX_WAITING = 256  # messages of a page; then it is read no further until they are sent
FIRST_AXES: Axes = (1, 2)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Page:
    """One open page: what it shows, what it is still to be told, what it has asked for."""

    def __init__(self) -> None:
        self.axes = FIRST_AXES
        self.behind = False  # it does not keep up, and is let go
        self.waiting, self.asked = Waiting(), asyncio.Event()
        self._unsent: deque[str] = deque()
        self._arrived = asyncio.Event()

    def tell(self, frame: str) -> None:
        """Have this frame sent after those that wait."""
        if len(self._unsent) >= MAX_UNSENT:
            self.behind = True
        else:
            self._unsent.append(frame)
        self._arrived.set()

    async def next(self) -> str | None:
        """The frame that has waited longest; waits for one. ``None``: it is too far behind."""
        while not self._unsent and not self.behind:
            self._arrived.clear()
            await self._arrived.wait()
        return None if self.behind else self._unsent.popleft()


class Backstage(Protocol):
    """What stands behind the pages."""

    def send(self, messages: Sequence[OscMessage]) -> None:
        """Pass these on, in order."""

    def greeting(self, axes: Axes) -> Iterable[dict[str, Any]]:
        """What a page that opens is told first; it shows the plane ``axes``."""

    def known(self, axes: Axes) -> dict[str, Any] | None:
        """The frame that tells of this plane, as far as it is known."""

    def shown(self, axes: Sequence[Axes]) -> None:
        """These planes are shown now, one for each page."""

    def fault(self, line: str) -> None:
        """Something went wrong."""


class StageServer:
    """The application. What pages are told comes by :meth:`tell`."""

    def __init__(self, own_name: str, behind: Backstage) -> None:
        """``own_name``: of this machine."""
        self._own_name, self._behind = own_name, behind
        self._files = {f"/{file.name}": file for file in PAGE.iterdir() if file.suffix in KINDS}
        self._files["/"] = PAGE / "index.html"
        self._pages: list[Page] = []
        self.refused = 0  # frames that made no sense

    def tell(self, frame: dict[str, Any], axes: Axes | None = None) -> None:
        """Tell every page, or those that show the plane ``axes``."""
        text = told(frame)
        for page in self._pages:
            if axes in {None, page.axes}:
                page.tell(text)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one page to its end."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        ours = is_called(host, self._own_name) and is_of_our_own(headers.get("origin"), host)
        if scope["type"] == "http":
            response = self._response(scope) if ours else _refusal()
            await response(scope, receive, send)
            return
        websocket = WebSocket(scope, receive, send)
        if not ours:
            await websocket.send_denial_response(_refusal())
        elif scope["path"] != WEBSOCKET:
            await websocket.send_denial_response(PlainTextResponse("no such page", 404))
        elif len(self._pages) >= MAX_PAGES:
            full = f"{MAX_PAGES} pages are open already"
            await websocket.send_denial_response(PlainTextResponse(full, 503))
        else:
            await self._serve(websocket)

    def _response(self, scope: Scope) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("GET and HEAD only", 405, {"Allow": "GET, HEAD"})
        file = self._files.get(scope["path"])
        if file is None:
            return PlainTextResponse("no such page", 404, HEADERS)
        return Response(file.read_bytes(), media_type=KINDS[file.suffix], headers=HEADERS)

    async def _serve(self, websocket: WebSocket) -> None:
        page = Page()
        self._pages.append(page)  # before it is accepted, or there would be one too many
        try:
            await websocket.accept()
            self._show()
            for frame in self._behind.greeting(page.axes):
                page.tell(told(frame))
            tasks = [_tell(websocket, page), self._pass_on(page)]
            helpers = [asyncio.create_task(task) for task in tasks]
            try:
                await self._read(websocket, page)
            finally:
                for helper in helpers:
                    helper.cancel()
        finally:
            self._pages.remove(page)
            self._behind.send(page.waiting.take())  # a panic, and then the page was closed
            self._show()

    async def _read(self, websocket: WebSocket, page: Page) -> None:
        while (message := await websocket.receive())["type"] == "websocket.receive":
            asked = asked_by(message.get("text") or "")
            if asked is None:
                self.refused += 1
                self._behind.fault(f"a page said what makes no sense ({self.refused} times)")
                continue
            self._take(page, asked)
            while len(page.waiting) > MAX_WAITING:
                await asyncio.sleep(SEND_EVERY_S)

    def _take(self, page: Page, asked: Asked) -> None:
        page.waiting.add(asked.messages)
        page.asked.set()
        if asked.axes is not None and asked.axes != page.axes:
            page.axes = asked.axes
            self._show()
            if (known := self._behind.known(page.axes)) is not None:
                page.tell(told(known))

    async def _pass_on(self, page: Page) -> None:
        """What it asks for, at once, and then at most once every ``SEND_EVERY_S``."""
        while True:
            await page.asked.wait()
            page.asked.clear()
            self._behind.send(page.waiting.take())
            await asyncio.sleep(SEND_EVERY_S)

    def _show(self) -> None:
        self._behind.shown([page.axes for page in self._pages])


def told(frame: dict[str, Any]) -> str:
    """The text of a frame."""
    return json.dumps(frame, separators=(",", ":"), allow_nan=False)


def _refusal() -> Response:
    return PlainTextResponse("this page is for browsers that were sent here by its own name", 403)


async def _tell(websocket: WebSocket, page: Page) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # it is gone; its reader ends as well
        while (frame := await page.next()) is not None:
            await websocket.send_text(frame)
        await websocket.close(1013)  # try again later
