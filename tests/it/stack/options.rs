//! What can be switched on in the templates, deployed into the emulated AWS. The stage of the other tests has none of it.
//!
//! The emulator has no HTTP API and no metric filters, does not log the accesses of a bucket, takes no number for the
//! threshold of an alarm from a parameter, and does not change what an option changes in a resource that there is already:
//! so there is a stage of its own for all other options at once.

use serde_json::{Value, json};

use super::{Answer, curl, localstack, variable};

/// A stage with everything switched on; taken down when this is dropped.
struct Optional {
    stage: String,
}

impl Optional {
    fn deploy(options: &[(&str, &str)]) -> Self {
        let optional = Optional { stage: format!("opt-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]) };
        let options: Vec<String> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let arguments: Vec<&str> =
            [optional.stage.as_str()].into_iter().chain(options.iter().map(String::as_str)).collect();
        localstack("deploy-options", &arguments);
        optional
    }

    fn configuration(&self, function: &str) -> Value {
        configuration(&format!("systole-{}-{function}", self.stage))
    }
}

impl Drop for Optional {
    fn drop(&mut self) {
        localstack("delete-options", &[&self.stage]);
    }
}

fn signed(service: &str, arguments: &[&str]) -> Answer {
    let signature =
        format!("Authorization: AWS4-HMAC-SHA256 Credential=test/20000101/eu-central-1/{service}/aws4_request");
    let answer = curl([&["--header", &signature], arguments].concat());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

fn configuration(function: &str) -> Value {
    let url = format!("{}/2015-03-31/functions/{function}/configuration", variable("AWS_ENDPOINT_URL"));
    signed("lambda", &[&url]).json()
}

/// What stands between tags of that name in an answer of a service that speaks XML.
fn between(tag: &str, answer: &Answer) -> Vec<String> {
    let begin = format!("<{tag}>");
    let parts = answer.body.split(&begin).skip(1);
    parts.map(|part| part.split("</").next().unwrap().to_owned()).collect()
}

/// The ids of what the emulated account has of networks from the start.
fn network(action: &str, tag: &str) -> String {
    let data = format!("Action={action}&Version=2016-11-15");
    let mut ids = between(tag, &signed("ec2", &["--data", &data, &variable("AWS_ENDPOINT_URL")]));
    ids.sort();
    ids.dedup();
    ids.truncate(2);
    assert!(!ids.is_empty(), "{action} lists nothing");
    ids.join(",")
}

#[test]
fn a_stage_with_every_option_is_deployed() {
    let subnets = network("DescribeSubnets", "subnetId");
    let groups = network("DescribeSecurityGroups", "groupId");
    let boundary = "arn:aws:iam::000000000000:policy/bounds";
    let optional = Optional::deploy(&[
        ("AccessLogDays", "90"),
        ("AdminOtherCaller", "111111111111"),
        ("HttpAllowedHosts", "shop.example.com"),
        ("InvokableFunctions", "arn:aws:lambda:eu-central-1:000000000000:function:tax"),
        ("PermissionsBoundary", boundary),
        ("RunnersHigh", "3"),
        ("SecretArns", "arn:aws:ssm:eu-central-1:000000000000:parameter/systole/erp"),
        ("Secrets", "ERP=ssm:/systole/erp"),
        ("Tracing", "Active"),
        ("VpcSecurityGroups", &groups),
        ("VpcSubnets", &subnets),
    ]);
    for function in ["heartbeat", "runner", "intake", "admin"] {
        let with = optional.configuration(function);
        let found: Vec<&str> =
            with["VpcConfig"]["SubnetIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(
            (found.join(","), &with["TracingConfig"]["Mode"]),
            (subnets.clone(), &json!("Active")),
            "{function}"
        );
        let without = configuration(&variable(&format!("{}_FUNCTION", function.to_uppercase())));
        let ids = without["VpcConfig"]["SubnetIds"].as_array().map_or(0, Vec::len);
        assert_eq!((ids, &without["TracingConfig"]["Mode"]), (0, &json!("PassThrough")), "{function}");
    }
    let variables = &optional.configuration("runner")["Environment"]["Variables"];
    assert_eq!(
        (&variables["SECRETS"], &variables["HTTP_ALLOWED_HOSTS"]),
        (&json!("ERP=ssm:/systole/erp"), &json!("shop.example.com"))
    );
    let role = optional.configuration("runner")["Role"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let data = format!("Action=GetRole&Version=2010-05-08&RoleName={role}");
    let answer = signed("iam", &["--data", &data, &variable("AWS_ENDPOINT_URL")]);
    assert_eq!(between("PermissionsBoundaryArn", &answer), [boundary]);
    let url = format!("{}/2015-03-31/functions/systole-{}-admin/policy", variable("AWS_ENDPOINT_URL"), optional.stage);
    let policy = signed("lambda", &[&url]).json()["Policy"].as_str().unwrap().to_owned();
    assert!(policy.contains("lambda:InvokeFunctionUrl") && policy.contains("111111111111"), "{policy}");
}
