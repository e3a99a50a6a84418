"""A process for the launcher's tests: serves HTTP as `web`, else sleeps; tells when it is asked to end."""

import http.server
import os
import signal
import sys
import time
from pathlib import Path

NAME = sys.argv[1]
STUBBORN = "--stubborn" in sys.argv
DIARY = Path(os.environ["STATE"]) / "diary"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ready")

    def log_message(self, *arguments):
        pass


def end(number, frame):
    with DIARY.open("a") as diary:
        diary.write(f"{NAME}\n")
    if not STUBBORN:
        sys.exit(0)


signal.signal(signal.SIGTERM, end)
(Path(os.environ["STATE"]) / f"{NAME}.listens").touch()
if NAME == "web":
    http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
while True:
    time.sleep(60)
