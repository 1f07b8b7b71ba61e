//! Recordings that are not played, with the reason.

/// Groups and single recordings.
const LEFT_OUT: &[(&str, &str)] = &[
    ("carts/", "nothing that Systole does touches carts; orders are put into the local shop ready"),
    ("orders/", "orders are not built yet"),
    ("auth/012", "orders are not built yet"),
    ("async-bulk/129", "orders are not built yet"),
    ("async-bulk/132", "orders are not built yet"),
    ("async-bulk/137", "orders are not built yet"),
    ("async-bulk/146", "orders are not built yet"),
    ("async-bulk/147", "orders are not built yet"),
    ("server-state/009", "orders are not built yet"),
    ("server-state/016", "orders are not built yet"),
    ("inventory/005", "orders are not built yet"),
    ("inventory/006", "orders are not built yet"),
    ("inventory/007", "orders are not built yet"),
    ("inventory/008", "orders are not built yet"),
    ("inventory/009", "orders are not built yet"),
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
