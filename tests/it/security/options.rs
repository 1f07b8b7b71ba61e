//! What can be switched on in the templates: it is on only if asked for, and brings no right that it does not need.

use serde_json::{Value, json};

use super::policy::{is_let_through, rights, statements};
use super::recorder::Asked;
use super::templates::{TEMPLATES, of_type};

#[test]
fn who_calls_from_another_account_does_so_through_the_address_only() {
    let permissions = |template: &str| -> Vec<&'static Value> {
        let of_other = |(_, of): &(&str, &Value)| of["Principal"] == "111111111111";
        of_type(template, "AWS::Lambda::Permission").into_iter().filter(of_other).map(|(_, of)| of).collect()
    };
    assert_eq!(permissions("functions"), Vec::<&Value>::new());
    let expected = [
        json!({
            "Action": "lambda:InvokeFunctionUrl", "FunctionName": "systole-dev-admin", "Principal": "111111111111",
            "FunctionUrlAuthType": "AWS_IAM",
        }),
        json!({
            "Action": "lambda:InvokeFunction", "FunctionName": "systole-dev-admin", "Principal": "111111111111",
            "InvokedViaFunctionUrl": true,
        }),
    ];
    assert_eq!(permissions("functions_bound"), expected.iter().collect::<Vec<_>>());
}

#[test]
fn what_the_rules_of_an_account_ask_for_is_on_only_if_asked_for() {
    for (template, is_on) in [("functions", false), ("functions_bound", true)] {
        for (name, function) in of_type(template, "AWS::Lambda::Function") {
            let vpc = json!({ "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"] });
            assert_eq!(function.get("VpcConfig"), is_on.then_some(&vpc), "{name}");
            let mode = if is_on { "Active" } else { "PassThrough" };
            assert_eq!(function["TracingConfig"]["Mode"], mode, "{name}");
        }
        for (name, role) in of_type(template, "AWS::IAM::Role") {
            let boundary = json!("arn:aws:iam::000000000000:policy/bounds");
            assert_eq!(role.get("PermissionsBoundary"), is_on.then_some(&boundary), "{name}");
        }
    }
}

/// Neither kind of right has a resource to name, so the functions themselves must not be able to use that about networks.
#[test]
fn rights_without_a_resource_are_those_of_networks_and_traces() {
    let roles = TEMPLATES["functions_bound"].as_object().unwrap().iter();
    for (name, role) in roles.filter(|(_, of)| of["Type"] == "AWS::IAM::Role") {
        let of_all = rights(role).into_iter().filter(|right| right.resource == "*").map(|right| right.action);
        let (networks, traces): (Vec<_>, Vec<_>) = of_all.partition(|action| action.starts_with("ec2:"));
        assert_eq!(traces, ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "{name}");
        assert_eq!(networks.len(), 6, "{name}");
        let function = name.strip_suffix("Role").unwrap().to_lowercase();
        let function = format!("arn:aws:lambda:eu-central-1:000000000000:function:systole-dev-{function}");
        for action in networks {
            let asked = Asked { action, resource: "*".to_owned() };
            let of_lambda = is_let_through(&statements(role), &asked, &[]);
            let of_itself = is_let_through(&statements(role), &asked, &[("lambda:SourceFunctionArn", &function)]);
            assert!(of_lambda && !of_itself, "{name}: {asked:?}");
        }
    }
}

#[test]
fn the_access_log_is_private_ends_by_itself_and_is_kept_only_if_asked_for() {
    let [(_, bucket)] = of_type("storage", "AWS::S3::Bucket").try_into().unwrap();
    assert_eq!(bucket.get("LoggingConfiguration"), None);
    let buckets = of_type("storage_logged", "AWS::S3::Bucket");
    let [bucket, log] = ["Bucket", "AccessLogBucket"].map(|name| &TEMPLATES["storage_logged"][name]["Properties"]);
    assert_eq!(buckets.len(), 2);
    let expected = json!({ "DestinationBucketName": log["BucketName"], "LogFilePrefix": "access/" });
    assert_eq!(bucket["LoggingConfiguration"], expected);
    assert_eq!(log["PublicAccessBlockConfiguration"], bucket["PublicAccessBlockConfiguration"]);
    assert_eq!(log["BucketEncryption"], bucket["BucketEncryption"]);
    assert_eq!(log["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"], "90");
}
