"""Serves a handler on this machine as Lambda would: for `systole dev --function NAME=http://127.0.0.1:9000`.

    python3 serve.py [PORT]

Port 0 takes any that is free. It takes one request after the other.
"""

import json
import sys
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer

from handler import handler


class Invocations(BaseHTTPRequestHandler):
    """Answers `POST /2015-03-31/functions/<name>/invocations`."""

    def do_POST(self):
        if not (self.path.startswith("/2015-03-31/functions/") and self.path.endswith("/invocations")):
            return self.send_error(404)
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            return self.answer(handler(event, None))
        except Exception as error:
            traceback.print_exc()
            failure = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return self.answer(failure, {"X-Amz-Function-Error": "Unhandled"})

    def answer(self, document, headers=()):
        body = json.dumps(document).encode()
        self.send_response(200)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    # This machine only: whoever can call it can run the handler.
    server = HTTPServer(("127.0.0.1", port), Invocations)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
