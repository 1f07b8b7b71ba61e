//! What the templates promise beside the rights of the functions: who may come in, and that nothing lies open.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::policy::{is_let_through, processed, rights, statements, texts};
use super::recorder::Asked;
use crate::systole::root;

pub(super) static TEMPLATES: LazyLock<Value> = LazyLock::new(|| processed("dev"));

/// Variables of functions: where things are and what is allowed, and nothing that would open a door.
const VARIABLES: [&str; 11] = [
    "BUCKET_NAME",
    "HTTP_ALLOWED_HOSTS",
    "INVOKABLE_FUNCTIONS",
    "ROLES_CLAIM",
    "ROLE_BINDINGS",
    // Where secrets lie, see below.
    "SECRETS",
    "STEP_DEAD_LETTERS_URL",
    "STEP_QUEUE_HIGH_URL",
    "STEP_QUEUE_LOW_URL",
    "STEP_QUEUE_NORMAL_URL",
    "TABLE_NAME",
];

/// The resources of a type in a template, with their logical ids.
pub(super) fn of_type(template: &str, kind: &str) -> Vec<(&'static str, &'static Value)> {
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
const POLICIES: [(&str, &str); 11] = [
    ("functions", "AWS::IAM::Role"),
    ("functions_open", "AWS::IAM::Role"),
    ("functions_bound", "AWS::IAM::Role"),
    ("functions", "AWS::Lambda::Permission"),
    ("functions_open", "AWS::Lambda::Permission"),
    ("functions_bound", "AWS::Lambda::Permission"),
    ("storage", "AWS::SQS::QueuePolicy"),
    ("storage", "AWS::S3::BucketPolicy"),
    ("storage_logged", "AWS::SQS::QueuePolicy"),
    ("storage_logged", "AWS::S3::BucketPolicy"),
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
        ("storage_logged", "AWS::S3::BucketPolicy"),
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
            for statement in statements(role).into_iter().filter(|statement| statement["Effect"] == "Allow") {
                let words: BTreeSet<&str> = statement.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(words, BTreeSet::from(["Action", "Effect", "Resource"]), "{name}: {statement}");
            }
            for right in rights(role) {
                assert!(!right.action.contains(['*', '?']), "{name}: {right:?}");
                let stem = right.resource.strip_suffix('*').unwrap_or(&right.resource);
                // Below a prefix of the bucket, or the streams of one log group.
                let is_bounded = stem == right.resource
                    || stem.starts_with("arn:aws:s3:::systole-000000000000-eu-central-1-dev/")
                        && stem.len() > 52
                        && stem.ends_with('/')
                    // Who may not read the secret itself is not let through here.
                    || stem == "arn:aws:ssm:eu-central-1:000000000000:parameter/aws/reference/secretsmanager/"
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
                let bucket = "arn:aws:s3:::systole-000000000000-eu-central-1-dev";
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
            !texts(&statement["Action"])
                .iter()
                .chain(&texts(&statement["Resource"]))
                .any(|text| text.contains('*') && !text.ends_with("-log/access/*"))
        );
        let account = &statement["Condition"]["StringEquals"]["aws:SourceAccount"];
        assert_eq!(account, "000000000000", "{name}: any account could have the service act for it: {statement}");
    }
    let permissions = ["functions", "functions_open", "functions_bound"];
    let permissions = permissions.map(|template| of_type(template, "AWS::Lambda::Permission"));
    let for_people = ["AdminUrlPermission", "AdminViaUrlPermission"];
    for (name, permission) in permissions.into_iter().flatten().filter(|(name, _)| !for_people.contains(name)) {
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
    assert_eq!(
        allowed["Condition"]["ArnEquals"]["aws:SourceArn"],
        "arn:aws:s3:::systole-000000000000-eu-central-1-dev"
    );
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

/// What a direct call says of the caller nobody has checked; see `functions/admin/src/access.rs`.
#[test]
fn no_function_can_call_the_admin_function_past_its_address() {
    let admin = "arn:aws:lambda:eu-central-1:000000000000:function:systole-dev-admin";
    let every_function =
        json!({ "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:*" });
    for function in ["Heartbeat", "Runner"] {
        let role = &TEMPLATES["functions_open"][format!("{function}Role")];
        // As a list of functions or a policy of an extension might.
        let with_all = [statements(role), vec![&every_function]].concat();
        for (resource, expected) in [(admin.to_owned(), false), (format!("{admin}:live"), false)] {
            let asked = Asked { action: "lambda:InvokeFunction".to_owned(), resource };
            assert_eq!(is_let_through(&with_all, &asked, &[]), expected, "{function}: {asked:?}");
        }
        let other = Asked { action: "lambda:InvokeFunction".to_owned(), resource: admin.replace("admin", "tax") };
        assert!(is_let_through(&with_all, &other, &[]), "{function}: the others are not meant");
    }
    for function in ["Intake", "Admin"] {
        let role = &TEMPLATES["functions_open"][format!("{function}Role")];
        assert!(!rights(role).iter().any(|right| right.action.starts_with("lambda:")), "{function}");
    }
}

#[test]
fn secrets_are_named_and_never_told() {
    let variables = &TEMPLATES["functions_open"]["Runner"]["Properties"]["Environment"]["Variables"];
    for entry in variables["SECRETS"].as_str().unwrap().split(',') {
        let (_, reference) = entry.split_once('=').unwrap();
        assert!(store_aws::services::SecretReference::parse(reference).is_some(), "{entry}");
    }
    for function in ["Heartbeat", "Intake", "Admin"] {
        let function = &TEMPLATES["functions_open"][function];
        assert!(function["Properties"]["Environment"]["Variables"].get("SECRETS").is_none(), "{function}");
    }
}

#[test]
fn what_is_kept_survives_the_deletion_of_its_stack() {
    let kinds = ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue"];
    let kept = |of: &&Value| kinds.contains(&of["Type"].as_str().unwrap());
    let resources: Vec<&Value> = TEMPLATES["storage_logged"].as_object().unwrap().values().filter(kept).collect();
    assert_eq!(resources.len(), 9);
    for of in resources {
        assert_eq!((&of["DeletionPolicy"], &of["UpdateReplacePolicy"]), (&json!("Retain"), &json!("Retain")), "{of}");
    }
    let [(_, table)] = of_type("storage", "AWS::DynamoDB::Table").try_into().unwrap();
    assert_eq!(table["DeletionProtectionEnabled"], "true");
}

/// A metric filter is about a field of a line, so whoever renames the field silences an alarm.
#[test]
fn metric_filters_are_about_fields_that_are_logged() {
    let filters = of_type("alarms", "AWS::Logs::MetricFilter");
    assert_eq!(filters.len(), 3);
    for (name, filter) in filters {
        let metric = &filter["MetricTransformations"][0];
        let field = metric["MetricValue"].as_str().unwrap().strip_prefix("$.fields.").unwrap();
        assert_eq!(filter["FilterPattern"], format!("{{ $.fields.{field} > 0 }}"), "{name}");
        let sources = ["shared/steps/src/import/report.rs", "shared/steps/src/import/drop_area.rs"];
        let logs = |path: &&str| {
            let source = std::fs::read_to_string(root().join(path)).unwrap();
            source.split("tracing::info!").skip(1).any(|line| line.split(';').next().unwrap().contains(field))
        };
        assert!(sources.iter().any(logs), "{name}: no line has the field {field}");
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
