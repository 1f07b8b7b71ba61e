"""Creates and deletes the storage of a stage in the emulator; see create-storage, delete-storage, deploy-local and
delete-options.

Both may run for several stages at once, and both may be repeated.
"""

import functools
import ipaddress
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TEMPLATE = Path(__file__).parent.parent / "infra" / "storage.yaml"


def create(stage):
    """Prints the variables with which the functions find the storage, as one JSON object."""
    print(json.dumps(make(stage), indent=2))


def make(stage):
    """The same for callers in Python: returns the variables."""
    cloudformation = client("cloudformation")
    stack = stack_name(stage)
    try:
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=TEMPLATE.read_text(),
            Parameters=[
                {"ParameterKey": "Stage", "ParameterValue": stage},
                # It is deleted soon.
                {"ParameterKey": "DeletionProtection", "ParameterValue": "false"},
            ],
        )
    except cloudformation.exceptions.AlreadyExistsException:
        pass
    return variables(settled(cloudformation, stack))


def export(stack):
    """Prints the outputs of a stack as shell variables."""
    for name, value in variables(settled(client("cloudformation"), stack)).items():
        print(f"export {name}={value}")


def variables(description):
    """`StepQueueHighUrl` becomes `STEP_QUEUE_HIGH_URL`; ARNs are for other templates only."""
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}
    names = [key for key in outputs if key.endswith(("Name", "Url"))]
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper(): outputs[name] for name in names}


def delete(stage):
    """Deletes the stack and what its policies retain: this is an emulator, and nothing in it is worth keeping."""
    cloudformation = client("cloudformation")
    stack = stack_name(stage)
    try:
        resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    except ClientError:
        return
    # The bucket first, as one with contents cannot be deleted.
    by_type = {"AWS::S3::Bucket": delete_bucket, "AWS::DynamoDB::Table": delete_table, "AWS::SQS::Queue": delete_queue}
    for resource in resources:
        if resource["ResourceType"] in by_type and "PhysicalResourceId" in resource:
            ignoring_absence(by_type[resource["ResourceType"]], resource["PhysicalResourceId"])
    cloudformation.delete_stack(StackName=stack)


def undeploy(stage):
    """Ends what is woken in a stage, and deletes its functions, its alarms and its storage."""
    for mapping in client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        if f":function:systole-{stage}-" in mapping["FunctionArn"]:
            ignoring_absence(lambda uuid: client("lambda").delete_event_source_mapping(UUID=uuid), mapping["UUID"])
    for rule in client("events").list_rules(NamePrefix=f"systole-{stage}-")["Rules"]:
        delete_rule(rule["Name"])
    for function in ("heartbeat", "runner", "intake", "admin"):
        ignoring_absence(
            lambda name: client("lambda").delete_function(FunctionName=name), f"systole-{stage}-{function}"
        )
    client("cloudformation").delete_stack(StackName=f"systole-{stage}-alarms")
    delete(stage)


def delete_rule(name):
    targets = client("events").list_targets_by_rule(Rule=name)["Targets"]
    if targets:
        client("events").remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
    client("events").delete_rule(Name=name)


def delete_bucket(name):
    delete_objects(name)
    client("s3").delete_bucket(Bucket=name)


def delete_objects(name):
    """Deletes everything in a bucket, old versions too."""
    s3 = client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        keys = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]
        if keys:
            s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})


def delete_table(name):
    client("dynamodb").delete_table(TableName=name)


def delete_queue(url):
    client("sqs").delete_queue(QueueUrl=url)


def ignoring_absence(action, name):
    try:
        action(name)
    except ClientError as error:
        if not re.search("NotFound|NoSuch|NonExistent", error.response["Error"]["Code"]):
            raise


def settled(cloudformation, stack):
    """Waits until CloudFormation has done what it was asked for. boto3's own waiter looks only every 30 s."""
    give_up = time.monotonic() + 120
    while True:
        description = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = description["StackStatus"]
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return description
        if not status.endswith("IN_PROGRESS"):
            sys.exit(f"stack `{stack}` is {status}: {first_failure(cloudformation, stack)}")
        if time.monotonic() > give_up:
            sys.exit(f"stack `{stack}` is still {status} after 120 s")
        time.sleep(0.03)


def first_failure(cloudformation, stack):
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
    return f"{failed[0]['LogicalResourceId']}: {failed[0].get('ResourceStatusReason')}" if failed else "no reason given"


def stack_name(stage):
    return f"systole-{stage}-storage"


# Two threads may share a client, but not make one at the same time.
MAKING = threading.Lock()


def client(service):
    with MAKING:
        return made(service)


@functools.cache
def made(service):
    # Making a client takes longer than a call of it, so it is made once.
    # Parallel creations wait for each other in the emulator, which a default time-out of 60 s may not survive.
    return boto3.client(service, config=Config(read_timeout=180, retries={"total_max_attempts": 1}))


def refuse_anything_but_an_emulator():
    """`delete` removes tables and buckets that production would retain, so it must never reach one."""
    host = urlsplit(os.environ["AWS_ENDPOINT_URL"]).hostname
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        sys.exit(f"AWS_ENDPOINT_URL: `{host}` is not this machine; this script is for the emulator only")


if __name__ == "__main__":
    refuse_anything_but_an_emulator()
    {"create": create, "delete": delete, "export": export, "undeploy": undeploy}[sys.argv[1]](sys.argv[2])
