"""The end of a server whose pages listen for ever: their streams end as answers do, and nothing is cut off."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Leaving:
    """
    An app that can end the streams which it still sends.

    A server that stops waits for answers that are not whole; a stream never is, so it would be
    cancelled in the end, with a trace of it in the log of whoever only pressed Ctrl-C.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let every stream end now."""
        self._ended.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; once this ends, its caller is as good as gone."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        sent = _Sent(send)

        async def heard() -> Message:
            return await self._heard(receive)

        await self._app(scope, heard, sent)
        if sent.open and self._ended.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        return None

    async def _heard(self, receive: Receive) -> Message:
        asked = asyncio.ensure_future(receive())
        over = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({asked, over}, return_when=asyncio.FIRST_COMPLETED)
            return asked.result() if asked.done() else {"type": "http.disconnect"}
        finally:
            asked.cancel()
            over.cancel()


class _Sent:
    """What was sent of one answer: whether it began and is not whole yet."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.open = False

    async def __call__(self, message: Message) -> None:
        await self._send(message)
        self.open = bool(message["type"] == "http.response.start" or message.get("more_body"))
