"""`python -m tests.support.gateway_simulator`: reads the command line, listens, and ends when stdin is closed.

Owns the process. It prints one JSON line with its port when it is ready. It ends with its input, so that it does not outlive a
test, or on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
import threading
from pathlib import Path

from tests.support.gateway_simulator.chat import Chat, Settings
from tests.support.gateway_simulator.defects import Defects
from tests.support.gateway_simulator.latency import Latency
from tests.support.gateway_simulator.server import LATENCIES, STYLES, Server
from tests.support.gateway_simulator.truth import Truth


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gateway_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--truth", type=Path, nargs="*", action="extend", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", choices=LATENCIES, default="none")
    parser.add_argument("--style", choices=STYLES, default="vercel")
    parser.add_argument("--truth-defects", type=Defects.parse, default=Defects())
    parser.add_argument("--key")
    return parser.parse_args()


def _end_with_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    # A thread, because an event loop cannot watch a stdin that is a file or a device.
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(ended.set)


async def _serve(arguments: argparse.Namespace) -> None:
    settings = Settings(
        arguments.seed, arguments.style, arguments.key, Latency(arguments.latency), arguments.truth_defects
    )
    server = Server(Chat(settings, Truth.load(arguments.truth)))
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    threading.Thread(target=_end_with_input, args=(loop, ended), daemon=True).start()
    listening = await loop.create_server(server.connection, "127.0.0.1", arguments.port)
    # The collector must skip the true files from now on, because its pauses would change the measured times.
    gc.freeze()
    sys.stdout.write(json.dumps({"port": listening.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    listening.close()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
