"""A TCP proxy that can be cut, held up, or closed to newcomers: a real network that misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class FlakyProxy:
    """Forwards connections to a port of the loopback address. Methods may be called from any thread."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run)

    def hold(self) -> None:
        """Nothing passes any more; connections stay open."""
        self._call(self._flowing.clear)

    def flow(self) -> None:
        """Everything passes again."""
        self._call(self._flowing.set)

    def cut(self) -> None:
        """Every connection is closed; new ones are welcome."""
        self._call(lambda: [writer.transport.abort() for writer in self._writers])

    def refuse(self) -> None:
        """Every connection is closed, and nobody listens any more."""
        assert self._server is not None
        self._call(self._server.close)
        self.cut()

    def listen(self) -> None:
        """Listens again, on the same port."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)

    def start(self) -> None:
        self._thread.start()
        self.listen()
        self.flow()

    def stop(self) -> None:
        self.refuse()
        self._call(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def _call(self, work: object) -> None:
        done = threading.Event()

        def run() -> None:
            work()  # type: ignore[operator]
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(5)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, their_writer}
        with contextlib.suppress(OSError):
            await asyncio.gather(self._pump(reader, their_writer), self._pump(their_reader, writer))
        self._writers -= {writer, their_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


@contextlib.contextmanager
def flaky_proxy(target_port: int) -> Iterator[FlakyProxy]:
    """Proxies until left."""
    proxy = FlakyProxy(target_port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
