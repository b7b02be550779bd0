"""A department's webhook: counts what it was told by id, and can stall after it has taken a message."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # with the library's 5, connections made at once wait a second for their next try
    request_queue_size = 128


class WebhookSink:
    """An HTTP server on loopback; `received` holds (arrival ns, idempotency key, body)."""

    def __init__(self) -> None:
        self.received: list[tuple[int, str, dict[str, Any]]] = []
        self.taken = threading.Event()
        # While clear, a message is taken but not answered: the sender can't know.
        self.answering = threading.Event()
        self.answering.set()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                key = self.headers.get("Idempotency-Key") or ""
                sink.received.append((time.time_ns(), key, json.loads(body)))
                sink.taken.set()
                sink.answering.wait(30)
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"ok")
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the sender was killed: that is what the test wants

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/told"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def ids(self) -> list[str]:
        """Idempotency keys in order of arrival."""
        return [key for _, key, _ in self.received]

    def close(self) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()
