use std::fmt::Write;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

/// Each text with what is wrong in it.
fn refused(cases: &[&str]) -> String {
    let mut table = String::new();
    for case in cases {
        let error = read("x.xml", case.as_bytes()).map_or_else(|error| error.to_string(), |_| "fine".to_owned());
        let is_hidden = |c: char| c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}');
        let shown: String =
            case.chars().map(|c| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect();
        writeln!(table, "`{shown}`\n    {error}").unwrap();
    }
    table
}

fn refused_bytes(bytes: &[u8]) -> String {
    read("x.xml", bytes).unwrap_err().to_string()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_is_no_xml_is_refused() {
    let cases = [
        "",
        "  ",
        "no xml",
        "<config>",
        "<config><pipeline></config>",
        "</config>",
        "<config/><config/>",
        "<config",
        "<config a=1/>",
        "<config a/>",
        "<config a=/>",
        "<config a='1' a='2'/>",
        "<config a='1'b='2'/>",
        "<config a='1/>",
        "<config a='<'/>",
        "<config a='x & y'/>",
        "<!-- a-b -- c --><config/>",
        "<!-- <config/>",
        "<!config/>",
        "<?pi <config/>",
        "< config/>",
        " <?xml version='1.0'?><config/>",
        "<?xml version='1.1'?><config/>",
        "<?xml encoding='UTF-8'?><config/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><config/>",
    ];
    assert_snapshot!(refused(&cases), @r#"
    ``
        x.xml:1:1: there is no element (expected `config`)
    `  `
        x.xml:1:3: there is no element (expected `config`)
    `no xml`
        x.xml:1:1: the text `no xml` stands between the elements, where only elements belong
    `<config>`
        x.xml:1:1: the element `config` is not closed
    `<config><pipeline></config>`
        x.xml:1:19: found `</config>` where `</pipeline>` is expected (opened at x.xml:1:9)
    `</config>`
        x.xml:1:1: `</config>` closes nothing
    `<config/><config/>`
        x.xml:1:10: a second root element, `config`
    `<config`
        x.xml:1:1: this is not well-formed XML: tag not closed: `>` not found before end of input
    `<config a=1/>`
        x.xml:1:11: a value must stand in quotation marks
    `<config a/>`
        x.xml:1:10: an attribute needs `=` and a value
    `<config a=/>`
        x.xml:1:11: a value is missing after `=`
    `<config a='1' a='2'/>`
        x.xml:1:15: the same attribute occurs twice
    `<config a='1'b='2'/>`
        x.xml:1:14: a space is missing before the attribute `b`
    `<config a='1/>`
        x.xml:1:1: this is not well-formed XML: attribute value not closed: `'` not found before end of input
    `<config a='<'/>`
        x.xml:1:12: `<` in an attribute's value (write `&lt;`)
    `<config a='x & y'/>`
        x.xml:1:14: `&` starts no entity (write `&amp;`)
    `<!-- a-b -- c --><config/>`
        x.xml:1:10: `--` inside a comment
    `<!-- <config/>`
        x.xml:1:1: this is not well-formed XML: comment not closed: `-->` not found before end of input
    `<!config/>`
        x.xml:1:1: this is not well-formed XML: unknown or missed symbol in markup
    `<?pi <config/>`
        x.xml:1:1: this is not well-formed XML: processing instruction not closed: `?>` not found before end of input
    `< config/>`
        x.xml:1:1: `` is not the name of an element
    ` <?xml version='1.0'?><config/>`
        x.xml:1:2: the XML declaration must be the first thing in the file
    `<?xml version='1.1'?><config/>`
        x.xml:1:1: the XML declaration must say `version="1.0"`
    `<?xml encoding='UTF-8'?><config/>`
        x.xml:1:1: the XML declaration must say `version="1.0"`
    `<?xml version='1.0' encoding='ISO-8859-1'?><config/>`
        x.xml:1:1: the encoding `ISO-8859-1` is not supported (expected `UTF-8`)
    "#);
}

#[test]
fn what_is_dangerous_or_hidden_is_refused() {
    let cases = [
        "<!DOCTYPE config SYSTEM 'file:///etc/passwd'><config/>",
        "<!DOCTYPE c [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><config a='&b;'/>",
        "<config a='&nbsp;'/>",
        "<config a='x&#0;'/>",
        "<config a='&#xd800;'/>",
        "<config>&a;</config>",
        "<config>&amp;</config>",
        "<config> text </config>",
        "<config><![CDATA[ text ]]></config>",
        "<config/> text",
        "<config a='\u{1}'/>",
        "<config a='\u{fffe}'/>",
        "\u{feff}\u{feff}<config/>",
    ];
    assert_snapshot!(refused(&cases), @r"
    `<!DOCTYPE config SYSTEM 'file:///etc/passwd'><config/>`
        x.xml:1:1: a document type (`<!DOCTYPE …>`) is not allowed
    `<!DOCTYPE c [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><config a='&b;'/>`
        x.xml:1:1: a document type (`<!DOCTYPE …>`) is not allowed
    `<config a='&nbsp;'/>`
        x.xml:1:12: the entity `&nbsp;` is not allowed (only `&lt;`, `&gt;`, `&amp;`, `&quot;`, `&apos;` and `&#…;`)
    `<config a='x&#0;'/>`
        x.xml:1:13: the entity `&#0;` is not allowed (only `&lt;`, `&gt;`, `&amp;`, `&quot;`, `&apos;` and `&#…;`)
    `<config a='&#xd800;'/>`
        x.xml:1:12: the entity `&#xd800;` is not allowed (only `&lt;`, `&gt;`, `&amp;`, `&quot;`, `&apos;` and `&#…;`)
    `<config>&a;</config>`
        x.xml:1:9: the entity `&a;` is not allowed (only `&lt;`, `&gt;`, `&amp;`, `&quot;`, `&apos;` and `&#…;`)
    `<config>&amp;</config>`
        x.xml:1:9: the text `&amp;` stands between the elements, where only elements belong
    `<config> text </config>`
        x.xml:1:10: the text `text` stands between the elements, where only elements belong
    `<config><![CDATA[ text ]]></config>`
        x.xml:1:9: the text `text` stands between the elements, where only elements belong
    `<config/> text`
        x.xml:1:11: the text `text` stands between the elements, where only elements belong
    `<config a='\u{1}'/>`
        x.xml:1:12: the character U+0001 is not allowed in XML
    `<config a='\u{fffe}'/>`
        x.xml:1:12: the character U+FFFE is not allowed in XML
    `\u{feff}\u{feff}<config/>`
        x.xml:1:1: a second byte order mark
    ");
}

#[test]
fn what_is_no_utf_8_is_refused() {
    assert_snapshot!(refused_bytes(b"<config>\n  <!-- \xff"), @"x.xml:2:8: this is not UTF-8");
    assert_snapshot!(refused_bytes(b"\xff\xfe<\0c\0"), @"x.xml:1:1: this is not UTF-8");
}

#[test]
fn positions_survive_line_ends_marks_and_wide_characters() {
    let text = "\u{feff}<config>\r\n <!-- ä -->\r <p\r\n\tname='ü'  ä='öö&amp;x' b=''>\n</p>\n</config>";
    let document = read("x.xml", text.as_bytes()).unwrap();
    let element = &document.root.children[0];
    let mut places = vec![(element.name.clone(), &element.position)];
    for attribute in &element.attributes {
        places.push((attribute.name.clone(), &attribute.position));
        places.push((attribute.value.text.clone(), &attribute.value.position));
    }
    let places: Vec<String> = places.iter().map(|(text, at)| format!("{text} {at}")).collect();
    assert_snapshot!(places.join("\n"), @"
    p x.xml:3:2
    name x.xml:4:2
    ü x.xml:4:8
    ä x.xml:4:12
    öö&x x.xml:4:15
    b x.xml:4:25
     x.xml:4:28
    ");
}

#[test]
fn values_are_normalized_as_xml_demands() {
    let document = read("x.xml", b"<config a='1&#10;2\t&amp;&#xe4;&#65;\r\n3\r4\n5&lt;&gt;&quot;&apos;'/>").unwrap();
    assert_eq!(document.root.attributes[0].value.text, "1\n2 &äA 3 4 5<>\"'");
}

#[test]
fn what_is_too_much_is_refused_at_once() {
    let attributes = |count: usize| (0..count).map(|i| format!(" a{i}=''")).collect::<String>();
    let long = "x".repeat(limits::VALUE_BYTES + 1);
    let name = "n".repeat(limits::NAME_BYTES + 1);
    let messages = [
        refused_bytes(&vec![b' '; 50_000_000]),
        refused_bytes("<a>".repeat(100_000).as_bytes()),
        refused_bytes(format!("<a>{}</a>", "<b/>".repeat(200_000)).as_bytes()),
        refused_bytes(format!("<a{}/>", attributes(100_000)).as_bytes()),
        refused_bytes(format!("<a b='{long}'/>").as_bytes()),
        refused_bytes(format!("<{name}/>").as_bytes()),
        refused_bytes(format!("<a {name}=''/>").as_bytes()),
        refused_bytes(format!("<a b='{}'/>", "&amp;".repeat(limits::FILE_BYTES / 6)).as_bytes()),
        refused_bytes("<".repeat(limits::FILE_BYTES).as_bytes()),
        refused_bytes("&".repeat(limits::FILE_BYTES).as_bytes()),
        refused_bytes("<!--".repeat(limits::FILE_BYTES / 4).as_bytes()),
    ];
    assert_snapshot!(messages.join("\n"), @"
    x.xml:1:1: the file has more than 1048576 bytes
    x.xml:1:49: more than 16 elements within each other
    x.xml:1:80000: more than 20000 elements in one file
    x.xml:1:106: more than 16 attributes in one element
    x.xml:1:7: a value of 8193 bytes, more than 8192
    x.xml:1:1: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn` is not the name of an element
    x.xml:1:4: the name `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn` is too long
    x.xml:1:7: a value of 873810 bytes, more than 8192
    x.xml:1:1: this is not well-formed XML: tag not closed: `>` not found before end of input
    x.xml:1:1: this is not well-formed XML: entity or character reference not closed: `;` not found before end of input
    x.xml:1:1: this is not well-formed XML: comment not closed: `-->` not found before end of input
    ");
}

#[test]
fn a_long_line_is_located_in_one_pass() {
    let text = format!("<a>{}</a>", "<b c='' d='' e='' f='' g='' h=''/>".repeat(19_000));
    let started = std::time::Instant::now();
    let document = read("x.xml", text.as_bytes()).unwrap();
    assert_eq!(
        document.root.children.last().unwrap().attributes[5].value.position.column,
        "<a>".len() as u32 + 19_000 * 34 - 2
    );
    // A walk from the start of the line for each of 228,000 positions would take minutes.
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn near_words_are_suggested() {
    let known = ["sortOrder", "step", "steps", "no_sibling_in_progress"];
    assert_eq!(suggest::remark("sortorder", known), "; did you mean `sortOrder`?");
    assert_eq!(suggest::remark("NoSiblingInProgres", known), "; did you mean `no_sibling_in_progress`?");
    assert_eq!(suggest::remark("st", known), "");
    assert_eq!(suggest::remark("unlike", known), "");
    // A part of a word is meant where there is one such word only.
    assert_eq!(suggest::remark("sibling_in_progress_now", known), "");
    let longer = ["expression", "time_zone", "time_of_day"];
    assert_eq!(suggest::remark("cron_expression", longer), "; did you mean `expression`?");
    assert_eq!(suggest::remark("express", longer), "; did you mean `expression`?");
    assert_eq!(suggest::remark("time_", longer), "");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read("x.xml", &bytes);
    }

    #[test]
    fn any_markup_is_read_or_refused_at_a_place_in_it(text in "[<>/=&;'\" a\n\r\u{e4}!?\\[\\]-]{0,60}") {
        if let Err(error) = read("x.xml", text.as_bytes()) {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            let line = text.split('\n').nth(error.position.line as usize - 1).unwrap();
            prop_assert!(error.position.column as usize <= line.chars().count() + 1, "{error}");
        }
    }
}
