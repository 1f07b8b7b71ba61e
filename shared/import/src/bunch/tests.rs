use std::collections::BTreeMap;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::resolve::MAX_NOTES;
use super::*;

const STAMP: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn drop_file(name: &str) -> DropFile {
    DropFile { name: name.to_owned(), size_bytes: 100, modified: STAMP, fingerprint: "etag".to_owned() }
}

/// Resolves a drop area given as names; `name = line; line` is an ok file with lines.
fn resolution(prefixes: &[&str], names: &[&str]) -> Resolution {
    let mut files = Vec::new();
    let mut contents = BTreeMap::new();
    for entry in names {
        let (name, content) = entry.split_once(" = ").unwrap_or((entry, ""));
        files.push(drop_file(name));
        if name.ends_with(".ok") {
            contents.insert(name.to_owned(), content.replace("; ", "\n"));
        }
    }
    resolve(&files, &contents, prefixes)
}

fn told(resolution: &Resolution) -> String {
    let mut lines = Vec::new();
    for set in &resolution.sets {
        match set {
            BunchSet::Complete(bunch) => {
                let names: Vec<String> = bunch.files.iter().map(|file| file.name.to_string()).collect();
                let (identifier, ok_files) = (bunch.id.identifier(), bunch.ok_files.join(" "));
                lines.push(format!("{identifier} complete: {} by {ok_files}", names.join(" ")));
                lines.extend(bunch.left_behind.iter().map(|line| format!("  left behind: {line}")));
            }
            BunchSet::Incomplete { identifier, reasons } => {
                lines.push(format!("{identifier} waits:"));
                lines.extend(reasons.iter().map(|line| format!("  {line}")));
            }
        }
    }
    lines.extend(resolution.notes.iter().map(|line| format!("note: {line}")));
    lines.join("\n")
}

fn products(names: &[&str]) -> String {
    told(&resolution(&["product-import"], names))
}

#[test]
fn a_file_whose_prefix_only_begins_like_a_wanted_one_is_left_alone() {
    assert_eq!(products(&["product-import.new_x_01.csv", "product-import.ok+product-import_x_01.csv"]), "");
}

#[test]
fn each_form_of_ok_file_releases_in_both_formats() {
    let csv = "product-import_x_01.csv";
    for ok in ["product-import.ok", "product-import_x.ok", "product-import_x_01.ok"] {
        let expected = format!("x complete: {csv} by {ok}");
        assert_eq!(products(&[csv, ok]), expected);
        assert_eq!(products(&[csv, &format!("{ok} = {csv}")]), expected);
    }
}

#[test]
fn a_file_without_ok_file_is_told_what_to_expect() {
    assert_snapshot!(products(&["product-import_x_01.csv"]), @r"
    x waits:
      no ok file for `product-import_x_01.csv`; expected `product-import.ok`, `product-import_x.ok` or `product-import_x_01.ok`
    ");
}

#[test]
fn a_named_file_that_has_not_arrived_holds_up_its_bunch() {
    assert_snapshot!(
        products(&[
            "product-import_x_01.csv",
            "product-import_x.ok = product-import_x_01.csv; product-import_x_02.csv",
        ]),
        @r"
    x waits:
      `product-import_x.ok` line 2 names `product-import_x_02.csv`, which has not arrived
    ");
    assert_snapshot!(products(&["product-import_x_01.ok"]), @r"
    x waits:
      `product-import_x_01.ok` releases `product-import_x_01.csv`, which has not arrived
    ");
    assert_snapshot!(products(&["product-import_x.ok"]), @r"
    x waits:
      `product-import_x.ok` is empty and releases every file of its bunch, but none has arrived
    ");
    assert_snapshot!(products(&["product-import.ok"]), @"note: `product-import.ok` is empty and releases every file with its prefix, but none has arrived");
}

#[test]
fn a_manifest_with_a_wrong_line_holds_up_its_bunch() {
    assert_snapshot!(
        products(&[
            "product-import_x_01.csv",
            "product-import_x.ok = product-import_x_01.csv; product-import_y_01.csv; see below; \
             category-import_x_01.csv; product-import_x_01.txt",
        ]),
        @r"
    x waits:
      `product-import_x.ok` line 2 names `product-import_y_01.csv`, which belongs to bunch `y`, not `x`
      `product-import_x.ok` line 3: `see below` is not the name of an import file (example: `product-import_20260801-120000_01.csv`)
      `product-import_x.ok` line 4 names `category-import_x_01.csv`, which is not a file of `product-import`
      `product-import_x.ok` line 5 names `product-import_x_01.txt`, which is not a CSV file
    ");
    assert_snapshot!(
        products(&["product-import_x_01.csv", "product-import_x_01.ok = product-import_x_02.csv"]),
        @r"
    x waits:
      `product-import_x_01.ok` line 1 names `product-import_x_02.csv`, but can only release `product-import_x_01.csv`
      `product-import_x_01.ok` does not name `product-import_x_01.csv`
    ");
    assert_snapshot!(products(&["product-import.ok = nothing"]), @"note: `product-import.ok` line 1: `nothing` is not the name of an import file (example: `product-import_20260801-120000_01.csv`)");
}

#[test]
fn a_file_that_no_ok_file_releases_stays_while_its_siblings_go_on() {
    assert_snapshot!(
        products(&[
            "product-import_x_01.csv",
            "product-import_x_02.csv",
            "product-import_x_03.csv",
            "product-import_x_01.ok",
            "product-import_x.ok = product-import_x_03.csv",
        ]),
        @r"
    x complete: product-import_x_01.csv product-import_x_03.csv by product-import_x.ok product-import_x_01.ok
      left behind: `product-import_x.ok` does not name `product-import_x_02.csv`
    ");
}

#[test]
fn an_ok_file_with_only_a_prefix_may_release_several_bunches() {
    let names = [
        "product-import_x_01.csv",
        "product-import_y_01.csv",
        "product-import_z_01.csv",
        "product-import.ok = product-import_x_01.csv; product-import_y_01.csv; product-import_y_02.csv",
    ];
    assert_snapshot!(products(&names), @r"
    x complete: product-import_x_01.csv by product-import.ok
    y waits:
      `product-import.ok` line 3 names `product-import_y_02.csv`, which has not arrived
    z waits:
      `product-import.ok` does not name `product-import_z_01.csv`
    ");
}

#[test]
fn an_ok_file_is_spent_when_nothing_it_releases_is_left() {
    let content = "product-import_x_01.csv\nproduct-import_y_01.csv";
    let left = |names: &[&str]| names.iter().map(|name| drop_file(name)).collect::<Vec<_>>();
    assert!(!is_spent("product-import.ok", content, &left(&["product-import_y_01.csv"])));
    assert!(is_spent("product-import.ok", content, &left(&["product-import_z_01.csv"])));
    assert!(!is_spent("product-import.ok", "", &left(&["product-import_z_01.csv"])));
    assert!(is_spent("product-import_x.ok", "", &left(&["product-import_z_01.csv"])));
}

#[test]
fn an_empty_ok_file_waits_for_a_gap_in_the_counters() {
    let names =
        ["product-import_x_01.csv", "product-import_x_02.csv", "product-import_x_04.csv", "product-import_x.ok"];
    assert_snapshot!(products(&names), @r"
    x waits:
      `product-import_x.ok` is empty, and a file between `product-import_x_02.csv` and `product-import_x_04.csv` has not arrived
    ");
}

#[test]
fn line_ends_blank_lines_and_a_byte_order_mark_do_not_matter() {
    let files = [drop_file("product-import_x_01.csv"), drop_file("product-import_x_02.csv")];
    let content = "\u{feff}product-import_x_01.csv\r\n\r\nproduct-import_x_02.csv \r\n";
    let contents = BTreeMap::from([("product-import_x.ok".to_owned(), content.to_owned())]);
    assert_snapshot!(
        told(&resolve(&files, &contents, &["product-import"])),
        @"x complete: product-import_x_01.csv product-import_x_02.csv by product-import_x.ok"
    );
}

#[test]
fn files_of_several_prefixes_make_one_bunch_in_the_order_of_the_prefixes() {
    let prefixes = ["category-import", "product-import"];
    let names = [
        "product-import_x_10.csv",
        "product-import_x_9.csv",
        "category-import_x_01.csv",
        "product-import.ok",
        "category-import_x.ok",
        "product-import-price_x_01.csv",
        "readme.txt",
    ];
    assert_snapshot!(told(&resolution(&prefixes, &names)), @"x complete: category-import_x_01.csv product-import_x_9.csv product-import_x_10.csv by category-import_x.ok product-import.ok");
}

#[test]
fn a_prefix_without_any_release_holds_up_the_other_prefixes_of_its_bunch() {
    let prefixes = ["category-import", "product-import"];
    let names = ["product-import_x_01.csv", "category-import_x_01.csv", "product-import.ok"];
    assert_snapshot!(told(&resolution(&prefixes, &names)), @r"
    x waits:
      no ok file for `category-import_x_01.csv`; expected `category-import.ok`, `category-import_x.ok` or `category-import_x_01.ok`
    ");
}

#[test]
fn a_csv_file_with_a_wrong_name_is_noted() {
    assert_snapshot!(products(&["product-import_x.csv", "product-import_x.ok"]), @r"
    x waits:
      `product-import_x.ok` is empty and releases every file of its bunch, but none has arrived
    note: `product-import_x.csv` is not the name of an import file: it has only one underscore (expected `<prefix>_<filename>_<counter>.<suffix>`, example: `product-import_20260801-120000_01.csv`)
    ");
}

/// The sentence is for people; who asks which files it is about need not read it.
#[test]
fn notes_name_their_files_as_data() {
    let names = ["product-import_x_01.csv", "product-import_x_02.csv", "product-import_x.ok = product-import_x_01.csv"];
    let BunchSet::Complete(bunch) = resolution(&["product-import"], &names).sets.remove(0) else { panic!("complete") };
    let expected = Note::about(
        ["product-import_x.ok", "product-import_x_02.csv"],
        "`product-import_x.ok` does not name `product-import_x_02.csv`".to_owned(),
    );
    assert_eq!(bunch.left_behind, std::slice::from_ref(&expected));
    // With its pipeline a bunch keeps the sentences, as it always did.
    let kept = serde_json::to_value(&bunch).unwrap();
    assert_eq!(kept["left_behind"], serde_json::json!([expected.text]));
    let read: Bunch = serde_json::from_value(kept).unwrap();
    assert_eq!(read.left_behind, [Note { files: Vec::new(), ..expected }]);

    // A name with backticks in it is one name, however the sentence reads.
    let odd = "product-import`x`.csv";
    let notes = resolution(&["product-import`x`"], &[odd]).notes;
    assert_eq!(notes.iter().map(|note| note.files.clone()).collect::<Vec<_>>(), [[odd]]);
}

#[test]
fn an_identifier_may_hold_underscores() {
    let names = ["product-import_my_01_01.csv", "product-import_my_01.ok"];
    assert_snapshot!(products(&names), @"my_01 complete: product-import_my_01_01.csv by product-import_my_01.ok");
}

#[test]
fn the_same_files_dropped_again_are_another_bunch() {
    let id = |file: DropFile| {
        let contents = BTreeMap::from([("product-import.ok".to_owned(), String::new())]);
        match resolve(&[file], &contents, &["product-import"]).sets.remove(0) {
            BunchSet::Complete(bunch) => bunch.id,
            BunchSet::Incomplete { reasons, .. } => panic!("{reasons:?}"),
        }
    };
    let first = drop_file("product-import_x_01.csv");
    let changed = DropFile { fingerprint: "other".to_owned(), ..first.clone() };
    let dropped_again = DropFile { modified: STAMP + chrono::TimeDelta::seconds(1), ..first.clone() };
    assert_eq!(id(first.clone()), id(first.clone()));
    assert_ne!(id(first.clone()), id(changed));
    assert_ne!(id(first.clone()), id(dropped_again));
    assert_snapshot!(id(first), @"x-3bebcd248326");
}

#[test]
fn a_bunch_id_is_read_back_or_refused() {
    let id: BunchId = "20260801-120000-0123456789ab".parse().unwrap();
    assert_eq!(id.identifier(), "20260801-120000");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_snapshot!("20260801-120000".parse::<BunchId>().unwrap_err(), @"`20260801-120000` is not a bunch id (expected `<identifier>-<12 hexadecimal digits>`)");
}

/// A beat lists up to ten thousand files; no bunch may look at every one of them.
#[test]
fn a_crowded_drop_area_is_resolved_at_once() {
    let names: Vec<String> =
        (0..5_000).flat_map(|n| [format!("product-import_{n}_01.csv"), format!("product-import_{n}.ok")]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sets = resolution(&["product-import"], &names).sets;
    assert_eq!(sets.iter().filter(|set| matches!(set, BunchSet::Complete(_))).count(), 5_000);
}

/// An ok file may have thousands of wrong lines and name thousands of bunches: what is said of each stays short.
#[test]
fn what_is_wrong_with_a_long_ok_file_is_said_briefly_at_each_bunch() {
    let good = (0..500).map(|n| format!("product-import_{n}_1.csv"));
    let wrong = (0..5_000).map(|n| format!("line {n} {}", "x".repeat(500)));
    let content = good.chain(wrong).collect::<Vec<_>>().join("; ");
    let sets = resolution(&["product-import"], &[&format!("product-import.ok = {content}")]).sets;
    assert_eq!(sets.len(), 500);
    for set in sets {
        let BunchSet::Incomplete { reasons, .. } = set else { panic!("{set:?} is complete") };
        assert_eq!(reasons.len(), MAX_NOTES + 1);
        assert!(reasons.iter().all(|reason| reason.text.len() < 250), "{reasons:?}");
        assert_eq!(reasons.last().map(ToString::to_string).as_deref(), Some("and 4981 more"));
    }
}

proptest! {
    #[test]
    fn the_order_of_the_listing_does_not_matter(
        names in prop::collection::btree_set("(product|category)-import(_[xy](_0[1-3])?)?\\.(csv|ok)", 0..12),
        seed in any::<prop::sample::Index>(),
    ) {
        let prefixes = ["category-import", "product-import"];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut turned = names.clone();
        if !turned.is_empty() {
            let middle = seed.index(turned.len());
            turned.rotate_left(middle);
        }
        prop_assert_eq!(resolution(&prefixes, &names), resolution(&prefixes, &turned));
    }

    #[test]
    fn every_arrived_file_is_released_left_behind_or_waited_with(
        names in prop::collection::btree_set("product-import(_[xy](_0[1-3])?)?\\.(csv|ok)", 0..12),
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = resolution(&["product-import"], &names);
        for set in &found.sets {
            match set {
                BunchSet::Complete(bunch) => prop_assert!(!bunch.files.is_empty() && !bunch.ok_files.is_empty()),
                BunchSet::Incomplete { reasons, .. } => prop_assert!(!reasons.is_empty()),
            }
        }
        let text = told(&found);
        for name in names.iter().filter(|name| name.ends_with(".csv")) {
            let waits = name.split('_').nth(1).is_some_and(|x| text.contains(&format!("{x} waits:")));
            prop_assert!(text.contains(*name) || waits, "{} is not mentioned in {}", name, text);
        }
    }
}
