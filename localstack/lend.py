"""Lends storage in the emulator to tests; see lend-storage.

Tests are processes of their own and come by the hundreds. Emptying storage takes a tenth of the time that creating and
deleting does, so what was given back is emptied and lent again. Who holds a connection holds the storage; its end, which
comes when the test has ended for whatever reason, gives it back.
"""

import contextlib
import fcntl
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

# Byte code of our own would lie among the sources.
sys.dont_write_bytecode = True

# So long after the last loan it ends, if nobody ended it before; in seconds.
IDLE = 300


def main(run):
    """Lends until it is idle, unless another one does or begins to."""
    address = run / "lender.address"
    with (run / "lender.lock").open("w") as lock:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lend(address)
            if address.exists():
                return None
            time.sleep(0.05)


def lend(address):
    # Not needed, and slow, where another one lends.
    import storage

    storage.refuse_anything_but_an_emulator()
    lender = Lender(storage)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)
        complete = address.with_suffix(".new")
        complete.write_text("{}:{}".format(*listener.getsockname()))
        complete.rename(address)
        try:
            while not lender.is_idle():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    lender.begin(connection)
        finally:
            address.unlink(missing_ok=True)
    lender.delete()


class Lender:
    """The storages that there are, and who has one."""

    def __init__(self, storage):
        self.storage = storage
        self.lock = threading.Lock()
        self.stages, self.free = [], []
        self.loans, self.last = 0, time.monotonic()

    def is_idle(self):
        with self.lock:
            return not self.loans and time.monotonic() - self.last > IDLE

    def begin(self, connection):
        with self.lock:
            self.loans += 1
        threading.Thread(target=self.loan, args=[connection], daemon=True).start()

    def loan(self, connection):
        """One loan, from the connection to its end."""
        try:
            with connection:
                try:
                    variables = self.take()
                # What ends a script ends only its thread here.
                except (Exception, SystemExit) as error:
                    answer(connection, {"problem": repr(error)})
                    raise
                answer(connection, variables)
                # Ends with the borrower, orderly or not.
                with contextlib.suppress(OSError):
                    connection.recv(1)
            self.empty(variables)
            with self.lock:
                self.free.append(variables)
        finally:
            with self.lock:
                self.loans, self.last = self.loans - 1, time.monotonic()

    def take(self):
        with self.lock:
            if self.free:
                return self.free.pop()
            stage = f"test-{os.getpid()}-{len(self.stages)}"
            self.stages.append(stage)
        return self.storage.make(stage)

    def empty(self, variables):
        for url in (value for name, value in variables.items() if name.endswith("_URL")):
            self.storage.client("sqs").purge_queue(QueueUrl=url)
        self.empty_bucket(variables["BUCKET_NAME"])
        self.empty_table(variables["TABLE_NAME"])

    def empty_bucket(self, name):
        s3 = self.storage.client("s3")
        for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        self.storage.delete_objects(name)

    def empty_table(self, name):
        dynamodb = self.storage.client("dynamodb")
        for page in dynamodb.get_paginator("scan").paginate(TableName=name, ProjectionExpression="pk, sk"):
            deletes = [{"DeleteRequest": {"Key": key}} for key in page["Items"]]
            # So many are in one request at most.
            for start in range(0, len(deletes), 25):
                left = {name: deletes[start : start + 25]}
                while left:
                    left = dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]

    def delete(self):
        for stage in self.stages:
            # The emulator may be gone, with everything in it.
            with contextlib.suppress(Exception):
                self.storage.delete(stage)


def answer(connection, variables):
    connection.sendall(json.dumps(variables).encode() + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
