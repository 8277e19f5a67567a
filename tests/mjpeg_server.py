"""An HTTP server that behaves like an MJPEG camera, well or badly, for tests. Standard library only.

Paths: `/video` pictures for ever; `/drops` ten pictures, then the connection is closed; `/stalls` five pictures, then
silence on an open connection; `/silent` not even an answer; `/resizing` 320×240, then 160×120; `/locked` wants
`operator` and `correct horse`; `/broken` answers 500; `/page` answers with HTML; `/moved` redirects to `/video`;
`/list.m3u8` is a playlist that names `/video`.
"""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

FRAME_INTERVAL_S = 0.04
CREDENTIALS = base64.b64encode(b"operator:correct horse").decode()


def jpeg(number: int, width: int = 320, height: int = 240) -> bytes:
    """A picture that differs from number to number."""
    image = np.full((height, width, 3), 60, np.uint8)
    cv2.circle(image, ((number * 7) % width, height // 2), height // 5, (40, 200, 240), -1)
    return bytes(cv2.imencode(".jpg", image)[1])


class MjpegServer(ThreadingHTTPServer):
    """Its threads end when `closing` is set, and are waited for."""

    daemon_threads = False
    closing: threading.Event


class _Camera(BaseHTTPRequestHandler):
    server: MjpegServer
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        with contextlib.suppress(OSError):
            if path == "/silent":
                self.server.closing.wait()
            elif path == "/locked" and self.headers.get("Authorization") != f"Basic {CREDENTIALS}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
            elif path == "/broken":
                self.send_error(500)
            elif path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/video")
                self.end_headers()
            elif path == "/list.m3u8":
                self.send_response(200)
                self.send_header("Content-Type", "application/vnd.apple.mpegurl")
                self.end_headers()
                self.wfile.write(b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/video\n#EXT-X-ENDLIST\n")
            elif path == "/page":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<html><body>This is the camera's settings page.</body></html>" * 40)
            elif path in ("/video", "/drops", "/stalls", "/resizing", "/locked"):
                self._stream(path)
            else:
                self.send_error(404)

    def _stream(self, path: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        number = 0
        while not self.server.closing.wait(FRAME_INTERVAL_S):
            if path == "/drops" and number == 10:
                return
            if path == "/stalls" and number == 5:
                self.server.closing.wait()
                return
            size = (160, 120) if path == "/resizing" and number >= 15 else (320, 240)
            picture = jpeg(number, *size)
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            self.wfile.write(head.encode() + picture + b"\r\n")
            number += 1

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def mjpeg_server() -> Iterator[int]:
    """Serves on the loopback address until left; yields the port."""
    server = MjpegServer(("127.0.0.1", 0), _Camera)
    server.closing = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
