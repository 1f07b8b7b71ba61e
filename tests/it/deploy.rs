//! What `make deploy` takes, and what docs/AWS.md says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use patience::run;

use crate::systole::root;

/// What `scripts/deploy` would do with these arguments, or why it does nothing.
fn listed(arguments: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
    let mut command = Command::new(root().join("scripts/deploy"));
    command.arg("--list").args(arguments);
    for variable in ["STAGE", "PARAMETERS", "ALARM_MAIL_TO", "EXTENSION"] {
        command.env_remove(variable);
    }
    let output = run(command.envs(variables.iter().copied()));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// The parameters of the templates that people set, with their defaults.
fn parameters() -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for template in ["storage", "functions", "alarms"] {
        let text = std::fs::read_to_string(root().join(format!("infra/{template}.yaml"))).unwrap();
        let section = text.split("\nParameters:\n").nth(1).unwrap().split("\nConditions:").next().unwrap();
        let mut name = String::new();
        for line in section.lines().filter(|line| !line.trim_start().starts_with('#')) {
            if let Some((head, _)) =
                line.strip_prefix("  ").filter(|l| !l.starts_with(' ')).and_then(|l| l.split_once(':'))
            {
                name = head.to_owned();
            }
            if let Some((_, default)) = line.split_once("Default: ") {
                let default = default.split([',', '}']).next().unwrap().trim().trim_matches('"');
                parameters.insert(name.clone(), default.to_owned());
            }
        }
    }
    for of_variable in ["Stage", "MailTo"] {
        assert!(parameters.remove(of_variable).is_some(), "{of_variable}");
    }
    parameters
}

fn guide() -> String {
    std::fs::read_to_string(root().join("docs/AWS.md")).unwrap()
}

#[test]
fn every_parameter_is_documented_with_its_default() {
    let guide = guide();
    let table = guide.split("\n## Parameters\n").nth(1).unwrap().split("\n### ").next().unwrap();
    let cells =
        |cell: &str| -> Vec<String> { cell.split(',').map(|part| part.trim().trim_matches('`').to_owned()).collect() };
    let mut documented = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let row: Vec<&str> = row.split('|').map(str::trim).collect();
        let (names, defaults) = (cells(row[1]), cells(row[2]));
        for (place, name) in names.into_iter().enumerate() {
            documented.insert(name, defaults.get(place).cloned().unwrap_or_default());
        }
    }
    assert_eq!(documented, parameters());
}

#[test]
fn every_alarm_is_documented() {
    let text = std::fs::read_to_string(root().join("infra/alarms.yaml")).unwrap();
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("AlarmName: !Sub systole-${Stage}-"));
    let names: BTreeSet<&str> = names.collect();
    let guide = guide();
    let missing: Vec<_> = names.iter().filter(|name| !guide.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/AWS.md does not say when {missing:?} mail");
    assert!(guide.contains(&format!(" {} alarms", names.len())), "docs/AWS.md says how many there are");
}

#[test]
fn each_parameter_goes_to_the_template_that_has_it() {
    let all = "RunnersHigh=50 AccessLogDays=90 Secrets=ERP=ssm:/erp";
    let expected = "storage: Stage=prod AccessLogDays=90\nfunctions: Stage=prod RunnersHigh=50 Secrets=ERP=ssm:/erp\n";
    assert_eq!(listed(&[], &[("STAGE", "prod"), ("PARAMETERS", all)]).unwrap(), expected);
    let arguments: Vec<&str> = all.split(' ').collect();
    assert_eq!(listed(&arguments, &[("STAGE", "prod")]).unwrap(), expected);
    let bindings = "AdminRoleBindings=view=arn:aws:iam::1:*;operate=arn:aws:iam::1:role/a,arn:aws:iam::1:role/b";
    let listed_with = listed(&[bindings], &[]).unwrap();
    assert_eq!(listed_with, format!("storage: Stage=dev\nfunctions: Stage=dev {bindings}\n"));
    for name in parameters().keys() {
        assert!(listed(&[&format!("{name}=1")], &[]).unwrap().contains(&format!(" {name}=1\n")), "{name}");
    }
}

#[test]
fn alarms_are_deployed_where_somebody_is_mailed_or_asks_for_them() {
    let of_alarms = |answer: Result<String, String>| {
        answer.unwrap().lines().find_map(|line| line.strip_prefix("alarms: ").map(str::to_owned))
    };
    assert_eq!(of_alarms(listed(&[], &[])), None);
    assert_eq!(
        of_alarms(listed(&[], &[("ALARM_MAIL_TO", "a@example.com")])).as_deref(),
        Some("Stage=dev MailTo=a@example.com")
    );
    assert_eq!(of_alarms(listed(&["FilesWaitHours=2"], &[])).as_deref(), Some("Stage=dev FilesWaitHours=2"));
}

#[test]
fn what_no_template_has_is_refused_before_anything_is_built() {
    for (argument, expected) in [
        ("RunnerHigh=50", "no template has a parameter `RunnerHigh` (there are: AccessLogDays "),
        ("RunnersHigh", "`RunnersHigh` is no PARAMETER=VALUE"),
        ("Stage=prod", "the stage is the variable STAGE"),
        ("MailTo=a@example.com", "the address for alarms is the variable ALARM_MAIL_TO"),
    ] {
        let error = listed(&[argument], &[]).unwrap_err();
        assert!(error.starts_with(&format!("deploy: {expected}")), "{error}");
    }
}

/// CI must not reach what is not a stage.
#[test]
fn who_deploys_changes_only_what_has_the_name_of_a_stage() {
    let text = std::fs::read_to_string(root().join("infra/policies/deploy.json")).unwrap();
    let policy: serde_json::Value = serde_json::from_str(&text).unwrap();
    for statement in policy["Statement"].as_array().unwrap() {
        let texts = |value: &serde_json::Value| -> Vec<String> {
            let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let is_bound = |resource: &String| {
            // The packages of SAM, its transform, and the HTTP API, whose ids AWS makes.
            let own = ["systole-", "aws-sam-cli-managed-default", "transform/Serverless-", "apigateway:REGION::/"];
            own.iter().any(|own| resource.contains(own))
        };
        let looks = ["Get", "List", "Describe"];
        let only_looks = texts(&statement["Action"]).iter().all(|action| {
            let verb = action.split(':').nth(1).unwrap();
            looks.iter().any(|look| verb.starts_with(look))
        });
        let bound = texts(&statement["Resource"]).iter().all(is_bound);
        // A mapping has an id that AWS makes, and belongs to a function.
        assert!(bound || only_looks || statement["Sid"] == "Mappings", "{statement}");
    }
}
