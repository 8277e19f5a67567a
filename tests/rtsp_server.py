"""A real RTSP server (GStreamer's) for tests; the module is also the program that runs it.

`rtsp_server` starts it under the system's Python, which has GStreamer's bindings, and yields two ports: one open to
all, with the paths `/video` and `/resizing`, and one with `/video` for the user `operator` with the password
`correct horse` (digest). Files are H.264 (or H.265) byte streams, served over and over at 15 pictures a second.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"


def available() -> bool:
    """Whether GStreamer's server and its bindings are installed."""
    check = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", check], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class RtspPorts:
    """Where the server listens, on the loopback address."""

    open: int
    locked: int


@contextlib.contextmanager
def rtsp_server(video: Path, resizing: Path, port: int = 0, codec: str = "h264") -> Iterator[RtspPorts]:
    """Serves until left. `port` is that of the open server, 0 takes a free one."""
    process = subprocess.Popen(
        [SYSTEM_PYTHON, __file__, str(video), str(resizing), str(port), codec], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield RtspPorts(*(int(number) for number in process.stdout.readline().split()))
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

    class LoopingFile(GstRtspServer.RTSPMediaFactory):
        """Feeds the file's video again and again, at its own rate, with times that go on."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self._path = path
            self.set_shared(False)

        def do_create_element(self, _url: object) -> object:
            return Gst.parse_launch(
                f"( multifilesrc location={self._path} loop=true ! {codec}parse config-interval=-1 ! "
                f"video/x-{codec},stream-format=byte-stream,alignment=au,framerate=15/1 ! "
                f"rtp{codec}pay name=pay0 pt=96 )"
            )

    def serve(paths: dict[str, str], auth: GstRtspServer.RTSPAuth | None, port: str) -> GstRtspServer.RTSPServer:
        server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service(port)
        for path, file in paths.items():
            factory = LoopingFile(file)
            if auth is not None:
                permissions = GstRtspServer.RTSPPermissions()
                permissions.add_permission_for_role("operator", "media.factory.access", True)
                permissions.add_permission_for_role("operator", "media.factory.construct", True)
                factory.set_permissions(permissions)
            server.get_mount_points().add_factory(path, factory)
        if auth is not None:
            server.set_auth(auth)
        if server.attach(None) == 0:
            raise SystemExit("the RTSP server cannot listen")
        return server

    Gst.init(None)
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    operator = GstRtspServer.RTSPToken()
    operator.set_string("media.factory.role", "operator")
    auth.add_digest("operator", "correct horse", operator)
    video, resizing, port, codec = sys.argv[1:]
    servers = [
        serve({"/video": video, "/resizing": resizing}, None, port),
        serve({"/video": video}, auth, "0"),
    ]
    print(*(server.get_bound_port() for server in servers), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
