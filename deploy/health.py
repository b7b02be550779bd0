"""Health page of a service: /healthz, /readyz and /metrics, from a thread of its own.

A thread, because a stage whose event loop is stuck must still be able to report it.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ingest.telemetry import Telemetry

# Each service's own port, so that one machine can run all of them.
PORTS: dict[str, int] = {
    "bridge": 8411,
    "gateway": 8412,
    "detect": 8413,
    "store": 8414,
    "alerts": 8415,
}


class PortTaken(Exception):
    """The port of the health page is taken."""

    exit_code = 2


class HealthServer:
    """Serves the probes and metrics of one `Telemetry`. Raises PortTaken."""

    def __init__(self, telemetry: Telemetry, host: str, port: int) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(telemetry))
        except OSError as error:
            raise PortTaken(
                f"the health page of {telemetry.service} can't listen on {host}:{port} ({error.strerror}): "
                "does the service run already? Else choose another port with DUSTWATCH_HEALTH_PORT"
            ) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def start(self) -> HealthServer:
        """Start to answer; ends with the process or with `stop`."""
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()


def answer(telemetry: Telemetry, path: str) -> tuple[int, str, bytes]:
    """(status, content type, body) for a path."""
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest(telemetry.registry)
    probes = {"/healthz": telemetry.unwell, "/readyz": telemetry.unready}
    if path not in probes:
        return 404, "text/plain", b"try /healthz, /readyz or /metrics\n"
    wrong = probes[path]()
    body = json.dumps({"service": telemetry.service, "ok": not wrong, "wrong": wrong}, ensure_ascii=False)
    return (503 if wrong else 200), "application/json", body.encode()


def _handler(telemetry: Telemetry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answer(telemetry, self.path.split("?", 1)[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing: probes come every few seconds."""

    return Handler
