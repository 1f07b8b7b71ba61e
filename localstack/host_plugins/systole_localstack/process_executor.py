"""Runs Lambda functions with a custom runtime as host processes.

LocalStack's own executor starts one container per execution environment. This one starts the function's `bootstrap`
instead, and serves it the Lambda Runtime API: an execution environment is one process that asks for one event after the
other. It does not imitate what a container would add: no memory limit, no read-only file system, no freezing between
two events, no extensions, no streamed responses.

Invariant: at most one process per executor, and none after `stop`.
"""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswerYet
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

# Lambda allows 10 s for the initialisation of a function; a debug build on a busy machine gets more.
READY_WITHIN_SECONDS = 15

# Between SIGTERM and SIGKILL. Nothing needs a graceful end, the delay only lets the last log lines out.
STOP_WITHIN_SECONDS = 1

# Handed from the emulator's start script to the functions: `down` recognises by it what belongs to this emulator, and
# DynamoDB answers several times faster when asked directly.
PASSED_ON = ("PATH", "SYSTOLE_EMULATOR", "AWS_ENDPOINT_URL_DYNAMODB")


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Makes the executor known to LocalStack as `LAMBDA_RUNTIME_EXECUTOR=process`."""

    name = "process"

    def load(self, *args, **kwargs):
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    """One execution environment; replaces its sandbox when that crashed or ran out of time."""

    def __init__(self, id, function_version):
        super().__init__(id=id, function_version=function_version)
        logs = Path(os.environ["SYSTOLE_FUNCTION_LOGS"])
        self.log = logs / f"{function_version.id.function_name}-{id[:8]}.log"
        # While an invocation runs, a file of its id holds the id of the process that runs it; see `kill-invocation`.
        self.running = logs / "running"
        self.running.mkdir(exist_ok=True)
        self.lock = threading.Lock()
        self.sandbox = None
        self.environment = {}
        self.is_stopped = False

    def start(self, env_vars):
        code = str(self.function_version.config.code.get_unzipped_code_location())
        logging_config = self.function_version.config.logging_config
        self.environment = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **{name: str(value) for name, value in env_vars.items()},
            "LAMBDA_TASK_ROOT": code,
            # Lambda tells the runtime how to log by these two; LocalStack only stores the setting.
            "AWS_LAMBDA_LOG_FORMAT": logging_config.get("LogFormat", "Text"),
            "AWS_LAMBDA_LOG_LEVEL": logging_config.get("ApplicationLogLevel", "INFO"),
        }
        self._start_sandbox()

    def stop(self):
        with self.lock:
            self.is_stopped = True
            if self.sandbox:
                self.sandbox.stop()

    def invoke(self, payload):
        # It may have died while it had nothing to do.
        self._ensure_sandbox()
        log_start = self.log.stat().st_size
        running = self.running / payload["invoke-id"]
        running.write_text(str(self.sandbox.process.pid))
        try:
            body, is_error = self.sandbox.run(payload)
        finally:
            running.unlink()
        self._ensure_sandbox()
        return InvocationResult(payload["invoke-id"], body, is_error=is_error, logs=self._log_from(log_start))

    def _ensure_sandbox(self):
        if not self.sandbox.is_usable:
            self.sandbox.stop()
            self._start_sandbox()

    def _start_sandbox(self):
        # `stop` comes from another thread, perhaps during an invocation whose process it kills: no new one then.
        with self.lock:
            if not self.is_stopped:
                self.sandbox = Sandbox(self.environment, self.log, self.function_version.config.timeout)
        self.sandbox.wait_until_ready()

    def _log_from(self, position):
        with self.log.open(errors="replace") as log:
            log.seek(position)
            return log.read()

    def get_logs(self):
        return self._log_from(0)

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        # Asked for by LocalStack's helper inside its containers, which does not exist here.
        return f"http://127.0.0.1/unused/{self.id}"

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()
        # Zips made without permissions unpack as plain files.
        bootstrap = function_version.config.code.get_unzipped_code_location() / "bootstrap"
        bootstrap.chmod(0o755)

    @classmethod
    def cleanup_version(cls, function_version):
        pass


class Sandbox:
    """One bootstrap process and the Runtime API that serves it."""

    def __init__(self, environment, log, timeout_seconds):
        self.log = log
        self.timeout_seconds = timeout_seconds
        self.api = RuntimeApi(timeout_seconds)
        code = environment["LAMBDA_TASK_ROOT"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [f"{code}/bootstrap"],
                cwd=code,
                env={**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_port}"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A process group of its own: what the function started ends with it.
                start_new_session=True,
            )

    @property
    def is_usable(self):
        return self.process.poll() is None

    def wait_until_ready(self):
        """Returns once the function has asked for its first event."""
        give_up = time.monotonic() + READY_WITHIN_SECONDS
        while not self.api.is_ready.wait(0.05):
            if not self.is_usable or time.monotonic() > give_up:
                self.stop()
                tail = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"bootstrap did not ask for an event, exit status {self.process.poll()}: {tail}")

    def run(self, payload):
        """Hands over one event and returns (answer, is_error)."""
        answer = self.api.offer(payload)
        give_up = time.monotonic() + self.timeout_seconds
        while time.monotonic() < give_up:
            try:
                return answer.result(timeout=0.1)
            except NoAnswerYet:
                if not self.is_usable:
                    return self._failed(payload, "Runtime.ExitError", f"exited with status {self.process.poll()}")
        return self._failed(payload, "Sandbox.Timedout", f"timed out after {self.timeout_seconds:.2f} seconds")

    def _failed(self, payload, kind, what):
        self.stop()
        message = f"RequestId: {payload['invoke-id']} Error: task {what}"
        return json.dumps({"errorType": kind, "errorMessage": message}).encode(), True

    def stop(self):
        if self.is_usable:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(STOP_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.api.close()


class RuntimeApi(ThreadingHTTPServer):
    """The HTTP interface through which a runtime fetches events and returns answers, for one process."""

    daemon_threads = True

    def __init__(self, timeout_seconds):
        super().__init__(("127.0.0.1", 0), RuntimeApiHandler)
        self.timeout_seconds = timeout_seconds
        self.is_ready = threading.Event()
        self.events = queue.Queue()
        self.answers = {}
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def offer(self, payload):
        answer = self.answers[payload["invoke-id"]] = Future()
        self.events.put(payload)
        return answer

    def close(self):
        self.events.put(None)  # ends the request that is waiting for an event
        self.shutdown()
        self.server_close()


class RuntimeApiHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if not self.path.endswith("/runtime/invocation/next"):
            return self._reply(404)
        self.server.is_ready.set()
        payload = self.server.events.get()
        if payload is None:
            self.close_connection = True
            return None
        deadline = time.time() + self.server.timeout_seconds
        return self._reply(
            200,
            payload["payload"].encode(),
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": payload["invoke-id"],
                "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
                "Lambda-Runtime-Trace-Id": payload["trace-id"],
                "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            },
        )

    def do_POST(self):
        body = self._body()
        # …/runtime/invocation/<id>/response, …/runtime/invocation/<id>/error or …/runtime/init/error
        *_, subject, outcome = self.path.split("/")
        answer = self.server.answers.pop(subject, None)
        if answer:
            answer.set_result((body, outcome == "error"))
        self._reply(202, b'{"status":"OK"}')

    def _body(self):
        length = self.headers.get("Content-Length")
        if length is not None:
            return self.rfile.read(int(length))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass  # the requests of a busy function would drown LocalStack's own log
