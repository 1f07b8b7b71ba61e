"""The loop of a custom runtime: takes events from Lambda and gives answers back.

Only for places that run a `bootstrap`, such as LocalStack without Docker; the Python runtimes of Lambda do this themselves.
"""

import json
import os
import urllib.request

from handler import handler

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def post(path, document):
    urllib.request.urlopen(urllib.request.Request(f"{API}/{path}", json.dumps(document).encode(), method="POST"))


while True:
    with urllib.request.urlopen(f"{API}/next") as response:
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(response)
    try:
        answer = handler(event, None)
    except Exception as error:
        post(f"{request_id}/error", {"errorType": type(error).__name__, "errorMessage": str(error)})
    else:
        post(f"{request_id}/response", answer)
