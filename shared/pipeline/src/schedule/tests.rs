use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

mod every_minute;

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
fn a_day_field_that_begins_with_a_star_only_narrows_the_other() {
    let next = |expression: &str| {
        let due = Cron::parse(expression, None).unwrap().next_due(time("2026-12-01T10:00:00Z")).unwrap();
        due.format("%a %F").to_string()
    };
    // 2026-12-13 is a Sunday, 2026-12-07 a Monday.
    for (expression, expected) in [
        ("0 0 13 * */1", "Sun 2026-12-13"),
        ("0 0 13 * */2", "Sun 2026-12-13"),
        ("0 0 14 * */2", "Thu 2027-01-14"),
        ("0 0 */2 * 1", "Mon 2026-12-07"),
        ("0 0 2 * ?", "Wed 2026-12-02"),
    ] {
        assert_eq!(next(expression), expected, "{expression}");
    }
}

#[test]
fn hours_in_steps_and_ranges_are_fixed_times() {
    // Berlin, 2027-03-28: 02:00 becomes 03:00 at 01:00 UTC. 2027-10-31: 03:00 becomes 02:00 at 01:00 UTC.
    for expression in ["30 */2 * * *", "30 0-23/2 * * *", "30 0,2,4 * * *"] {
        let spring = all_due(expression, "Europe/Berlin", "2027-03-28T00:00:00Z", 3);
        assert_eq!(spring, ["28 01:00", "28 02:30"], "{expression}");
        let autumn = all_due(expression, "Europe/Berlin", "2027-10-31T00:00:00Z", 4);
        assert_eq!(autumn, ["31 00:30", "31 03:30"], "{expression}");
    }
    for expression in ["30 * * * *", "30 */1 * * *", "30 0-23 * * *", "30 0-11,12-23 * * *"] {
        let autumn = all_due(expression, "Europe/Berlin", "2027-10-31T00:00:00Z", 2);
        assert_eq!(autumn, ["31 00:30", "31 01:30"], "{expression}");
    }
}

#[test]
fn a_date_that_never_comes_is_refused() {
    for expression in ["0 0 30 2 *", "0 0 31 2,4,6 *", "0 0 31 feb */2"] {
        let expected =
            format!("cron `{expression}` is never due: no month that it names has such a day (example: `0 0 28 2 *`)");
        assert_eq!(Cron::parse(expression, Some("Europe/Berlin")).unwrap_err().to_string(), expected);
    }
    for expression in ["0 0 29 2 *", "0 0 31 2 1", "0 0 31 1,2 *"] {
        assert!(Cron::parse(expression, None).is_ok(), "{expression}");
    }
}

#[test]
fn a_moment_is_told_in_the_zone_and_in_utc() {
    let moment = time("2026-08-01T01:00:00Z");
    let spelled = |zone| Cron::parse("0 3 * * *", Some(zone)).unwrap().spelled(moment);
    assert_eq!(spelled("UTC"), "2026-08-01T01:00:00Z");
    assert_eq!(spelled("Europe/Berlin"), "2026-08-01 03:00 Europe/Berlin (2026-08-01T01:00:00Z)");
}

#[test]
fn bad_expressions_and_zones_are_refused_with_an_example() {
    insta::assert_snapshot!(Cron::parse("0 3 * *", None).unwrap_err(), @"`0 3 * *` is not a cron expression: expected 5 fields, found 4 (example: `0 3 * * *`, every day at 03:00)");
    insta::assert_snapshot!(Cron::parse("0 25 * * *", None).unwrap_err(), @"`0 25 * * *` is not a cron expression: one of the fields cannot be read (example: `0 3 * * *`, every day at 03:00)");
    insta::assert_snapshot!(Cron::parse("-22 * ** * *", None).unwrap_err(), @"`-22 * ** * *` is not a cron expression: `-22` is no list of values, ranges and steps (example: `0 3 * * *`, every day at 03:00)");
    for field in ["1-", "1,", "*/", "*-5", "1--2", "1/2/3", "**", "?,1", "é"] {
        let why = Cron::parse(&format!("{field} * * * *"), None).unwrap_err();
        assert!(why.to_string().contains(&format!("`{field}` is no list")), "{why}");
    }
    insta::assert_snapshot!(Cron::parse("0 3 * * 8", None).unwrap_err(), @"`0 3 * * 8` is not a cron expression: `8` is not a day of the week (example: `0 3 * * *`, every day at 03:00)");
    for weekday in ["monkey", "sunfoo", "mo", "mon-fry", "tuesdays", "1-9", "*/0"] {
        let why = Cron::parse(&format!("0 3 * * {weekday}"), None).unwrap_err();
        assert!(why.to_string().contains(&format!("`{weekday}` is not a day of the week")), "{why}");
    }
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

const ZONES: [Tz; 5] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Africa__Casablanca,
    Tz::Antarctica__Troll,
];

/// Minutes at most four times a day, so that ten years of them are compared in seconds.
const SPARSE: [&str; 14] = [
    "0 3 * * *",
    "30 2 * * *",
    "0,30 2 * * *",
    "30 1-3 * * *",
    "15 */6 * * *",
    "59 23 31 * *",
    "0 0 29 2 *",
    "30 2 13 * 5",
    "0 0 13 * */2",
    "0 2 */2 * 1",
    "0 0 * mar-oct SUN",
    "45 1 * * FRI-MON",
    "5 0 1,15 */3 1-5/2",
    "0 12 ? * 5-7",
];

fn ten_years(zone: Tz) -> usize {
    let (since, until) = (time("2026-01-01T00:00:00Z"), time("2036-01-01T00:00:00Z"));
    let mut compared = 0;
    for expression in SPARSE {
        let cron = Cron::parse(expression, Some(zone.name())).unwrap();
        let expected = every_minute::due(expression, zone, since, until);
        let said: Vec<_> = every_minute::said(&cron, since, until).collect();
        let difference = expected.iter().zip(&said).find(|(expected, said)| expected != said);
        assert_eq!((difference, expected.len()), (None, said.len()), "`{expression}` in {zone}");
        compared += said.len();
    }
    compared
}

#[test]
fn ten_years_are_as_a_second_implementation_says_in_five_zones() {
    let compared: usize = std::thread::scope(|scope| {
        let years: Vec<_> = ZONES.into_iter().map(|zone| scope.spawn(move || ten_years(zone))).collect();
        years.into_iter().map(|years| years.join().expect("the comparison above says what differs")).sum()
    });
    assert!(compared > 200_000, "{compared}");
}

fn fields() -> impl Strategy<Value = String> {
    let one = |fields: &[&'static str]| prop::sample::select(fields.to_vec());
    let minute = one(&["0", "30", "*/15", "59", "0,45", "5-25/10", "*", "10/20"]);
    let hour = one(&["*", "2", "*/2", "*/3", "1-3", "0-23", "23", "2,3", "22-23", "*/1", "0-11,12-23", "1/2"]);
    let day = one(&["*", "1", "13", "*/2", "31", "28-31", "?", "1/5", "1,15"]);
    let month = one(&["*", "3,10", "MAR-OCT", "*/2", "jan,4,apr,10-11", "1/3"]);
    let weekday = one(&["*", "0", "7", "SUN", "1-5", "*/2", "FRI-MON", "5-7", "?", "sunday", "0/2", "2,sat"]);
    (minute, hour, day, month, weekday).prop_map(|(a, b, c, d, e)| format!("{a} {b} {c} {d} {e}"))
}

/// Every change of the clocks of two years in all zones.
static CLOCK_CHANGES: LazyLock<Vec<(Tz, DateTime<Utc>)>> = LazyLock::new(|| {
    let years = (time("2026-01-01T00:00:00Z"), time("2028-01-01T00:00:00Z"));
    let of_zone = |zone| every_minute::jumps(zone, years.0, years.1).into_iter().map(move |jump| (zone, jump));
    ZONES.into_iter().flat_map(of_zone).collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_expression_is_as_a_second_implementation_says_around_a_change_of_the_clocks(
        expression in fields(),
        (zone, jump) in prop::sample::select(CLOCK_CHANGES.clone()),
        quarters_before in 0_i32..12,
    ) {
        let since = jump - Duration::minutes(15) * quarters_before;
        let until = since + Duration::days(12);
        let cron = Cron::parse(&expression, Some(zone.name())).unwrap();
        let expected = every_minute::due(&expression, zone, since, until);
        // The change of the clocks comes early; what is due in every minute need not be followed for days.
        let said = every_minute::said(&cron, since, until).take(200);
        let expected: Vec<_> = expected.into_iter().take(200).collect();
        prop_assert_eq!(said.collect::<Vec<_>>(), expected);
    }
}
