"""Starts DynamoDB Local from the files that the install script laid out.

LocalStack would download its own copy, a Java runtime for it and a Java agent that lifts the limit on indexes. None of
the three is needed: the installed copy runs on the system's Java (17 is tried), and the table has one index.
"""

import os

from localstack.runtime import hooks
from localstack.services.dynamodb.packages import DynamoDBLocalPackageInstaller
from localstack.services.dynamodb.server import DynamodbServer


@hooks.on_infra_start()
def serve_installed_dynamodb():
    DynamoDBLocalPackageInstaller.install = lambda self, *args, **kwargs: None
    DynamoDBLocalPackageInstaller.get_java_env_vars = lambda self: {}
    DynamodbServer._create_shell_command = _command


def _command(server):
    home = os.environ["SYSTOLE_DYNAMODB_LOCAL"]
    return [
        "java",
        "-Xmx256m",
        f"-Djava.library.path={home}/DynamoDBLocal_lib",
        "-jar",
        f"{home}/DynamoDBLocal.jar",
        "-port",
        str(server.port),
        "-inMemory",
        # One set of tables for all credentials and regions: a test that asks DynamoDB directly sees what LocalStack's
        # CloudFormation created, though LocalStack signs with other credentials.
        "-sharedDb",
        "-disableTelemetry",
    ]
