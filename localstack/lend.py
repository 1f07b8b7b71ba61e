"""Lends the storage of a stage to a test binary; see lend-storage.

Emptying takes a tenth of the time that creating and deleting does.
"""

import contextlib
import functools
import io
import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# Byte code of our own would lie among the sources.
sys.dont_write_bytecode = True
import storage  # noqa: E402

# Making a client takes longer than a call of it.
client = functools.cache(storage.client)
resource = functools.cache(boto3.resource)


def lend(stage):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        storage.create(stage)
    variables = json.loads(printed.getvalue())
    try:
        answer(variables)
        for _ in sys.stdin:
            empty(variables)
            answer({})
    finally:
        # The emulator may be ending, too, with everything in it.
        with contextlib.suppress(BotoCoreError, ClientError):
            storage.delete(stage)


def answer(value):
    print(json.dumps(value), flush=True)


def empty(variables):
    sqs = client("sqs")
    for url in (value for name, value in variables.items() if name.endswith("_URL")):
        sqs.purge_queue(QueueUrl=url)
    empty_bucket(variables["BUCKET_NAME"])
    empty_table(resource("dynamodb").Table(variables["TABLE_NAME"]))


def empty_bucket(name):
    s3 = client("s3")
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    resource("s3").Bucket(name).object_versions.delete()


def empty_table(table):
    request = {"ProjectionExpression": "pk, sk"}
    with table.batch_writer() as batch:
        while True:
            page = table.scan(**request)
            for key in page["Items"]:
                batch.delete_item(Key=key)
            if "LastEvaluatedKey" not in page:
                break
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


if __name__ == "__main__":
    storage.refuse_anything_but_an_emulator()
    lend(sys.argv[1])
