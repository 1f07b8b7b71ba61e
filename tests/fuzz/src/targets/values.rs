//! Short texts: settings, cron expressions, durations, names, variables of the environment.

use admin::Rules;
use chrono::{DateTime, Duration, Utc};
use operate::Cursor;
use pipeline::definition::Priority;
use pipeline::schedule::Cron;
use pipeline::settings::{SETTINGS, Scope, Setting, Settings};
use pipeline::{Name, PipelineId, PipelineStatus, Pulse, StepStatus, duration};
use store::keys;
use store::services::{AllowedHost, Invokable};
use store_aws::{Config, ServicesConfig};

use super::assert_kept;
use crate::fresh_engine::NOW;

/// Moments around which clocks jump, in any zone that an input names, and the last ones that a time can name.
const MOMENTS: [&str; 4] =
    ["2026-03-29T00:59:00Z", "2026-10-25T00:30:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:00Z"];

/// The first line is the expression, the second one the zone.
pub(crate) fn crons(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (expression, zone) = text.split_once('\n').map_or((&*text, None), |(first, rest)| (first, Some(rest)));
    let cron = match Cron::parse(expression, zone) {
        Ok(cron) => cron,
        Err(why) => return assert!(why.to_string().contains("example: "), "{why}"),
    };
    assert_kept(&cron);
    let moments = MOMENTS.iter().filter_map(|moment| moment.parse::<DateTime<Utc>>().ok());
    for now in moments.chain([NOW]) {
        let next = cron.next_due(now);
        assert!(next.is_none_or(|next| next > now), "{} is due at {next:?}, not after {now}", cron.in_words());
        let pulse = Pulse { since: now - Duration::hours(25), until: now };
        let latest = cron.latest_due(pulse);
        assert!(latest.is_none_or(|due| pulse.since < due && due <= pulse.until), "{latest:?} is not in {pulse:?}");
        if let Some(next) = next {
            // What falls due next is due in the pulse that ends with it.
            let pulse = Pulse { since: now, until: next };
            assert!(cron.latest_due(pulse).is_some(), "{} is due at {next} and is not", cron.in_words());
        }
    }
}

pub(crate) fn durations(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match duration::parse(&text) {
        Ok(found) => {
            assert!(!found.is_zero() && found <= duration::LIMIT);
            assert_eq!(duration::parse(&duration::in_words(found)), Ok(found), "{text}");
        }
        Err(why) => assert!(why.to_string().chars().count() < 150, "{why}"),
    }
}

/// The first line is the name of a setting, the second one the scope, the rest the value.
pub(crate) fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (name, scope, value) = (part(), part(), part());
    let scope = match scope.parse::<Scope>() {
        Ok(scope) => scope,
        Err(why) => return assert!(why.to_string().contains("is no scope"), "{why}"),
    };
    assert_eq!(scope.to_string().parse().as_ref(), Ok(&scope));
    let named: Vec<_> = Setting::named(name).into_iter().collect();
    for setting in named.into_iter().chain(SETTINGS) {
        let Ok(kept) = setting.check(&scope, value) else { continue };
        assert_eq!(setting.check(&scope, &kept).as_ref(), Ok(&kept), "{} is kept otherwise than shown", setting.name);
        let mut settings = Settings::default();
        settings.insert(setting.name, scope.clone(), value);
        assert_eq!(settings.text(setting.name, &scope), kept);
        assert!(settings.is_set(setting.name, &scope));
        if setting.kind.is_cron() && kept != "never" {
            assert!(settings.cron(setting.name, &scope).is_some(), "{kept}");
        }
        let _ = settings.duration(setting.name, &scope);
    }
}

pub(crate) fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(name) = text.parse::<Name>() {
        assert_kept(&name);
        let id = PipelineId::derive(&name, &text, NOW);
        assert_eq!(id.as_str().parse().as_ref(), Ok(&id));
        let key = keys::step(&id, i32::from(data[0]), &name);
        assert_eq!(keys::step_name(&key.sort), Some(name));
        assert_eq!(keys::pipeline_id(&key.partition), Some(id));
    }
    if let Ok(id) = text.parse::<PipelineId>() {
        assert_kept(&id);
        assert_eq!(id.as_str(), text);
    }
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }
    if let Ok(status) = text.parse::<PipelineStatus>() {
        assert_eq!(status.as_str(), text);
    }
    if let Ok(status) = text.parse::<StepStatus>() {
        assert_eq!(status.as_str(), text);
    }
    if let Ok(priority) = text.parse::<Priority>() {
        assert_eq!(priority.as_str(), text);
    }
    let _ = keys::step_name(&text);
    let _ = keys::setting_parts(&text);
    let _ = (keys::audit_time(&text), keys::open_name(&text));
    let _ = (keys::open_spawned_at(&text), keys::ended_spawned_at(&text));
}

/// Lines as `NAME=value`.
pub(crate) fn variables(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let variables: Vec<(String, String)> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let lookup = |name: &str| variables.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let _ = Config::from_lookup(lookup);
    let _ = Rules::from_lookup(lookup);
    if let Ok(config) = ServicesConfig::from_variables(variables.clone()) {
        assert!(!config.invokable.allows(""), "a function without a name may be called");
        for secret in config.http.secrets.values() {
            assert_eq!(format!("{secret:?}"), "(secret)", "a secret is shown");
        }
        assert!(config.secrets.keys().all(|name| !name.is_empty()), "a reference has no name");
    }
    for (_, value) in &variables {
        if let Ok(hosts) = AllowedHost::parse_list(value) {
            let is_whole = |host: &AllowedHost| !host.host.is_empty() && host.port != Some(0);
            assert!(hosts.iter().all(is_whole), "{hosts:?}");
        }
        if let Ok(invokable) = Invokable::parse(value) {
            assert!(invokable.patterns().iter().all(|pattern| pattern != "*"), "{invokable:?}");
        }
    }
}
