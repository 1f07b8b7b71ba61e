//! Recordings that are not played, with the reason.

/// Groups and single recordings.
const LEFT_OUT: &[(&str, &str)] = &[
    ("carts/", "nothing that Systole does touches carts; orders are put into the local shop ready"),
    ("search/020", "lists the products of a measurement that was not recorded"),
    ("search/022", "lists the products of a measurement that was not recorded"),
    ("server-state/017", "lists the products of a measurement that was not recorded"),
    ("timing/", "a figure of a measurement: the local shop has the speed that a test gives it"),
    ("async-bulk/155", "a count in the middle of the work of two consumers is by chance"),
];

/// Why a recording is left out.
pub(crate) fn reason(name: &str) -> Option<&'static str> {
    LEFT_OUT.iter().find(|(part, _)| name.starts_with(part)).map(|(_, reason)| *reason)
}
