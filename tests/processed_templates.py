"""Prints the templates as CloudFormation sees them in the end: transformed by SAM, intrinsics resolved, for one stage.

    processed_templates.py STAGE

The answer is one JSON object: `storage`, `functions` (with everything left at its default), `functions_open` (with functions
to invoke, secrets to read and tokens allowed), `functions_bound` (with all that the rules of an account may ask for, and a
caller from outside), `storage_logged` (with an access log) and `alarms`, each with the resources that its conditions leave, by their logical ids. Runs in
the environment of the SAM command line and needs neither an account nor an emulator. An intrinsic that it does not know
is an error and never a guess.
"""

import copy
import json
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
sys.dont_write_bytecode = True

from samcli.yamlhelper import yaml_parse  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

INFRA = Path(__file__).parent.parent / "infra"
PSEUDO = {
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "systole",
}
ABSENT = object()

# What `Ref` and `GetAtt` of a resource give, by its type: attribute to form, with `{}` as the physical name.
FORMS = {
    "AWS::DynamoDB::Table": ("TableName", {"Ref": "{}", "Arn": "arn:aws:dynamodb:eu-central-1:000000000000:table/{}"}),
    "AWS::S3::Bucket": ("BucketName", {"Ref": "{}", "Arn": "arn:aws:s3:::{}"}),
    "AWS::SQS::Queue": (
        "QueueName",
        {
            "Ref": "https://sqs.eu-central-1.amazonaws.com/000000000000/{}",
            "Arn": "arn:aws:sqs:eu-central-1:000000000000:{}",
        },
    ),
    "AWS::Logs::LogGroup": (
        "LogGroupName",
        {"Ref": "{}", "Arn": "arn:aws:logs:eu-central-1:000000000000:log-group:{}:*"},
    ),
    "AWS::Lambda::Function": (
        "FunctionName",
        {"Ref": "{}", "Arn": "arn:aws:lambda:eu-central-1:000000000000:function:{}"},
    ),
    "AWS::SNS::Topic": ("TopicName", {"Ref": "arn:aws:sns:eu-central-1:000000000000:{}"}),
}


class Stack:
    """One template with its parameters; `exports` are the values that other stacks give out by name."""

    def __init__(self, template, parameters, exports):
        self.template = template
        self.exports = exports
        self.values = dict(PSEUDO)
        for name, parameter in template.get("Parameters", {}).items():
            value = parameters.get(name, parameter.get("Default"))
            is_list = parameter["Type"] == "CommaDelimitedList"
            self.values[name] = str(value).split(",") if is_list else str(value)

    def resources(self):
        kept = {}
        for name, resource in self.template["Resources"].items():
            if "Condition" not in resource or self.is_met(resource["Condition"]):
                kept[name] = self.resolve(resource)
        return kept

    def outputs(self):
        found = {}
        for output in self.template.get("Outputs", {}).values():
            if "Export" in output:
                found[self.resolve(output["Export"]["Name"])] = self.resolve(output["Value"])
        return found

    def is_met(self, condition):
        return self.logic(self.template["Conditions"][condition])

    def logic(self, term):
        [(word, operands)] = term.items()
        match word:
            case "Condition":
                return self.is_met(operands)
            case "Fn::Not":
                return not self.logic(operands[0])
            case "Fn::And":
                return all(self.logic(operand) for operand in operands)
            case "Fn::Or":
                return any(self.logic(operand) for operand in operands)
            case "Fn::Equals":
                return self.resolve(operands[0]) == self.resolve(operands[1])
        raise SystemExit(f"`{word}` is no function of conditions that is known here")

    def resolve(self, value):
        if isinstance(value, list):
            items = [self.resolve(item) for item in value]
            return [item for item in items if item is not ABSENT]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(word, operand)] = value.items()
            if word == "Ref" or word.startswith("Fn::"):
                return self.intrinsic(word, operand)
        fields = {name: self.resolve(field) for name, field in value.items()}
        return {name: field for name, field in fields.items() if field is not ABSENT}

    def intrinsic(self, word, operand):
        match word:
            case "Ref":
                return self.named(operand)
            case "Fn::GetAtt":
                name, attribute = operand if isinstance(operand, list) else operand.split(".", 1)
                return self.attribute(name, attribute)
            case "Fn::Sub":
                text, more = operand if isinstance(operand, list) else (operand, {})
                more = {name: self.resolve(of) for name, of in more.items()}
                return re.sub(r"\$\{([^}]+)\}", lambda match: more.get(match[1]) or self.named(match[1]), text)
            case "Fn::ImportValue":
                return self.exports[self.resolve(operand)]
            case "Fn::Split":
                return self.resolve(operand[1]).split(operand[0])
            case "Fn::Join":
                return operand[0].join(self.resolve(operand[1]))
            case "Fn::Select":
                return self.resolve(operand[1])[int(operand[0])]
            case "Fn::If":
                return self.resolve(operand[1] if self.is_met(operand[0]) else operand[2])
        raise SystemExit(f"`{word}` is no function that is known here")

    def named(self, name):
        if name == "AWS::NoValue":
            return ABSENT
        if name in self.values:
            return self.values[name]
        name, _, attribute = name.partition(".")
        return self.attribute(name, attribute or "Ref")

    def attribute(self, name, attribute):
        resource = self.template["Resources"][name]
        if resource["Type"] not in FORMS:
            return f"{name}.{attribute}"
        property_name, forms = FORMS[resource["Type"]]
        return forms[attribute].format(self.resolve(resource["Properties"][property_name]))


class NoManagedPolicies:
    """All policies are written out; SAM asks for the list of AWS's own anyway."""

    def load(self):
        return {}


def processed(name, parameters, exports):
    template = yaml_parse((INFRA / f"{name}.yaml").read_text())
    if "Transform" in template:
        for resource in template["Resources"].values():
            if "CodeUri" in resource.get("Properties", {}):
                # `sam deploy` puts the packages there first.
                resource["Properties"]["CodeUri"] = "s3://packages/package.zip"
        template = transform(copy.deepcopy(template), dict(parameters), NoManagedPolicies())
    return Stack(template, parameters, exports)


def main(stage):
    of_stage = {"Stage": stage}
    storage = processed("storage", of_stage, {})
    exports = storage.outputs()
    opened = {
        "InvokableFunctions": "arn:aws:lambda:eu-central-1:000000000000:function:tax",
        "AdminIssuer": "https://issuer.example.com",
        "AdminAudience": "client",
        "Secrets": "ERP=ssm:/systole/erp,SHOP=arn:aws:secretsmanager:eu-central-1:000000000000:secret:shop-AbC1e2",
        "SecretArns": ",".join(
            [
                "arn:aws:ssm:eu-central-1:000000000000:parameter/systole/erp",
                "arn:aws:secretsmanager:eu-central-1:000000000000:secret:shop-AbC1e2",
                "arn:aws:kms:eu-central-1:000000000000:key/1",
            ]
        ),
    }
    bound = {
        "AdminOtherCaller": "111111111111",
        "VpcSubnets": "subnet-1,subnet-2",
        "VpcSecurityGroups": "sg-1",
        "PermissionsBoundary": "arn:aws:iam::000000000000:policy/bounds",
        "Tracing": "Active",
    }
    answer = {
        "storage": storage.resources(),
        "functions": processed("functions", of_stage, exports).resources(),
        "functions_open": processed("functions", of_stage | opened, exports).resources(),
        "functions_bound": processed("functions", of_stage | bound, exports).resources(),
        "storage_logged": processed("storage", of_stage | {"AccessLogDays": "90"}, {}).resources(),
        "alarms": processed("alarms", of_stage | {"MailTo": "ops@example.com"}, {}).resources(),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
