//! Documents of the orders of the reports and of a real shop, in every format that follows a table.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use orders::document::{DocumentSettings, ShippingPlace, UnitCodes};
use orders::format::{SHIPPED, Table, WriteError, Written};
use orders::line_number::{self, LineOrdinals, NumberRules, Padding, PaddingSide};
use orders::money::MoneyRules;
use orders::order::Order;
use orders::read;

use crate::sample::{self, reported};

/// A format that ships.
fn table(name: &str) -> Table {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name).unwrap();
    Table::read(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Numbers as SAP has them.
fn numbers() -> NumberRules {
    NumberRules { step: 10, padding: Some(Padding { length: 6, fill: "0".into(), side: PaddingSide::Left }) }
}

fn written(format: &str, order: &Order, settings: &DocumentSettings) -> Result<Written, WriteError> {
    let mut ordinals = LineOrdinals::new();
    line_number::number(order, &mut ordinals);
    let document = MoneyRules::default().document(order, (&ordinals, &numbers()), settings);
    table(format).write(&document)
}

fn text(format: &str, order: &Order) -> String {
    text_with(format, order, &DocumentSettings::default())
}

fn text_with(format: &str, order: &Order, settings: &DocumentSettings) -> String {
    String::from_utf8(written(format, order, settings).unwrap().bytes).unwrap()
}

/// What elements of a name hold, in the order of the document.
fn all(document: &str, element: &str) -> Vec<String> {
    let tag = format!("<{element}");
    let after = document.split(&tag).skip(1).filter(|after| after.starts_with(['>', ' ']));
    let held = after.map(|after| after.split_once('>').unwrap().1.split_once("</").unwrap().0.to_owned());
    held.collect()
}

fn one(document: &str, element: &str) -> String {
    let mut all = all(document, element);
    assert_eq!(all.len(), 1, "{element} in {document}");
    all.remove(0)
}

/// Every order that there is a file of, by the file.
fn all_orders() -> BTreeMap<String, Order> {
    let mut found = BTreeMap::new();
    for folder in fs::read_dir(sample::path("reports/orders")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.display().to_string();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let read = fs::read_to_string(&path).ok().and_then(|text| read::orders(&text).ok());
            for order in read.into_iter().flatten().flatten() {
                found.insert(format!("{name} {}", order.number), order);
            }
        }
    }
    for file in ["synthetic-eur-order-100000777.json", "vsf-m2-order-102.json", "adobe-docs-tutorial-order-3.json"] {
        found.insert(file.to_owned(), sample::order(&format!("orders/{file}")));
    }
    found
}

/// What xmllint says of the documents of a format against its schema; nothing if they are valid.
fn invalid(format: &str, schema: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let orders = all_orders();
    assert!(orders.len() > 30, "{} orders", orders.len());
    for (index, order) in orders.values().enumerate() {
        let Ok(written) = written(format, order, &DocumentSettings::default()) else {
            // An identifier that is longer than the schema allows; `identifiers_are_never_cut` looks at it.
            continue;
        };
        let path = folder.path().join(format!("{index}-{}.xml", order.number));
        fs::write(&path, written.bytes).unwrap();
        files.push(path);
    }
    let ran = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(sample::path(schema))
        .args(&files)
        .output();
    let ran = ran.expect("xmllint of libxml2-utils is there, as `make test` sees to it");
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    let wrong = told.lines().filter(|line| !line.ends_with(" validates"));
    wrong.map(str::to_owned).collect()
}

#[test]
fn every_ubl_order_is_valid() {
    assert_eq!(invalid("ubl", "formats/ubl/xsd/driver-Order-2.1.xsd"), Vec::<String>::new());
}

#[test]
fn every_opentrans_order_is_valid() {
    assert_eq!(invalid("opentrans", "formats/opentrans/xsd/opentrans_2_1.xsd"), Vec::<String>::new());
}

#[test]
fn shipping_is_a_charge_with_its_own_tax() {
    let order = reported("shipping-and-its-tax/order.json");
    let ubl = text("ubl", &order);
    assert_eq!(all(&ubl, "cbc:LineExtensionAmount"), ["50.00", "40.00", "10.00"]);
    assert_eq!(one(&ubl, "cbc:ChargeTotalAmount"), "4.20");
    assert_eq!(one(&ubl, "cbc:TaxExclusiveAmount"), "54.20");
    assert_eq!(all(&ubl, "cbc:TaxableAmount"), ["10.00", "44.20"]);
    assert_eq!(all(&ubl, "cbc:TaxAmount"), ["9.10", "0.70", "8.40"]);
    assert_eq!([one(&ubl, "cbc:TaxInclusiveAmount"), one(&ubl, "cbc:PayableAmount")], ["63.30", "63.30"]);
    // openTRANS has no place for it, so the total is that of the lines and the rest is explained.
    let opentrans = text("opentrans", &order);
    assert_eq!([one(&opentrans, "TOTAL_AMOUNT"), one(&opentrans, "TOTAL_ITEM_NUM")], ["50.00", "2"]);
    assert!(opentrans.contains("63.30 = lines 50.00 + charges 4.20 + tax 9.10"), "{opentrans}");
    let sku = "VERSAND".into();
    let as_line = DocumentSettings { shipping: ShippingPlace::Line { sku }, ..DocumentSettings::default() };
    let opentrans = text_with("opentrans", &order, &as_line);
    assert_eq!(all(&opentrans, "LINE_ITEM_ID"), ["000010", "000020", "SHIPPING"]);
    assert_eq!(all(&opentrans, "PRICE_LINE_AMOUNT"), ["40.00", "10.00", "4.20"]);
    assert_eq!([one(&opentrans, "TOTAL_AMOUNT"), one(&opentrans, "TOTAL_ITEM_NUM")], ["54.20", "3"]);
}

#[test]
fn a_discount_stands_once() {
    for file in ["row-total-net-of-discount/order-rest.json", "row-total-net-of-discount/order-gross.json"] {
        let ubl = text("ubl", &reported(file));
        assert_eq!(all(&ubl, "cbc:LineExtensionAmount"), ["47.25", "47.25"], "{file}");
        assert_eq!(all(&ubl, "cbc:Amount"), ["6.90", "5.25"]);
        assert_eq!([one(&ubl, "cbc:PriceAmount"), one(&ubl, "cbc:PayableAmount")], ["17.50", "54.15"]);
        let opentrans = text("opentrans", &reported(file));
        assert_eq!([one(&opentrans, "AOC_MONETARY_AMOUNT"), one(&opentrans, "PRICE_LINE_AMOUNT")], ["5.25", "47.25"]);
    }
}

#[test]
fn nothing_is_sent_and_nothing_is_invented() {
    let order = reported("virtual-no-delivery/order.json");
    for format in ["ubl", "opentrans", "idoc"] {
        let document = text(format, &order);
        for word in ["elivery", "DELIVERY", "SHIPMENT", ">WE<", "/>", "></", "null", "None", "undefined", "n/a"] {
            assert!(!document.contains(word), "{format} has `{word}`: {document}");
        }
        assert!(document.contains("Kim Beispiel"), "{document}");
    }
}

#[test]
fn a_moment_is_the_same_in_every_format_and_in_the_zone_of_the_website() {
    let order = reported("order-date-near-midnight/order.json");
    let table = fs::read_to_string(sample::path("reports/orders/order-date-near-midnight/times.tsv")).unwrap();
    for row in table.lines().skip(1) {
        let [created_at, zone, date, time] = row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let created_at = format!("{}Z", created_at.replace(' ', "T")).parse().unwrap();
        let order = Order { created_at, ..order.clone() };
        let local = DocumentSettings { zone: zone.parse().unwrap(), ..DocumentSettings::default() };
        let time = time.replace('Z', "+00:00");
        let ubl = text_with("ubl", &order, &local);
        assert_eq!([one(&ubl, "cbc:IssueDate"), one(&ubl, "cbc:IssueTime")], [date, &time], "{row}");
        assert_eq!(one(&text_with("opentrans", &order, &local), "ORDER_DATE"), format!("{date}T{time}"), "{row}");
        let day = date.replace('-', "");
        assert_eq!(all(&text_with("idoc", &order, &local), "DATUM"), [day.as_str(), &day], "{row}");
    }
}

#[test]
fn what_xml_has_no_form_for_is_replaced_and_told() {
    let order = reported("characters-xml-forbids/order.json");
    for format in ["ubl", "opentrans", "idoc"] {
        let written = written(format, &order, &DocumentSettings::default()).unwrap();
        let text = String::from_utf8(written.bytes).unwrap();
        assert!(!text.contains("&#") && !text.contains("&amp;lt;"), "{text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        assert!(!written.notes.is_empty(), "{format} tells nothing");
    }
    let notes = written("ubl", &order, &DocumentSettings::default()).unwrap().notes;
    let told: Vec<String> = notes.iter().map(|note| format!("{} {}", note.element, note.problem)).collect();
    assert_snapshot!(told.join("\n"), @"
    Order/cbc:Note has no form for U+000B, U+001A; U+FFFD stands there
    Order/cac:OrderLine/cac:LineItem/cac:Item/cbc:Name has no form for U+0001, U+FFFE; U+FFFD stands there
    ");
}

#[test]
fn identifiers_are_never_cut_and_names_are_told() {
    let order = reported("longer-than-the-field/order.json");
    let error = written("opentrans", &order, &DocumentSettings::default()).unwrap_err();
    assert_snapshot!(error, @"`ORDER/ORDER_ITEM_LIST/ORDER_ITEM/PRODUCT_ID/bmecat:SUPPLIER_PID`: `MACHINE-SCREW-STAINLESS-A2-M4X40-HEX-BLK` has 40 characters, and 32 are possible; an identifier is not cut: the settings' table of numbers needs a shorter one for it");
    let mut short = DocumentSettings::default();
    for (item, number) in order.items.iter().zip(["4711", "4712"]) {
        short.skus.0.insert(item.sku.clone(), number.into());
    }
    let documents = written("opentrans", &order, &short).unwrap();
    let told: Vec<String> = documents.notes.iter().map(|note| format!("{} {}", note.element, note.problem)).collect();
    assert_snapshot!(told.join("\n"), @"
    ORDER/ORDER_HEADER/ORDER_INFO/PARTIES/PARTY/ADDRESS/bmecat:STREET was cut from 71 characters to 50
    ORDER/ORDER_HEADER/ORDER_INFO/PARTIES/PARTY/ADDRESS/bmecat:STREET was cut from 71 characters to 50
    ORDER/ORDER_ITEM_LIST/ORDER_ITEM/PRODUCT_ID/bmecat:DESCRIPTION_SHORT was cut from 155 characters to 150
    ");
    let text = String::from_utf8(documents.bytes).unwrap();
    assert!(all(&text, "bmecat:DESCRIPTION_SHORT").iter().all(|name| name.chars().count() <= 150));
    assert_eq!(all(&text, "bmecat:DESCRIPTION_LONG")[0], &*order.items[0].name);
    let company =
        [&all(&text, "bmecat:NAME")[0], &all(&text, "bmecat:NAME2")[0]].map(|part| part.replace("&amp;", "&"));
    assert_eq!(company.concat(), order.billing.as_ref().unwrap().company.as_deref().unwrap());
    let ubl = self::text("ubl", &order);
    assert!(order.items.iter().all(|item| ubl.contains(&*item.sku)), "{ubl}");
}

#[test]
fn a_rate_of_zero_has_the_category_of_the_settings_or_none() {
    let order = reported("zero-rate-and-purchase-order/order.json");
    let ubl = text("ubl", &order);
    assert!(!ubl.contains("<cbc:ID>S</cbc:ID>"), "{ubl}");
    assert_eq!([one(&ubl, "cbc:CustomerReference"), one(&ubl, "cbc:CompanyID")], ["PO-4500/77", "FR12345678901"]);
    let mut settings = DocumentSettings::default();
    settings.zero_rate_categories.0.insert("FR".into(), "K".into());
    assert!(text_with("ubl", &order, &settings).contains("<cbc:ID>K</cbc:ID>"));
    let opentrans = text("opentrans", &order);
    assert_eq!(all(&opentrans, "ORDER_ID"), ["000005111", "PO-4500/77"]);
    assert!(all(&opentrans, "bmecat:ZIP").contains(&"01000".to_owned()));
}

#[test]
fn amounts_and_quantities_are_written_as_the_order_has_them() {
    let ubl = text("ubl", &reported("currency-minor-units/order-kwd.json"));
    assert!(ubl.contains("<cbc:PayableAmount currencyID=\"KWD\">13.625</cbc:PayableAmount>"), "{ubl}");
    let ubl = text("ubl", &reported("currency-minor-units/order-jpy.json"));
    assert!(ubl.contains("<cbc:PayableAmount currencyID=\"JPY\">1240</cbc:PayableAmount>"), "{ubl}");
    let units = UnitCodes { pieces: "C62".into(), fractions: "KGM".into() };
    let settings = DocumentSettings { units, ..DocumentSettings::default() };
    let ubl = text_with("ubl", &reported("decimal-quantity-and-price/order.json"), &settings);
    assert_eq!(all(&ubl, "cbc:Quantity"), ["0.45", "2.125", "1000"]);
    assert_eq!(all(&ubl, "cbc:PriceAmount"), ["25.40", "3.20", "0.0715"]);
    assert!(ubl.contains("<cbc:Quantity unitCode=\"KGM\">0.45"), "{ubl}");
}

#[test]
fn the_parts_of_a_bundle_are_below_its_line() {
    let order = reported("bundles-counted-once/order.json");
    let opentrans = text("opentrans", &order);
    assert_eq!(all(&opentrans, "PRICE_LINE_AMOUNT"), ["60.00", "50.00"]);
    let skus = ["SET-DYN-A-B", "PART-A", "PART-B", "SET-FIX-C-D", "PART-C", "PART-D"];
    assert_eq!(all(&opentrans, "bmecat:SUPPLIER_PID"), skus);
    assert_eq!(all(&opentrans, "QUANTITY"), ["2", "4", "2", "1", "3", "1"]);
    assert_eq!(one(&opentrans, "TOTAL_ITEM_NUM"), "2");
    let ubl = text("ubl", &order);
    assert_eq!(all(&ubl, "cac:SubLineItem").len(), 4);
}

#[test]
fn an_idoc_has_its_segments_in_their_order() {
    let document = text("idoc", &sample::order("orders/synthetic-eur-order-100000777.json"));
    let segments = document.lines().filter_map(|line| line.trim().strip_prefix('<')?.strip_suffix(" SEGMENT=\"1\">"));
    let lines = ["E1EDP01", "E1EDP19"].repeat(3);
    let header = ["EDI_DC40", "E1EDK01", "E1EDK03", "E1EDKA1", "E1EDKA1", "E1EDK02"];
    assert_eq!(segments.collect::<Vec<_>>(), [&header[..], &lines, &["E1EDS01"]].concat());
    assert_eq!(all(&document, "POSEX"), ["000010", "000020", "000030"]);
    assert_eq!(all(&document, "NETWR"), ["90.00", "20.00", "15.00"]);
    assert_eq!(one(&document, "SUMME"), "151.35");
}
