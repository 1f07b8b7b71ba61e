//! EDIFACT of the orders, read back by a parser that knows nothing of the writer.

use insta::assert_snapshot;
use orders::document::DocumentSettings;
use orders::format::{EDIFACT_ORDERS, Segments, Written};
use orders::line_number::{self, LineOrdinals, NumberRules};
use orders::money::MoneyRules;
use orders::order::Order;
use rust_decimal::Decimal;

use crate::sample::{self, reported};

fn written(order: &Order) -> Written {
    let mut ordinals = LineOrdinals::new();
    line_number::number(order, &mut ordinals);
    let rules = NumberRules { step: 10, padding: None };
    let document = MoneyRules::default().document(order, (&ordinals, &rules), &DocumentSettings::default());
    Segments::read(EDIFACT_ORDERS).unwrap().write(&document).unwrap_or_else(|error| panic!("{}: {error}", order.number))
}

/// A segment: elements of components, without their release characters.
type Parsed = Vec<Vec<String>>;

/// Reads segments as ISO 9735 says, one byte after the other.
fn parsed(bytes: &[u8]) -> Vec<Parsed> {
    let body = bytes.strip_prefix(b"UNA:+.? '\n").expect("the separators are told first");
    let mut segments = Vec::new();
    let mut segment: Parsed = vec![vec![String::new()]];
    let mut is_released = false;
    for byte in body {
        let c = char::from(*byte);
        let is_empty = segment == [[""]];
        let component = segment.last_mut().unwrap();
        match c {
            _ if is_released => component.last_mut().unwrap().push(c),
            '?' => {}
            ':' => component.push(String::new()),
            '+' => segment.push(vec![String::new()]),
            '\'' => segments.push(std::mem::replace(&mut segment, vec![vec![String::new()]])),
            '\n' if is_empty => {}
            _ => component.last_mut().unwrap().push(c),
        }
        is_released = c == '?' && !is_released;
    }
    assert_eq!(segment, [[""]], "something follows the last segment");
    segments
}

fn all<'s>(segments: &'s [Parsed], tag: &str) -> Vec<&'s Parsed> {
    segments.iter().filter(|segment| segment[0][0] == tag).collect()
}

fn element(segment: &Parsed, index: usize) -> Vec<&str> {
    segment.get(index).map(|element| element.iter().map(String::as_str).collect()).unwrap_or_default()
}

fn text(order: &Order) -> String {
    written(order).bytes.into_iter().map(char::from).collect()
}

#[test]
fn a_document_has_the_segments_of_its_order() {
    assert_snapshot!(text(&sample::order("orders/synthetic-eur-order-100000777.json")), @r#"
    UNA:+.? '
    UNB+UNOC:3+SHOP:ZZ+ERP:ZZ+250314:0926+777'
    UNH+1+ORDERS:D:96A:UN'
    BGM+220+100000777+9'
    DTM+137:20250314:102'
    FTX+GEN+++Bitte klingeln & warten; Hof links'
    NAD+BY+42::92++Müller & Söhne GmbH+Hauptstraße 12?+14:c/o O?'Neill+München+Bayern+80331+DE'
    RFF+VA:DE123456789'
    NAD+DP+42-delivery::92++Lager Süd+Hauptstraße 12?+14:c/o O?'Neill+München+Bayern+80331+DE'
    NAD+SU+SHOP::92++Shop'
    CUX+2:EUR:9'
    ALC+C++++FC:::DHL - Paket'
    MOA+8:4.20'
    LIN+1++HOOD-M-BLU:SA'
    IMD+F++:::Hoodie "Größe M" - blau'
    QTY+21:2:C62'
    MOA+203:90.00'
    PRI+AAA:50.00'
    RFF+LI:10'
    TAX+7+VAT+++:::19'
    ALC+A'
    MOA+8:10.00'
    LIN+2++BOOK-7:SA'
    IMD+F++:::Das Buch?: Teil 1 ?+ 2??'
    QTY+21:1:C62'
    MOA+203:20.00'
    PRI+AAA:20.00'
    RFF+LI:20'
    TAX+7+VAT+++:::7'
    LIN+3++WARR-2Y:SA'
    IMD+F++:::Garantie 2 Jahre'
    QTY+21:1:C62'
    MOA+203:15.00'
    PRI+AAA:15.00'
    RFF+LI:30'
    TAX+7+VAT+++:::19'
    UNS+S'
    MOA+86:151.35'
    MOA+124:22.15'
    CNT+2:3'
    UNT+39+1'
    UNZ+1+777'
    "#);
}

#[test]
fn separators_are_released_and_nothing_is_lost() {
    let order = reported("edifact-escapes-and-lengths/order.json");
    let document = written(&order);
    let raw: String = document.bytes.iter().map(|byte| char::from(*byte)).collect();
    for expected in [
        "Büro?+Technik O?'Neil?: Müller u.Söhn??: GmbH",
        "Am Hafen 5?'b ?+ 7, Tor 2?: Anlieferun:g nur hinten (Rampe 3??):c/o Lukasz",
        "Kabel 10?:1 - 2 m ?+ Stecker ?? ??",
        "CAB?+10?:1?'A??",
    ] {
        assert!(raw.contains(expected), "`{expected}` is not in {raw}");
    }
    assert!(document.bytes.windows(4).any(|bytes| bytes == b"K\xF6ln"), "UNOC has one byte for `ö`");
    let segments = parsed(&document.bytes);
    let buyer = all(&segments, "NAD")[0];
    assert_eq!(element(buyer, 4).concat(), order.billing.as_ref().unwrap().company.as_deref().unwrap());
    assert_eq!(element(all(&segments, "LIN")[0], 3), [&*order.items[0].sku, "SA"]);
    let told: Vec<String> = document.notes.iter().map(|note| format!("{} {}", note.element, note.problem)).collect();
    assert_snapshot!(told.join("\n"), @"
    NAD buyer.street_lines has no form in ISO 8859-1 for `Ł`; the nearest letters stand there
    NAD delivery.street_lines has no form in ISO 8859-1 for `Ł`; the nearest letters stand there
    IMD line.name has no form in ISO 8859-1 for `–🔌`; the nearest letters stand there
    ");
}

#[test]
fn every_document_counts_itself_and_adds_up() {
    for file in [
        "all-free-order/order.json",
        "bundles-counted-once/order.json",
        "currency-minor-units/order-kwd.json",
        "decimal-quantity-and-price/order.json",
        "edifact-escapes-and-lengths/order.json",
        "row-total-net-of-discount/order-rest.json",
        "shipping-and-its-tax/order.json",
        "tax-inclusive-coupon/order.json",
        "tax-per-line-and-total/order.json",
        "virtual-no-delivery/order.json",
        "zero-rate-and-purchase-order/order.json",
    ] {
        let segments = parsed(&written(&reported(file)).bytes);
        let tags: Vec<&str> = segments.iter().map(|segment| segment[0][0].as_str()).collect();
        let begin = tags.iter().position(|tag| *tag == "UNH").unwrap();
        let end = tags.iter().position(|tag| *tag == "UNT").unwrap();
        assert_eq!(element(&segments[end], 1), [(end - begin + 1).to_string()], "{file}");
        assert_eq!(element(all(&segments, "CNT")[0], 1), ["2", &all(&segments, "LIN").len().to_string()], "{file}");
        let amount_of = |qualifier: &str| -> Decimal {
            let of = all(&segments, "MOA").into_iter().filter(|segment| segment[1][0] == qualifier);
            of.map(|segment| segment[1][1].parse::<Decimal>().unwrap()).sum()
        };
        let shipping = tags.iter().position(|tag| *tag == "ALC").filter(|place| element(&segments[*place], 1) == ["C"]);
        let shipping = shipping.map_or(Decimal::ZERO, |place| segments[place + 1][1][1].parse().unwrap());
        assert_eq!(amount_of("203") + shipping + amount_of("124"), amount_of("86"), "{file}");
        for segment in &segments {
            let is_trimmed =
                segment.len() == 1 || segment.last().is_some_and(|element| element.iter().any(|it| !it.is_empty()));
            assert!(is_trimmed, "{file}: {segment:?}");
        }
    }
}
