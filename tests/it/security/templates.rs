//! What the templates promise beside the rights of the functions: who may come in, and that nothing lies open.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::policy::{processed, rights, statements, texts};

static TEMPLATES: LazyLock<Value> = LazyLock::new(|| processed("dev"));

/// Variables of functions: where things are and what is allowed, and nothing that would open a door.
const VARIABLES: [&str; 10] = [
    "BUCKET_NAME",
    "HTTP_ALLOWED_HOSTS",
    "INVOKABLE_FUNCTIONS",
    "ROLES_CLAIM",
    "ROLE_BINDINGS",
    "STEP_DEAD_LETTERS_URL",
    "STEP_QUEUE_HIGH_URL",
    "STEP_QUEUE_LOW_URL",
    "STEP_QUEUE_NORMAL_URL",
    "TABLE_NAME",
];

/// The resources of a type in a template, with their logical ids.
fn of_type(template: &str, kind: &str) -> Vec<(&'static str, &'static Value)> {
    let resources = TEMPLATES[template].as_object().unwrap();
    let found: Vec<_> = resources
        .iter()
        .filter(|(_, of)| of["Type"] == kind)
        .map(|(name, of)| (name.as_str(), &of["Properties"]))
        .collect();
    assert!(!found.is_empty(), "{template} has no {kind}");
    found
}

/// The kinds of resources that let somebody do something, and the templates that have them; the tests here look at each.
const POLICIES: [(&str, &str); 7] = [
    ("functions", "AWS::IAM::Role"),
    ("functions_open", "AWS::IAM::Role"),
    ("functions", "AWS::Lambda::Permission"),
    ("functions_open", "AWS::Lambda::Permission"),
    ("storage", "AWS::SQS::QueuePolicy"),
    ("storage", "AWS::S3::BucketPolicy"),
    ("alarms", "AWS::SNS::TopicPolicy"),
];

#[test]
fn nothing_lets_anybody_do_anything_but_what_is_looked_at() {
    for (template, resources) in TEMPLATES.as_object().unwrap() {
        for (name, of) in resources.as_object().unwrap() {
            let kind = of["Type"].as_str().unwrap();
            let lets = kind.starts_with("AWS::IAM::") || kind.ends_with("Policy") || kind == "AWS::Lambda::Permission";
            assert!(!lets || POLICIES.contains(&(template.as_str(), kind)), "{template}: {name} is a {kind}");
        }
    }
}

/// Every statement of every policy that is attached to a resource instead of a role.
fn resource_statements() -> Vec<(&'static str, &'static Value)> {
    let kinds = [
        ("storage", "AWS::SQS::QueuePolicy"),
        ("storage", "AWS::S3::BucketPolicy"),
        ("alarms", "AWS::SNS::TopicPolicy"),
    ];
    let policies = kinds.into_iter().flat_map(|(template, kind)| of_type(template, kind));
    let split = |(name, of): (&'static str, &'static Value)| {
        of["PolicyDocument"]["Statement"].as_array().unwrap().iter().map(move |statement| (name, statement))
    };
    policies.flat_map(split).collect()
}

#[test]
fn no_role_has_a_right_to_everything_of_anything() {
    for template in ["functions", "functions_open"] {
        for (name, role) in
            TEMPLATES[template].as_object().unwrap().iter().filter(|(_, of)| of["Type"] == "AWS::IAM::Role")
        {
            for statement in statements(role) {
                let words: BTreeSet<&str> = statement.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(words, BTreeSet::from(["Action", "Effect", "Resource"]), "{name}: {statement}");
            }
            for right in rights(role) {
                assert!(!right.action.contains(['*', '?']), "{name}: {right:?}");
                let stem = right.resource.strip_suffix('*').unwrap_or(&right.resource);
                // Below a prefix of the bucket, or the streams of one log group.
                let is_bounded = stem == right.resource
                    || stem.starts_with("arn:aws:s3:::systole-000000000000-dev/")
                        && stem.len() > 39
                        && stem.ends_with('/')
                    || stem.starts_with("arn:aws:logs:eu-central-1:000000000000:log-group:/aws/lambda/systole-dev-");
                assert!(is_bounded && !stem.contains(['*', '?']), "{name}: {right:?}");
            }
            let who = json!([{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }]);
            assert_eq!(role["Properties"]["AssumeRolePolicyDocument"]["Statement"], who, "{name}");
            assert!(role["Properties"].get("ManagedPolicyArns").is_none(), "{name}");
        }
    }
}

#[test]
fn functions_may_be_invoked_only_where_they_are_named() {
    let invoking = |template: &str| -> Vec<String> {
        let roles = ["HeartbeatRole", "RunnerRole", "IntakeRole", "AdminRole"];
        let all = roles.iter().flat_map(|role| rights(&TEMPLATES[template][*role]));
        all.filter(|right| right.action.starts_with("lambda:")).map(|right| right.resource).collect()
    };
    assert_eq!(invoking("functions"), Vec::<String>::new());
    assert_eq!(invoking("functions_open"), ["arn:aws:lambda:eu-central-1:000000000000:function:tax"]);
}

#[test]
fn each_function_has_a_role_and_a_log_of_its_own() {
    let functions = of_type("functions", "AWS::Lambda::Function");
    let groups: Vec<&str> = of_type("functions", "AWS::Logs::LogGroup")
        .into_iter()
        .map(|(name, group)| {
            assert_eq!(group["RetentionInDays"], "30", "{name}");
            group["LogGroupName"].as_str().unwrap()
        })
        .collect();
    for (name, function) in &functions {
        assert_eq!(function["Role"], format!("{name}Role.Arn"));
        let group = function["LoggingConfig"]["LogGroup"].as_str().unwrap();
        assert!(groups.contains(&group) && group.ends_with(&name.to_lowercase()), "{name}: {group}");
        // Payloads and secrets stand in what is below.
        assert_eq!(function["LoggingConfig"]["ApplicationLogLevel"], "INFO", "{name}");
    }
    assert_eq!(functions.len(), 4);
}

#[test]
fn no_variable_of_a_function_is_a_secret() {
    for template in ["functions", "functions_open"] {
        for (name, function) in of_type(template, "AWS::Lambda::Function") {
            for variable in function["Environment"]["Variables"].as_object().unwrap().keys() {
                assert!(VARIABLES.contains(&variable.as_str()), "{name} has {variable}");
            }
        }
    }
}

#[test]
fn the_bucket_is_private_encrypted_and_keeps_versions() {
    let [(_, bucket)] = of_type("storage", "AWS::S3::Bucket").try_into().unwrap();
    for block in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
        assert_eq!(bucket["PublicAccessBlockConfiguration"][block], true, "{block}");
    }
    assert_eq!(bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced");
    let rule = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
}

#[test]
fn the_table_and_the_queues_are_encrypted() {
    let [(_, table)] = of_type("storage", "AWS::DynamoDB::Table").try_into().unwrap();
    assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    for (name, queue) in of_type("storage", "AWS::SQS::Queue") {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{name}");
    }
}

#[test]
fn nothing_is_sent_in_the_clear() {
    let is_tls_only = |statement: &Value| {
        statement["Effect"] == "Deny"
            && statement["Principal"] == "*"
            && statement["Condition"] == json!({ "Bool": { "aws:SecureTransport": "false" } })
    };
    let mut denied = BTreeSet::new();
    for kind in ["AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"] {
        for (name, policy) in of_type("storage", kind) {
            let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
            let statement = statements.iter().find(|statement| is_tls_only(statement));
            let statement = statement.unwrap_or_else(|| panic!("{name} lets plain HTTP in"));
            assert!(["sqs:*", "s3:*"].contains(&statement["Action"].as_str().unwrap()), "{statement}");
            let queues = policy["Queues"].as_array().into_iter().flatten();
            denied.extend(queues.map(|queue| queue.as_str().unwrap().rsplit('/').next().unwrap().to_owned()));
            if kind == "AWS::S3::BucketPolicy" {
                let bucket = "arn:aws:s3:::systole-000000000000-dev";
                assert_eq!(texts(&statement["Resource"]), [bucket, &format!("{bucket}/*")]);
            }
        }
    }
    let queues = of_type("storage", "AWS::SQS::Queue");
    let all: BTreeSet<String> =
        queues.iter().map(|(_, queue)| queue["QueueName"].as_str().unwrap().to_owned()).collect();
    assert_eq!(denied, all);
}

#[test]
fn services_act_for_this_account_and_nobody_else_is_let_in() {
    for (name, statement) in resource_statements().into_iter().filter(|(_, statement)| statement["Effect"] == "Allow") {
        assert!(
            statement["Principal"]["Service"].is_string() || statement["Principal"]["Service"].is_array(),
            "{statement}"
        );
        assert_eq!(statement["Principal"].as_object().unwrap().len(), 1, "{statement}");
        assert!(
            !texts(&statement["Action"]).iter().chain(&texts(&statement["Resource"])).any(|text| text.contains('*'))
        );
        let account = &statement["Condition"]["StringEquals"]["aws:SourceAccount"];
        assert_eq!(account, "000000000000", "{name}: any account could have the service act for it: {statement}");
    }
    let permissions = ["functions", "functions_open"].map(|template| of_type(template, "AWS::Lambda::Permission"));
    for (name, permission) in permissions.into_iter().flatten() {
        assert_eq!(permission["Action"], "lambda:InvokeFunction", "{name}");
        let source = match permission["Principal"].as_str().unwrap() {
            "events.amazonaws.com" => "HeartbeatTick.Arn",
            "apigateway.amazonaws.com" => "arn:aws:execute-api:eu-central-1:000000000000:AdminApi.Ref/*",
            other => panic!("{name}: {other}"),
        };
        assert_eq!(permission["SourceArn"], source, "{name}");
    }
}

#[test]
fn only_the_own_bucket_fills_the_queue_of_arrivals() {
    let allowed =
        resource_statements().into_iter().find(|(_, statement)| statement["Action"] == "sqs:SendMessage").unwrap().1;
    assert_eq!(allowed["Principal"], json!({ "Service": "s3.amazonaws.com" }));
    assert_eq!(allowed["Condition"]["ArnEquals"]["aws:SourceArn"], "arn:aws:s3:::systole-000000000000-dev");
    assert_eq!(allowed["Resource"], "arn:aws:sqs:eu-central-1:000000000000:systole-dev-arrivals");
}

#[test]
fn both_doors_of_the_api_ask_who_it_is() {
    for template in ["functions", "functions_open"] {
        let [(_, url)] = of_type(template, "AWS::Lambda::Url").try_into().unwrap();
        assert_eq!((&url["AuthType"], url.get("Cors")), (&json!("AWS_IAM"), None));
    }
    let is_api = |of: &Value| of["Type"].as_str().unwrap().starts_with("AWS::ApiGateway");
    assert!(
        !TEMPLATES["functions"].as_object().unwrap().values().any(is_api),
        "without an issuer there is no such door"
    );
    for (name, route) in of_type("functions_open", "AWS::ApiGatewayV2::Route") {
        assert_eq!(
            (&route["AuthorizationType"], &route["AuthorizerId"]),
            (&json!("JWT"), &json!("AdminAuthorizer.Ref")),
            "{name}"
        );
    }
    let [(_, authorizer)] = of_type("functions_open", "AWS::ApiGatewayV2::Authorizer").try_into().unwrap();
    let expected = json!({ "Issuer": "https://issuer.example.com", "Audience": ["client"] });
    assert_eq!((&authorizer["AuthorizerType"], &authorizer["JwtConfiguration"]), (&json!("JWT"), &expected));
    let [(_, api)] = of_type("functions_open", "AWS::ApiGatewayV2::Api").try_into().unwrap();
    assert!(api.get("CorsConfiguration").is_none() && api.get("Target").is_none(), "{api}");
    for (name, stage) in of_type("functions_open", "AWS::ApiGatewayV2::Stage") {
        assert!(stage["DefaultRouteSettings"]["ThrottlingRateLimit"].as_u64().unwrap() <= 100, "{name}");
    }
}

/// The bus is that of the account, and others may have a stage of Systole on it, too.
#[test]
fn mail_is_about_the_events_of_one_stage() {
    for (name, rule) in of_type("alarms", "AWS::Events::Rule") {
        assert_eq!(rule["EventPattern"]["source"], json!(["systole"]), "{name}");
        for pattern in rule["EventPattern"]["$or"].as_array().unwrap() {
            assert_eq!(pattern["detail"]["stage"], json!(["dev"]), "{name}: {pattern}");
        }
    }
}

#[test]
fn functions_are_woken_by_the_queues_of_their_stage_only() {
    let queues: Vec<String> = of_type("functions", "AWS::Lambda::EventSourceMapping")
        .into_iter()
        .map(|(_, mapping)| mapping["EventSourceArn"].as_str().unwrap().rsplit(':').next().unwrap().to_owned())
        .collect();
    let expected = ["arrivals", "steps-high", "steps-low", "steps-normal"].map(|queue| format!("systole-dev-{queue}"));
    assert_eq!(BTreeSet::from_iter(queues), BTreeSet::from(expected));
}
