"""A node of a chain at its worst: a server in front of a good one that alters or withholds answers."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx

# Takes a request and the good node's answer; returns what to answer, or None to hang up.
Change = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None]


class Node:
    """A server that asks the good node and passes each answer through `change`."""

    def __init__(self, upstream: str) -> None:
        self.asked: list[dict[str, Any]] = []
        self.change: Change = lambda request, answer: answer
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                node.asked.append(request)
                answer = node.change(request, httpx.post(upstream, json=request, timeout=30).json())
                if answer is None:
                    self.close_connection = True
                    return
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Node"]:
        """Answer until the block ends."""
        thread = Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
