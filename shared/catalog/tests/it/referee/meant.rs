/// Differences that are meant: each of the places in each of the files.
pub(super) struct Meant {
    pub(super) files: &'static [&'static str],
    pub(super) places: &'static [&'static str],
    /// Number of the referee's fact.
    pub(super) fact: u8,
    /// `stricter`, `kinder` or `safer`.
    pub(super) kind: &'static str,
    pub(super) reason: &'static str,
}

pub(super) const DIFFERENCES: &[Meant] = &[
    Meant {
        files: &["pricing.csv append plain"],
        places: &["row 2 taken", "row 6 taken", "row 16 taken"],
        fact: 91,
        kind: "kinder",
        reason: "`All Websites` without the currency, and the fixed words in another case, can mean one thing only",
    },
    Meant {
        files: &["pricing.csv append plain"],
        places: &["row 15 refused"],
        fact: 91,
        kind: "stricter",
        reason: "a discount of 150 percent would make goods cost less than nothing",
    },
    Meant {
        files: &["pricing.csv append plain"],
        places: &["row 19 refused"],
        fact: 91,
        kind: "stricter",
        reason: "a price of a product that is not there is told instead of being lost",
    },
    Meant {
        files: &["pricing.csv append plain"],
        places: &["BASE-1 tier_prices: `ALL GROUPS from 10: 9, ALL GROUPS from 8: 7, General from 0: 7, General from \
                   1.5: 7, General from 14: 10%, General from 3: 7, General from 4: 7, General from 5: 6, NOT LOGGED \
                   IN from 9: 7` instead of `ALL GROUPS from 10: 9, General from 0: 7, General from 1.5: 7, General \
                   from 13: 150%, General from 3: 7, General from 5: 6, NOT LOGGED IN from 9: 7`"],
        fact: 91,
        kind: "kinder",
        reason: "what follows from the rows above: three more are taken, and the discount of 150 percent is not",
    },
    Meant {
        files: &["pricing-delete.csv delete plain"],
        places: &["BASE-1 tier_prices: `ALL GROUPS from 10: 9` instead of ``"],
        fact: 91,
        kind: "safer",
        reason: "a row deletes the tier price that it names, not all of the product",
    },
    Meant {
        files: &["pricing-delete-sku-only.csv delete plain"],
        places: &["row 1 refused", "BASE-1 tier_prices: `ALL GROUPS from 10: 9, General from 5: 5%` instead of ``"],
        fact: 91,
        kind: "safer",
        reason: "a row that names no tier price deletes none",
    },
    Meant {
        files: &["pricing-unknown-column.csv append plain"],
        places: &["row 1 taken"],
        fact: 10,
        kind: "kinder",
        reason: "a column that nobody knows is told once for the file, and its rows are imported",
    },
    Meant {
        files: &["sources.csv append plain"],
        places: &["row 5 refused", "row 17 refused"],
        fact: 92,
        kind: "stricter",
        reason: "stock of a product that is not there, or of a sku with a blank before it, is told instead of being lost",
    },
    Meant {
        files: &["sources.csv append plain"],
        places: &["row 13 refused"],
        fact: 92,
        kind: "stricter",
        reason: "a row without a sku is nobody's",
    },
    Meant {
        files: &["sources.csv append plain"],
        places: &["row 7 refused"],
        fact: 92,
        kind: "stricter",
        reason: "a status of 2 is told before anything is written; the referee breaks off the whole import",
    },
    Meant {
        files: &["sources.csv append plain"],
        places: &["row 9 refused", "row 11 refused", "row 18 refused"],
        fact: 92,
        kind: "stricter",
        reason: "`1,5`, `abc` and nothing at all are no quantities; the referee stores other numbers for them",
    },
    Meant {
        files: &["sources-delete-without-qty.csv delete plain"],
        places: &["row 1 taken"],
        fact: 92,
        kind: "kinder",
        reason: "who deletes need not say how much there was",
    },
    Meant {
        files: &[
            "sample.csv append plain",
            "sample.csv append rich",
            "sample.csv replace rich",
            "sample.csv delete rich",
            "stock_sources.csv append plain",
            "stock_sources.csv append rich",
            "stock_sources.csv replace rich",
            "stock_sources.csv delete rich",
        ],
        places: &["row 1 refused", "row 2 refused"],
        fact: 92,
        kind: "stricter",
        reason: "the shop of the referee has no such products; stock of them is told instead of being lost",
    },
    Meant {
        files: &["advanced_price_for_validation_test.csv delete rich"],
        places: &["row 2 refused"],
        fact: 91,
        kind: "stricter",
        reason: "the shop has another currency than the row names, and no such product",
    },
    Meant {
        files: &["customers.csv add_update plain"],
        places: &["row 1 refused"],
        fact: 94,
        kind: "safer",
        reason: "the password in plain text is refused; the rest of the row is imported",
    },
    Meant {
        files: &["customers.csv add_update plain"],
        places: &["row 2 taken", "one@example.com is called [Some(\"Two\"), Some(\"Test\")]"],
        fact: 94,
        kind: "kinder",
        reason: "a customer may have several rows, one for each address, as in files of the original; the last one counts",
    },
    Meant {
        files: &["customers.csv add_update plain"],
        places: &["row 10 refused"],
        fact: 94,
        kind: "stricter",
        reason: "a row without an e-mail is told; the referee leaves it out without a word",
    },
    Meant {
        files: &[
            "customers_for_validation_test.csv add_update plain",
            "customers_for_validation_test.csv add_update rich",
            "customers_for_validation_test.csv delete rich",
        ],
        places: &["row 1 taken", "row 2 taken"],
        fact: 10,
        kind: "kinder",
        reason: "columns that nobody knows are told once for the file, and its rows are imported",
    },
];
