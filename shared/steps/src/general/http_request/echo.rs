//! Finds the secrets of a request in its response.
//!
//! Some servers repeat what they were sent: a debug page, an error report, a proxy. A response is kept in a file that more
//! people may read than may know the secret, so one that repeats it is refused and nothing of it is kept. It is looked for
//! as it was sent and without the word before it (`Bearer`), and both also as addresses, JSON, HTML, base64 and hexadecimal
//! numbers write them. What has less than [`SHORTEST`] characters is not looked for: it would be found everywhere.

/// What to look for.
#[derive(Debug, Default)]
pub(super) struct Echoes {
    needles: Vec<Needle>,
}

struct Needle {
    /// The name of the secret.
    secret: String,
    spelling: Vec<u8>,
}

/// Looks through a body while it comes.
pub(super) struct Watch<'a> {
    echoes: &'a Echoes,
    /// The end of what was looked at, in which a secret may have begun, and what has come since.
    tail: Vec<u8>,
    /// How much of it has come since.
    new_bytes: usize,
}

/// What escapes begin with in addresses, JSON and HTML.
const ESCAPES: [u8; 3] = [b'%', b'\\', b'&'];

/// Bytes of the longest escape of one byte: `\\u0022`, `&quot;`.
const LONGEST_ESCAPE: usize = 6;

/// How much comes before it is looked at: a body in tiny pieces would cost a look through the tail for each.
const LOOK_BYTES: usize = 64 * 1024;

/// Fewer characters are no secret worth the name.
const SHORTEST: usize = 8;

impl Echoes {
    /// Looks for one secret more.
    pub(super) fn add(&mut self, secret: &str, value: &str) {
        let credential = value.rsplit_once(' ').map(|(_, credential)| credential);
        for value in [Some(value), credential].into_iter().flatten().filter(|value| value.len() >= SHORTEST) {
            let spelled = spellings(value).into_iter();
            self.needles.extend(spelled.map(|spelling| Needle { secret: secret.to_owned(), spelling }));
        }
    }

    /// The name of a secret that the bytes repeat.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<&str> {
        let plain = ESCAPES.map(|escape| unescaped(bytes, escape));
        let is_there = |needle: &&Needle| {
            let texts = plain.iter().map(Vec::as_slice).chain([bytes]);
            texts.into_iter().any(|text| contains(text, &needle.spelling))
        };
        self.needles.iter().find(is_there).map(|needle| needle.secret.as_str())
    }

    pub(super) fn watch(&self) -> Watch<'_> {
        Watch { echoes: self, tail: Vec::new(), new_bytes: 0 }
    }

    fn longest(&self) -> usize {
        self.needles.iter().map(|needle| needle.spelling.len()).max().unwrap_or(0)
    }
}

impl<'a> Watch<'a> {
    /// Takes the next piece, and looks once there is enough; the name of a secret that the body repeats.
    pub(super) fn take(&mut self, piece: &[u8]) -> Option<&'a str> {
        if self.echoes.needles.is_empty() {
            return None;
        }
        self.tail.extend_from_slice(piece);
        self.new_bytes += piece.len();
        if self.new_bytes < LOOK_BYTES { None } else { self.look() }
    }

    /// Looks at all that has come, as must be done at the end; the name of a secret that the body repeats.
    pub(super) fn look(&mut self) -> Option<&'a str> {
        let kept = self.echoes.longest() * LONGEST_ESCAPE;
        let found = self.echoes.find(&self.tail);
        self.tail.drain(..self.tail.len().saturating_sub(kept));
        self.new_bytes = 0;
        found
    }
}

/// Not the spelling itself, which is the secret.
impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.secret)
    }
}

fn contains(text: &[u8], spelling: &[u8]) -> bool {
    let (first, rest) = spelling.split_first().expect("no spelling is empty");
    let mut places = text.iter().enumerate().filter(|(_, byte)| *byte == first);
    places.any(|(place, _)| text[place + 1..].starts_with(rest))
}

/// What needs no escape: the value itself, hexadecimal, and base64 after none, one and two other bytes.
fn spellings(value: &str) -> Vec<Vec<u8>> {
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut all: Vec<Vec<u8>> =
        [value.to_owned(), hex.to_uppercase(), hex].into_iter().map(String::into_bytes).collect();
    all.extend((0..3).map(|lead| base64(value.as_bytes(), lead)));
    all
}

/// The text with all escapes undone that begin with a byte. One kind at a time: a secret may look like another kind.
fn unescaped(text: &[u8], begin: u8) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let escape = if *byte == begin { escape(rest) } else { None };
        let (byte, length) = escape.unwrap_or((*byte, 1));
        plain.push(byte);
        rest = &after[length - 1..];
    }
    plain
}

/// The byte that an escape stands for, and the length of the escape.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let number = |digits: &[u8], radix| u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    match text {
        [b'%', high, low, ..] => Some((number(&[*high, *low], 16)?, 3)),
        [b'\\', b'u', b'0', b'0', high, low, ..] => Some((number(&[*high, *low], 16)?, 6)),
        [b'\\', other, ..] => Some((*other, 2)),
        [b'&', ..] => {
            let end = text.iter().take(LONGEST_ESCAPE).position(|byte| *byte == b';')?;
            let byte = match &text[1..end] {
                b"amp" => b'&',
                b"quot" => b'"',
                b"lt" => b'<',
                b"gt" => b'>',
                b"apos" => b'\'',
                [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
                [b'#', digits @ ..] => number(digits, 10)?,
                _ => return None,
            };
            Some((byte, end + 1))
        }
        _ => None,
    }
}

/// The characters that stand in base64 for these bytes after `lead` others, without those at the ends that depend on more.
fn base64(bytes: &[u8], lead: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // Six bits at a time, from the first group that lies wholly in the bytes.
    let first = (lead * 8).next_multiple_of(6) - lead * 8;
    let groups = (bytes.len() * 8 - first) / 6;
    let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
    let digit = |group: usize| {
        let start = first + group * 6;
        let value = (start..start + 6).fold(0, |value, at| value << 1 | bit(at));
        DIGITS[usize::from(value)]
    };
    (0..groups).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echoes(value: &str) -> Echoes {
        let mut echoes = Echoes::default();
        echoes.add("ERP", value);
        echoes
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let echoes = echoes("Bearer a\"b c+d/e=f01234");
        for body in [
            "<pre>authorization: Bearer a\"b c+d/e=f01234</pre>",
            r#"{"headers": {"authorization": "Bearer a\"b c+d/e=f01234"}}"#,
            "?authorization=Bearer%20a%22b%20c%2Bd%2Fe%3Df01234",
            "?authorization=Bearer+a%22b+c%2Bd%2Fe%3Df01234",
            "/a%22b%20c+d/e%3df01234",
            r#"{"authorization": "Bearer a\u0022b c+d\/e=f01234"}"#,
            "<td>a&quot;b c&#43;d&#x2F;e=f01234</td>",
            "token c+d/e=f01234 is wrong",
            "632b642f653d663031323334",
            "632B642F653D663031323334",
            // `c+d/e=f01234` after none, one and two other bytes.
            "YytkL2U9ZjAxMjM0",
            "eGMrZC9lPWYwMTIzNA==",
            "eHhjK2QvZT1mMDEyMzQ=",
        ] {
            assert_eq!(echoes.find(body.as_bytes()), Some("ERP"), "{body}");
        }
        for body in ["", "%", "\\", "&", "&#;", "%x", "Bearer", "c+d/e=f0123", "authorization: Bearer x"] {
            assert_eq!(echoes.find(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_secret_is_found_across_pieces() {
        let echoes = echoes("hush-hush-hush");
        for body in
            ["before hush-hush-hush after", "before hush&#x2D;hush&#45;hush after", "before hush\\u002dhush-hush"]
        {
            for size in 1..body.len() {
                let mut watch = echoes.watch();
                let found = body.as_bytes().chunks(size).find_map(|piece| watch.take(piece));
                assert_eq!(found.or_else(|| watch.look()), Some("ERP"), "{body} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_secret_is_found_across_looks() {
        let echoes = echoes("hush-hush-hush");
        for before in LOOK_BYTES - 20..=LOOK_BYTES {
            let body = format!("{}hush-hush-hush{}", ".".repeat(before), ".".repeat(LOOK_BYTES));
            let mut watch = echoes.watch();
            let found = body.as_bytes().chunks(7).find_map(|piece| watch.take(piece));
            assert_eq!(found, Some("ERP"), "after {before} bytes");
        }
    }

    #[test]
    fn a_secret_may_look_like_an_escape_of_another_kind() {
        let echoes = echoes("a%41\"&amp;bcd");
        for body in [r#"{"a": "a%41\"&amp;bcd"}"#, "/a%2541%22&amp;bcd", "<td>a%41&quot;&amp;amp;bcd</td>"] {
            assert_eq!(echoes.find(body.as_bytes()), Some("ERP"), "{body}");
        }
    }

    #[test]
    fn what_is_too_short_for_a_secret_is_not_looked_for() {
        assert_eq!(echoes("Basic a").find(b"a Basic a"), None);
        assert_eq!(Echoes::default().watch().take(b"anything"), None);
    }

    #[test]
    fn no_secret_is_printed() {
        assert!(!format!("{:?}", echoes("hush-hush-hush")).contains("hush"));
    }
}
