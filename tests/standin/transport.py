"""The web server below the stand-in: connections kept alive, cut, refused or closed."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from standin.faults import Answer

Answering = Callable[[str, str | None, int], Answer]


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; ``answering(target, key, length of the request line)`` answers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answering: Answering):
        self.answering = answering
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without a look-up of the host's name, which may take seconds without a network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def close_everything(self) -> None:
        """Close the port and all connections, whatever they are doing."""
        self.closing.set()
        self.server_close()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    raw_requestline: bytes
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet where they fit

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)
        if self.server.closing.is_set():  # accepted while the server was being closed
            self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        line = len(self.raw_requestline.rstrip(b"\r\n"))
        answer = self.server.answering(self.path, self.headers.get("x-api-key"), line)
        if answer.wait and self.server.closing.wait(answer.wait):
            return self._hang_up()
        if answer.transport == "refuse":
            return self._hang_up()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.transport == "cut":
            self.wfile.write(answer.body[: len(answer.body) // 2])
            return self._hang_up()
        self.wfile.write(answer.body)
        return None

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """Stay silent: ``StandIn.requests`` knows everything."""
