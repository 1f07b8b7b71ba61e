use proptest::prelude::*;

use super::*;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn due(expression: &str, zone: &str, since: &str, until: &str) -> String {
    let cron = Cron::parse(expression, Some(zone)).unwrap();
    let pulse = Pulse { since: time(since), until: time(until) };
    cron.latest_due(pulse).map_or_else(|| "not due".to_owned(), |due| due.to_rfc3339())
}

/// Every time that minute-wide pulses find due, in order.
fn all_due(expression: &str, zone: &str, since: &str, hours: i64) -> Vec<String> {
    let cron = Cron::parse(expression, Some(zone)).unwrap();
    let start = time(since);
    (0..hours * 60)
        .filter_map(|minute| {
            let since = start + Duration::minutes(minute);
            cron.latest_due(Pulse { since, until: since + Duration::minutes(1) })
        })
        .map(|due| due.format("%d %H:%M").to_string())
        .collect()
}

#[test]
fn a_time_belongs_to_the_pulse_that_ends_with_it() {
    assert_eq!(due("0 3 * * *", "UTC", "2026-08-01T02:59:00Z", "2026-08-01T03:00:00Z"), "2026-08-01T03:00:00+00:00");
    assert_eq!(due("0 3 * * *", "UTC", "2026-08-01T03:00:00Z", "2026-08-01T03:01:00Z"), "not due");
}

#[test]
fn an_outage_of_days_gives_the_latest_time_only() {
    assert_eq!(due("0 3 * * *", "UTC", "2026-08-01T04:00:00Z", "2026-08-05T02:00:00Z"), "2026-08-04T03:00:00+00:00");
    assert_eq!(due("* * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-08-05T02:00:30Z"), "2026-08-05T02:00:00+00:00");
}

#[test]
fn the_time_zone_counts() {
    assert_eq!(
        due("0 3 * * *", "Europe/Berlin", "2026-08-01T00:00:00Z", "2026-08-01T02:00:00Z"),
        "2026-08-01T01:00:00+00:00"
    );
}

#[test]
fn a_fixed_time_that_the_clocks_skip_is_due_when_the_gap_ends() {
    // Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC.
    assert_eq!(all_due("30 2 * * *", "Europe/Berlin", "2026-03-28T22:00:00Z", 6), ["29 01:00"]);
}

#[test]
fn a_fixed_time_that_the_clocks_show_twice_is_due_once() {
    // Berlin, 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC.
    assert_eq!(all_due("30 2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", 6), ["25 00:30"]);
}

#[test]
fn an_expression_of_every_hour_follows_real_time() {
    let autumn = all_due("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:59:00Z", 3);
    assert_eq!(autumn, ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00", "25 02:30"]);
    let spring = all_due("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:29:00Z", 2);
    assert_eq!(spring, ["29 00:30", "29 01:00", "29 01:30", "29 02:00"]);
}

#[test]
fn days_count_as_in_crontab() {
    // 2026-08-03 is a Monday.
    for monday in ["0 0 * * 1", "0 0 * * MON", "0 0 * * mon-mon", "0 0 * * 1/7"] {
        assert_eq!(
            due(monday, "UTC", "2026-08-02T00:00:00Z", "2026-08-03T00:00:00Z"),
            "2026-08-03T00:00:00+00:00",
            "{monday}"
        );
        assert_eq!(due(monday, "UTC", "2026-08-03T00:00:00Z", "2026-08-09T23:00:00Z"), "not due", "{monday}");
    }
    for sunday in ["0 0 * * 0", "0 0 * * 7", "@weekly", "0 0 * * SUN"] {
        assert_eq!(
            due(sunday, "UTC", "2026-08-01T00:00:00Z", "2026-08-05T00:00:00Z"),
            "2026-08-02T00:00:00+00:00",
            "{sunday}"
        );
    }
    assert_eq!(due("0 0 * * 5-7", "UTC", "2026-08-03T00:00:00Z", "2026-08-06T23:00:00Z"), "not due");
}

#[test]
fn both_days_restricted_mean_either() {
    // The 13th, or any Friday (2026-08-07).
    assert_eq!(due("0 0 13 * 5", "UTC", "2026-08-06T00:00:00Z", "2026-08-08T00:00:00Z"), "2026-08-07T00:00:00+00:00");
    assert_eq!(due("0 0 13 * 5", "UTC", "2026-08-12T00:00:00Z", "2026-08-13T12:00:00Z"), "2026-08-13T00:00:00+00:00");
}

#[test]
fn a_time_that_never_comes_is_never_due() {
    assert_eq!(due("0 0 30 2 *", "UTC", "2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), "not due");
    assert_eq!(Cron::parse("0 0 30 2 *", None).unwrap().next_due(time("2026-01-01T00:00:00Z")), None);
}

#[test]
fn bad_expressions_and_zones_are_refused_with_an_example() {
    insta::assert_snapshot!(Cron::parse("0 3 * *", None).unwrap_err(), @"`0 3 * *` is not a cron expression: expected 5 fields, found 4 (example: `0 3 * * *`, every day at 03:00)");
    insta::assert_snapshot!(Cron::parse("0 25 * * *", None).unwrap_err(), @"`0 25 * * *` is not a cron expression: one of the fields cannot be read (example: `0 3 * * *`, every day at 03:00)");
    insta::assert_snapshot!(Cron::parse("-22 * ** * *", None).unwrap_err(), @"`-22 * ** * *` is not a cron expression: `-22` is no list of values, ranges and steps (example: `0 3 * * *`, every day at 03:00)");
    for field in ["1-", "1,", "*/", "*-5", "1--2", "1/2/3", "**", "?,1", "é"] {
        let why = Cron::parse(&format!("{field} * * * *"), None).unwrap_err();
        assert!(why.contains(&format!("`{field}` is no list")), "{why}");
    }
    insta::assert_snapshot!(Cron::parse("0 3 * * 8", None).unwrap_err(), @"`0 3 * * 8` is not a cron expression: `8` is not a day of the week (example: `0 3 * * *`, every day at 03:00)");
    insta::assert_snapshot!(Cron::parse("0 3 * * *", Some("Berlin")).unwrap_err(), @"`Berlin` is not a time zone (example: `Europe/Berlin`)");
}

#[test]
fn the_stored_form_is_read_back() {
    let cron = Cron::parse("0 3 * * 1-5", Some("Europe/Berlin")).unwrap();
    let stored = serde_json::to_string(&cron).unwrap();
    assert_eq!(stored, r#"{"expression":"0 3 * * 1-5","time_zone":"Europe/Berlin"}"#);
    assert_eq!(serde_json::from_str::<Cron>(&stored).unwrap(), cron);
}

/// Zones and the moments at which their clocks jump; the last one jumps by half an hour only.
const JUMPS: [(&str, &str); 7] = [
    ("UTC", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
];

const EXPRESSIONS: [&str; 6] =
    ["0 3 * * *", "30 2 * * *", "*/7 * * * *", "15 */2 * * *", "0 0 * * 0", "59 1,2,3 * * *"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn consecutive_pulses_neither_lose_nor_double_a_time(
        expression in prop::sample::select(EXPRESSIONS.to_vec()),
        (zone, jump) in prop::sample::select(JUMPS.to_vec()),
        minutes_before in 0_i64..240,
        lengths in prop::collection::vec(1_i64..3_600, 1..16),
    ) {
        let cron = Cron::parse(expression, Some(zone)).unwrap();
        let start = time(jump) - Duration::minutes(minutes_before);
        let end = start + Duration::seconds(lengths.iter().sum());
        let mut expected = Vec::new();
        let mut after = start;
        let wait = patience::wait("the schedule passes the end of the span");
        while let Some(due) = cron.next_due(after).filter(|due| *due <= end) {
            wait.go_on();
            expected.push(due);
            after = due;
        }
        let mut since = start;
        let mut found = Vec::new();
        for length in lengths {
            let pulse = Pulse { since, until: since + Duration::seconds(length) };
            let latest = cron.latest_due(pulse);
            prop_assert_eq!(latest, expected.iter().copied().rfind(|due| pulse.since < *due && *due <= pulse.until));
            found.extend(latest);
            since = pulse.until;
        }
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
