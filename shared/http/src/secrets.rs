//! Finds the secrets of a request in its response.
//!
//! Some servers repeat what they were sent: a debug page, an error report, a proxy. A response goes where more people may
//! read it than may know the secret, so one that repeats it is refused. It is looked for as it was sent and without the
//! word before it (`Bearer`), and both also as addresses, JSON, HTML, base64 and hexadecimal numbers write them. What has
//! less than [`SHORTEST`] characters is not looked for: it would be found everywhere.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use memchr::memchr;
use memchr::memmem::Finder;

use crate::error::Error;

/// What must not come back. Made once and shared by all requests that carry the same secrets.
#[derive(Debug, Default)]
pub struct Secrets {
    needles: Vec<Needle>,
}

struct Needle {
    /// The name of the secret.
    secret: String,
    spelling: Finder<'static>,
}

/// Looks through a body while it comes.
#[derive(Debug)]
pub(crate) struct SecretScan {
    secrets: Arc<Secrets>,
    /// The end of what was looked at, in which a secret may have begun, and what has come since.
    buffered: BytesMut,
    /// How much of it has come since.
    new_bytes: usize,
}

/// What escapes begin with in addresses, JSON and HTML.
const ESCAPES: [u8; 3] = [b'%', b'\\', b'&'];

/// Bytes of the longest escape of one byte: `\u0022`, `&quot;`.
const LONGEST_ESCAPE: usize = 6;

/// How much comes before it is looked at: a body in tiny pieces would cost a look through what is buffered for each.
const LOOK_BYTES: usize = 64 * 1024;

/// Fewer characters are no secret worth the name.
const SHORTEST: usize = 8;

impl Secrets {
    /// Looks for one secret more, by its name and the value of the header that it is sent in.
    pub fn add(&mut self, secret: &str, value: &str) {
        let credential = value.rsplit_once(' ').map(|(_, credential)| credential);
        for value in [Some(value), credential].into_iter().flatten().filter(|value| value.len() >= SHORTEST) {
            for spelling in spellings(value) {
                let spelling = Finder::new(&spelling).into_owned();
                self.needles.push(Needle { secret: secret.to_owned(), spelling });
            }
        }
    }

    /// The name of a secret that the bytes repeat.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<&str> {
        if self.needles.is_empty() {
            return None;
        }
        // Most bodies have no escape of one kind or another; what has none is looked at once.
        let escaped: Vec<Vec<u8>> = ESCAPES.iter().filter_map(|escape| unescaped(bytes, *escape)).collect();
        let is_there = |needle: &&Needle| {
            let is_in = |text: &[u8]| needle.spelling.find(text).is_some();
            is_in(bytes) || escaped.iter().any(|text| is_in(text))
        };
        self.needles.iter().find(is_there).map(|needle| needle.secret.as_str())
    }

    pub(crate) fn watch(self: Arc<Self>) -> SecretScan {
        SecretScan { secrets: self, buffered: BytesMut::new(), new_bytes: 0 }
    }

    fn longest(&self) -> usize {
        self.needles.iter().map(|needle| needle.spelling.needle().len()).max().unwrap_or(0)
    }
}

impl SecretScan {
    /// Takes the next piece, looks once there is enough, and gives back what cannot be a part of a secret any more.
    pub(crate) fn take(&mut self, piece: Bytes) -> Result<Bytes, Error> {
        if self.secrets.needles.is_empty() {
            return Ok(piece);
        }
        self.buffered.extend_from_slice(&piece);
        self.new_bytes += piece.len();
        if self.new_bytes < LOOK_BYTES {
            return Ok(Bytes::new());
        }
        self.look()?;
        // A secret that has begun but not ended lies within these last bytes, however it is escaped.
        let kept = self.secrets.longest() * LONGEST_ESCAPE;
        Ok(self.buffered.split_to(self.buffered.len().saturating_sub(kept)).freeze())
    }

    /// Looks at all that is left, and gives it back.
    pub(crate) fn finish(&mut self) -> Result<Bytes, Error> {
        self.look()?;
        Ok(self.buffered.split().freeze())
    }

    fn look(&mut self) -> Result<(), Error> {
        self.new_bytes = 0;
        match self.secrets.find(&self.buffered) {
            Some(secret) => Err(Error::RepeatsSecret { secret: secret.to_owned() }),
            None => Ok(()),
        }
    }
}

/// Not the spelling itself, which is the secret.
impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.secret)
    }
}

/// What needs no escape: the value itself, hexadecimal, and both kinds of base64 after none, one and two other bytes.
fn spellings(value: &str) -> Vec<Vec<u8>> {
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut all: Vec<Vec<u8>> =
        [value.to_owned(), hex.to_uppercase(), hex].into_iter().map(String::into_bytes).collect();
    for lead in 0..3 {
        let standard = base64(value.as_bytes(), lead);
        // As addresses and tokens have it.
        let for_addresses = standard.iter().map(|digit| match digit {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        });
        all.push(for_addresses.collect());
        all.push(standard);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The text with all escapes undone that begin with a byte, if it has that byte. One kind at a time: a secret may look like another kind.
fn unescaped(text: &[u8], begin: u8) -> Option<Vec<u8>> {
    memchr(begin, text)?;
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let escape = if *byte == begin { escape(rest) } else { None };
        let (byte, length) = escape.unwrap_or((*byte, 1));
        plain.push(byte);
        rest = &after[length - 1..];
    }
    Some(plain)
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

    fn secrets(value: &str) -> Arc<Secrets> {
        let mut secrets = Secrets::default();
        secrets.add("ERP", value);
        Arc::new(secrets)
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secrets = secrets("Bearer a\"b c+d/e=f01234");
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
            assert_eq!(secrets.find(body.as_bytes()), Some("ERP"), "{body}");
        }
        for body in ["", "%", "\\", "&", "&#;", "%x", "Bearer", "c+d/e=f0123", "authorization: Bearer x"] {
            assert_eq!(secrets.find(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_secret_is_found_in_both_kinds_of_base64() {
        let secrets = secrets("~~~~~~~~~");
        for body in ["Zn5-fn5-", "fn5+fn5+fn5+", "fn5-fn5-fn5-"] {
            let is_whole = body.starts_with("fn5");
            assert_eq!(secrets.find(body.as_bytes()), is_whole.then_some("ERP"), "{body}");
        }
    }

    /// What the pieces of a body become: all of it, or the name of the secret in it and what was given out before.
    fn watched<'a>(secrets: &Arc<Secrets>, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Option<String>) {
        let mut watch = secrets.clone().watch();
        let mut given = Vec::new();
        let mut look = |looked: Result<Bytes, Error>| match looked {
            Ok(piece) => {
                given.extend_from_slice(&piece);
                None
            }
            Err(Error::RepeatsSecret { secret }) => Some(secret),
            Err(other) => panic!("{other}"),
        };
        for piece in pieces {
            if let Some(secret) = look(watch.take(Bytes::copy_from_slice(piece))) {
                return (given, Some(secret));
            }
        }
        let found = look(watch.finish());
        (given, found)
    }

    #[test]
    fn a_secret_is_found_across_pieces() {
        let secrets = secrets("hush-hush-hush");
        for body in
            ["before hush-hush-hush after", "before hush&#x2D;hush&#45;hush after", "before hush\\u002dhush-hush"]
        {
            for size in 1..body.len() {
                let (given, found) = watched(&secrets, body.as_bytes().chunks(size));
                assert_eq!((given.len(), found.as_deref()), (0, Some("ERP")), "{body} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_secret_is_found_across_looks_and_no_part_of_it_is_given_out() {
        let secrets = secrets("hush-hush-hush");
        for before in LOOK_BYTES - 20..=LOOK_BYTES {
            let body = format!("{}hush-hush-hush{}", ".".repeat(before), ".".repeat(LOOK_BYTES));
            let (given, found) = watched(&secrets, body.as_bytes().chunks(7));
            assert_eq!(found.as_deref(), Some("ERP"), "after {before} bytes");
            assert!(given.iter().all(|byte| *byte == b'.'), "after {before} bytes");
        }
    }

    #[test]
    fn what_has_no_secret_is_given_out_whole() {
        let body: Vec<u8> = (0..LOOK_BYTES * 3 + 5).map(|number| (number % 251) as u8).collect();
        for secrets in [secrets("hush-hush-hush"), Arc::default()] {
            for size in [1000, LOOK_BYTES, LOOK_BYTES * 4] {
                let (given, found) = watched(&secrets, body.chunks(size));
                assert_eq!(found, None);
                assert!(given == body, "in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_secret_may_look_like_an_escape_of_another_kind() {
        let secrets = secrets("a%41\"&amp;bcd");
        for body in [r#"{"a": "a%41\"&amp;bcd"}"#, "/a%2541%22&amp;bcd", "<td>a%41&quot;&amp;amp;bcd</td>"] {
            assert_eq!(secrets.find(body.as_bytes()), Some("ERP"), "{body}");
        }
    }

    #[test]
    fn what_is_too_short_for_a_secret_is_not_looked_for() {
        assert_eq!(secrets("Basic a").find(b"a Basic a"), None);
        assert_eq!(Secrets::default().find(b"anything"), None);
    }

    #[test]
    fn no_secret_is_printed() {
        assert!(!format!("{:?}", secrets("hush-hush-hush")).contains("hush"));
    }
}
