"""A reference network's address: answers with the hours it is given, or does not answer; counts who asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class AirFeed:
    """An HTTP server on loopback; `rows` may be changed at any time, `status` is that of its answers."""

    def __init__(self, rows: list[dict[str, Any]] | None = None) -> None:
        self.rows = rows or []
        self.status = 200
        self.tokens: list[str | None] = []  # of each question, in order
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feed.tokens.append(self.headers.get("Authorization"))
                body = json.dumps({"data": {"list": feed.rows}}).encode()
                self.send_response(feed.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/county"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def entry(feed: AirFeed, **more: Any) -> dict[str, Any]:
    """An entry of `background:` in ingest.yaml that asks the address; its rows: {"t", "s", "v"}."""
    base = {"id": "air", "url": feed.url, "every": 600, "label": "end", "unit": "ug/m3"}
    columns = {"rows": "data.list", "time": "t", "station": "s", "values": {"pm10": "v"}}
    return {**base, **columns, **more}
