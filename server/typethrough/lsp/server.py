"""The language server's process: serves one client over stdio or TCP until the client ends the session or disappears."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING, Any

from typethrough.lsp import transport
from typethrough.lsp.session import Parts, Session

if TYPE_CHECKING:
    from typethrough.engine.ports import Recorder

__all__ = ["Parts", "Session", "run", "serve_stdio", "serve_tcp"]

logger = logging.getLogger(__name__)

_PARENT_CHECK_S = 2.0


def serve_stdio(parts: Parts, recorder: Recorder) -> int:
    """Speak LSP on stdin and stdout until the client is done. Returns the exit code."""

    streams = transport.take_stdio()
    if streams is None:
        logger.error("standard input or output is closed: there is no client")
        return 1

    async def serve() -> int:
        reader, writer = await transport.connect(streams)
        return await run(Session(parts, recorder), reader, writer)

    return asyncio.run(serve())


def serve_tcp(parts: Parts, recorder: Recorder, host: str, port: int) -> int:
    """Speak LSP with the first client that connects. Returns the exit code. Raises OSError if the port cannot be opened."""

    async def serve() -> int:
        first: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.get_running_loop().create_future()
        )

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if first.done():
                # A second client connected before we stopped listening. There is one engine, for one client.
                writer.close()
            else:
                first.set_result((reader, writer))

        listening = await asyncio.start_server(connected, host, port)
        logger.info("listening on %s:%d", *listening.sockets[0].getsockname()[:2])
        reader, writer = await first
        listening.close()
        return await run(Session(parts, recorder), reader, transport.StreamWriter(writer.transport))

    return asyncio.run(serve())


async def run(
    session: Session,
    reader: transport.Reader | transport.Incoming,
    writer: transport.Writer,
    parent_check_s: float = _PARENT_CHECK_S,
) -> int:
    """Serve one client until it sends `exit`, closes the stream, or its process ends. Returns the exit code that LSP demands."""
    stopped = asyncio.Event()

    def on_message(message: Any) -> None:
        if isinstance(message, dict) and message.get("method") == "exit":
            stopped.set()
        elif not stopped.is_set():
            session.protocol.receive(message)

    _on_signals(stopped)
    session.protocol.output = writer
    reading = asyncio.ensure_future(transport.read_messages(reader, on_message, session.protocol.bad_json))
    waiting = {
        reading,
        asyncio.ensure_future(stopped.wait()),
        asyncio.ensure_future(writer.lost.wait()),
        asyncio.ensure_future(_parent_gone(session, parent_check_s)),
    }
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        ends = await asyncio.gather(reading, return_exceptions=True)
        await session.aclose()
        await writer.aclose()
    broken = isinstance(ends[0], Exception)
    if broken:
        why = str(ends[0]) if isinstance(ends[0], transport.FramingError) else type(ends[0]).__name__
        logger.error("the client's stream is broken: %s", why)
    return 0 if session.protocol.shutting_down and not broken else 1


def _on_signals(stopped: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        except (NotImplementedError, RuntimeError, ValueError):
            # On Windows an event loop has no signal handlers. There the signal ends the process.
            return


async def _parent_gone(session: Session, check_s: float) -> None:
    """Return when the editor's process has ended. Some clients leave our pipes open when they die."""
    while True:
        await asyncio.sleep(check_s)
        if session.parent_id and os.name == "posix" and not _alive(session.parent_id):
            logger.warning("the editor's process is gone")
            return


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
