use super::*;

fn set(values: &[(&str, &str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (name, scope, value) in values {
        settings.insert(name, scope.parse().unwrap(), value);
    }
    settings
}

#[test]
fn every_default_fits_its_setting_and_names_are_sorted() {
    for setting in SETTINGS {
        assert_eq!(setting.check(&Scope::Default, setting.default).as_deref(), Ok(setting.default), "{}", setting.name);
    }
    assert!(SETTINGS.windows(2).all(|pair| pair[0].name < pair[1].name));
}

#[test]
fn the_narrower_scope_wins() {
    let settings = set(&[("spawning", "default", "off"), ("spawning", "pipeline:exports", "on")]);
    let exports = Scope::Pipeline("exports".parse().unwrap());
    let other = Scope::Pipeline("other".parse().unwrap());
    assert!(settings.flag("spawning", &exports));
    assert!(!settings.flag("spawning", &other));
    assert!(!settings.flag("maintenance", &Scope::Default));
}

#[test]
fn wrong_values_are_refused_with_what_was_expected() {
    let refused = |name: &str, scope: &str, value: &str| {
        Setting::named(name).and_then(|setting| setting.check(&scope.parse().unwrap(), value)).unwrap_err().to_string()
    };
    insta::assert_snapshot!(refused("maintenance", "default", "maybe"), @"setting `maintenance`: `maybe` is neither `true` nor `false`");
    insta::assert_snapshot!(refused("maintenance", "website:de", "true"), @"setting `maintenance` cannot be set for `website:de` (possible: default)");
    insta::assert_snapshot!(refused("clean_up.cancel_after", "pipeline:a", "soon"), @"setting `clean_up.cancel_after`: `soon` is not a duration (example: `2 hours`)");
    insta::assert_snapshot!(refused("log.level", "default", "debug"), @"setting `log.level`: `debug` is not one of error, warning, info");
    insta::assert_snapshot!(refused("import.bearable_findings", "default", "-1"), @"setting `import.bearable_findings`: `-1` is neither a number from 0 on nor `any`");
    let unknown = refused("maintainance", "default", "on");
    assert!(unknown.starts_with("there is no setting `maintainance` (expected `clean_up.cancel_after`, "), "{unknown}");
    assert!(unknown.ends_with(" or `website.active`; did you mean `maintenance`?)"), "{unknown}");
    insta::assert_snapshot!("store:1".parse::<Scope>().unwrap_err(), @"`store:1` is no scope (expected `default`, `pipeline:<name>`, `target:<name>` or `website:<code>`)");
}

#[test]
fn counts_are_read() {
    let a = Scope::Pipeline("a".parse().unwrap());
    assert_eq!(set(&[]).count("import.bearable_findings", &a), None);
    let settings =
        set(&[("import.bearable_findings", "default", "010"), ("import.bearable_findings", "pipeline:a", "any")]);
    assert_eq!(settings.count("import.bearable_findings", &Scope::Default), Some(10));
    assert_eq!(settings.count("import.bearable_findings", &a), None);
}

#[test]
fn durations_and_crons_are_read() {
    let settings = set(&[("clean_up.delete_after", "default", "4 weeks"), ("time_zone", "default", "Europe/Berlin")]);
    let a = Scope::Pipeline("a".parse().unwrap());
    assert_eq!(settings.duration("clean_up.delete_after", &a), Some(Duration::from_secs(4 * 604_800)));
    assert_eq!(settings.cron("clean_up.cron", &Scope::Default).unwrap().in_words(), "`0 3 * * *` (Europe/Berlin)");
    assert_eq!(settings.duration("clean_up.delete_files_after", &a), Some(Duration::from_secs(26 * 604_800)));
    assert_eq!(set(&[]).duration("clean_up.delete_after", &a), None);
    assert_eq!(settings.cron("pipeline.cron", &a), None);
    assert_eq!(settings.cron("maintenance", &a), None);
    let settings = set(&[("pipeline.cron", "pipeline:a", " 30 4 * * * ")]);
    assert_eq!(settings.cron("pipeline.cron", &a).unwrap().in_words(), "`30 4 * * *` (UTC)");
    assert_eq!(settings.cron("pipeline.cron", &Scope::Default), None);
}

#[test]
fn stored_values_that_do_not_fit_count_as_not_set() {
    let settings = set(&[("maintenance", "default", "perhaps")]);
    assert!(!settings.flag("maintenance", &Scope::Default));
    assert_eq!(settings.iter().count(), 0);
    // What only some program declares is looked at when it is asked for.
    assert_eq!(set(&[("no.such", "default", "1")]).iter().count(), 1);
}
