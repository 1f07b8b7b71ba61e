//! Templates of merchants: what they get, what they are told, and what they cannot do.

use std::fs;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use orders::document::{DocumentSettings, Lookup};
use orders::format::template::{self, TemplateError, TemplateSettings, Undefined};
use orders::line_number::{self, LineOrdinals, NumberRules};
use orders::money::MoneyRules;
use orders::order::Order;

use crate::sample::{self, reported};

fn written(text: &str, order: &Order, settings: &TemplateSettings) -> Result<String, TemplateError> {
    let mut ordinals = LineOrdinals::new();
    line_number::number(order, &mut ordinals);
    let numbers = NumberRules { step: 10, padding: None };
    let document = MoneyRules::default().document(order, (&ordinals, &numbers), &DocumentSettings::default());
    template::write(text, order, &document, settings).map(|written| String::from_utf8(written.bytes).unwrap())
}

fn strict() -> TemplateSettings {
    TemplateSettings { undefined: Undefined::Strict, ..TemplateSettings::default() }
}

fn of_report(name: &str, settings: &TemplateSettings) -> Result<String, TemplateError> {
    let text = fs::read_to_string(sample::path(&format!("reports/orders/template-traps/{name}.txt.j2"))).unwrap();
    written(text.trim_end(), &reported("template-traps/order.json"), settings)
}

fn lenient(name: &str) -> String {
    of_report(name, &TemplateSettings::default()).unwrap()
}

#[test]
fn sums_are_exact_and_nothing_reads_none() {
    assert_eq!(lenient("t1-loop-sum"), "S=0", "a value that is set in a loop is lost behind it, as in Jinja");
    assert_eq!(lenient("t2-filters"), "0.30|54.80|54.8");
    assert_eq!(lenient("t3-null"), "[][]");
    assert_eq!(lenient("t4-missing"), "[][]");
    assert_eq!(lenient("t5-store"), "Main Website\nMain Website Store\nDefault Store View|");
    assert_eq!(of_report("t2-filters", &strict()).unwrap(), "0.30|54.80|54.8");
}

#[test]
fn a_strict_template_names_the_place_and_the_name_that_is_missing() {
    assert_snapshot!(of_report("t4-missing", &strict()).unwrap_err(), @"line 1, column 5: `order.ext_customer_id` is not there in this order");
    let order = reported("template-traps/order.json");
    let told = |text: &str| written(text, &order, &strict()).unwrap_err().to_string();
    assert_snapshot!(told("<a>\n  {{ order.billing_address.ctiy }}\n</a>"), @"line 2, column 6: `order.billing_address.ctiy` is not there in this order");
    assert_snapshot!(told("{{ order.increment_id }\n"), @"line 1, column 23: syntax error: unexpected `}`, expected end of variable block");
    assert_snapshot!(told("ok\n{{ order.grand_total | mony }}"), @"line 2, column 24: unknown filter: filter mony is unknown");
    assert_snapshot!(told("{{ order.created_at | date('%d.%m.%Y', 'Europe/Berln') }}"), @"line 1, column 23: invalid operation: there is no time zone `Europe/Berln` (example: `Europe/Berlin`)");
    assert_snapshot!(told("{{ order.status | lookup('units') }}"), @"line 1, column 19: invalid operation: there is no table `units` in the settings (there are: )");
}

#[test]
fn filters_write_what_an_erp_reads() {
    let order = reported("template-traps/order.json");
    let units = [("new", "1"), ("*", "9")].map(|(word, found)| (word.into(), found.into()));
    let lookups = [("states".into(), Lookup(units.into()))].into();
    let settings = TemplateSettings { lookups, zone: "Europe/Berlin".parse().unwrap(), ..strict() };
    for (text, expected) in [
        (
            "{{ '0.1' | plus('0.2') }} {{ 0.1 | plus(0.2) }} {{ 3 | times('0.1') }} {{ 1 | minus(0.9) }}",
            "0.3 0.3 0.3 0.1",
        ),
        ("{{ 12.345 | money }} {{ 12.345 | money(1) }} {{ none | money }}", "12.35 12.3 0.00"),
        ("{{ 7 | pad(4, '0') }}|{{ 'ab' | pad(4, '.', 'right') }}|{{ 'abc' | pad(2) }}", "0007|ab..|abc"),
        (
            "{{ 'a<b>&\"' | xml }} {{ \"5'b + 7: ?\" | edi }} {{ 'a;b' | csv }} {{ 'a' | csv }}",
            "a&lt;b&gt;&amp;&quot; 5?'b ?+ 7?: ?? \"a;b\" a",
        ),
        ("{{ 'Łódź – Köln' | translit }} {{ 'Größe' | truncate(3) }}", "Lodz - Koln Grö"),
        ("{{ 'new' | lookup('states') }}{{ 'x' | lookup('states') }}", "19"),
        (
            "{{ '2027-06-30 22:30:00' | date('%Y-%m-%d %H:%M') }} {{ '2027-06-30 22:30:00' | date('%H', 'UTC') }}",
            "2027-07-01 00:30 22",
        ),
        (
            "{% for line in document.lines %}{{ line.number }}:{{ line.sku }} {% endfor %}{{ document.totals.payable }}",
            "10:NUT-1 20:BOLT-1 54.80",
        ),
    ] {
        assert_eq!(
            written(text, &order, &settings).unwrap_or_else(|error| panic!("{text}: {error}")),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_template_reads_nothing_but_its_order_and_comes_to_an_end() {
    let order = reported("template-traps/order.json");
    for text in [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% set n = namespace(s='xxxxxxxxxxxxxxxx') %}{% for a in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s | length }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 'a' * 2000000000 }}",
        "{{ [1] * 2000000000 }}",
        "{% for a in range(90000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ 'x' | pad(2000000000) }}",
        "{{ 'x' | indent(2000000000) }}",
        "{{ '%2000000000d' | format(1) }}",
        "{{ 79228162514264337593543950335 | times(2) }}",
        "{{ 1e400 | money }}",
        "{% include 'other' %}",
        "{% import 'other' as other %}",
        "{{ self.x }}{{ open('/etc/passwd') }}",
        "{{ env('HOME') }}",
        "{{ order.__class__.__mro__ }}",
    ] {
        let began = Instant::now();
        let told = written(text, &order, &strict());
        let error = told.err().unwrap_or_else(|| panic!("{text} gives a document"));
        assert!(error.line == 1 && error.column >= 1, "{text}: {error}");
        assert!(began.elapsed() < Duration::from_secs(20), "{text}: {:?}", began.elapsed());
    }
}

#[test]
fn a_template_is_checked_before_any_order_comes() {
    assert_eq!(template::check("{{ order.increment_id }}"), Ok(()));
    assert_snapshot!(template::check("{% for i in order.items %}\n{{ i.sku }}\n").unwrap_err(), @"line 2, column 10: syntax error: unexpected end of input, expected end of block");
}
