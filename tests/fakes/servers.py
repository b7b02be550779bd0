"""Tiny local servers for the contract tests of channels: HTTP that answers as told, SMTP that keeps mail."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class HttpFake:
    """Answers every POST by `answer(number)`: (status, headers, body), or None: hangs up without a word."""

    def __init__(self, answer: Callable[[int], tuple[int, dict[str, str], bytes] | None]) -> None:
        self.requests: list[tuple[dict[str, str], Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fake.requests.append(({k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
                said = answer(len(fake.requests))
                if said is None:
                    self.close_connection = True
                    return
                status, headers, text = said
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()


class SmtpFake:
    """Speaks as much SMTP as a client needs. `replies` replaces the answer to a verb, None hangs up."""

    def __init__(self, replies: dict[str, str | None] | None = None) -> None:
        self.mails: list[str] = []
        self.verbs: list[str] = []
        told = replies or {}
        fake = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 fake ready")
                while line := self.rfile.readline().decode().strip():
                    verb = line.split()[0].upper()
                    fake.verbs.append(line)
                    if verb in told and told[verb] is None:
                        return
                    self.say(told.get(verb) or {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok"))
                    if verb == "DATA" and not told.get("DATA"):
                        self.take()
                        if "END" in told and told["END"] is None:
                            return
                        self.say(told.get("END") or "250 kept")
                    if verb == "QUIT":
                        return

            def take(self) -> None:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line)
                fake.mails.append(b"".join(lines).decode())

            def say(self, text: str | None) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PageFake:
    """Answers every GET and POST by `answer(method, path, body)`: (status, headers, body)."""

    def __init__(self, answer: Callable[[str, str, bytes], tuple[int, dict[str, str], bytes]]) -> None:
        self.asked: list[tuple[str, str]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                fake.asked.append((self.command, self.path))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, text = answer(self.command, self.path, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()
