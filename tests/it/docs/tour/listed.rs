//! What of the documents is not run, and why, and what ends otherwise than well.

/// Commands of one kind that are not run.
pub(super) struct NotRun {
    pub(super) page: &'static str,
    /// How they begin.
    pub(super) begins: &'static str,
    /// How many there are. One more has to be judged.
    pub(super) count: usize,
    pub(super) why: &'static str,
}

const ACCOUNT: &str = "needs an AWS account";
const EMULATOR: &str = "needs the emulator on the port of developers; `scripts/test` starts another one the same way";
const COMPILES: &str = "compiles for minutes";

pub(super) const NOT_RUN: [NotRun; 38] = [
    of("README.md", "make test", 1, "it is what runs this"),
    of("README.md", "make local-up", 1, EMULATOR),
    of("README.md", "systole --stage local", 1, EMULATOR),
    of("README.md", "make watch", 1, "compiles for minutes; tests/it/watch.rs runs it"),
    of("README.md", "scripts/invoke", 1, "needs what `make watch` serves; tests/it/watch.rs runs it"),
    of("README.md", "make local-down", 1, EMULATOR),
    of("README.md", "make deploy", 1, ACCOUNT),
    of("docs/API.md", "scripts/deploy", 1, ACCOUNT),
    of("docs/API.md", "curl --user", 1, ACCOUNT),
    of("docs/AWS.md", "make deploy", 1, ACCOUNT),
    of("docs/AWS.md", "STAGE=prod", 3, ACCOUNT),
    of("docs/AWS.md", "aws ", 24, ACCOUNT),
    of("docs/AWS.md", "sed -e \"s/ACCOUNT/$(aws", 1, "asks AWS for the account"),
    of("docs/AWS.md", "eval ", 1, ACCOUNT),
    of("docs/AWS.md", "TABLE_NAME=", 1, ACCOUNT),
    of("docs/AWS.md", "git checkout", 1, "would change the folder that the tests are in"),
    of("docs/AWS.md", "for queue in", 1, ACCOUNT),
    of(
        "docs/AWS.md",
        "systole --stage prod",
        2,
        "needs an AWS account; tests/it/stages.rs runs the same in the emulator",
    ),
    of("docs/DEBUGGING.md", "make simulate", 1, COMPILES),
    of("docs/DEBUGGING.md", "make watch", 1, "compiles for minutes; tests/it/watch.rs runs it"),
    of("docs/DEBUGGING.md", "scripts/invoke", 2, "needs what `make watch` serves; tests/it/watch.rs runs it"),
    of("docs/DEBUGGING.md", "make local-", 3, EMULATOR),
    of("docs/DEBUGGING.md", "source .emulators", 1, EMULATOR),
    of("docs/DEBUGGING.md", "systole --stage local", 2, EMULATOR),
    of("docs/DEBUGGING.md", "grep -h", 1, EMULATOR),
    of("docs/DEBUGGING.md", "CARGO_PROFILE_DEV_DEBUG", 1, "opens a debugger"),
    of("docs/EXECUTORS.md", "make deploy", 1, ACCOUNT),
    of("docs/MAGENTO.md", "export ", 2, "keys of a shop that is not there"),
    of("docs/MAGENTO.md", "systole shop ", 2, "needs a shop; tests/it/shops.rs runs the same with one"),
    of("docs/MAGENTO.md", "systole import run", 1, "needs a shop; tests/it/shops.rs runs the same with one"),
    of(
        "docs/OPERATING.md",
        "systole import show spring",
        1,
        "the bunch is one of another shop; steps/tests/it/results.rs",
    ),
    of(
        "docs/OPERATING.md",
        "systole import errors spring",
        1,
        "the bunch is one of another shop; steps/tests/it/results.rs",
    ),
    of("docs/SHOP.md", "systole shop ", 3, "somebody writes a store view into the file in between; operate tests it"),
    of("examples/extension/README.md", "cargo ", 6, "compiles; examples/extension/tests runs these programs"),
    of("examples/extension/README.md", "make deploy", 1, ACCOUNT),
    of("examples/python-executor/README.md", "sam deploy", 1, ACCOUNT),
    of("examples/python-executor/README.md", "scripts/deploy", 1, ACCOUNT),
    of("examples/python-executor/README.md", "aws s3", 1, ACCOUNT),
];

const fn of(page: &'static str, begins: &'static str, count: usize, why: &'static str) -> NotRun {
    NotRun { page, begins, count, why }
}

/// Commands that end with another code than 0, as the text around them says.
pub(super) const CODES: [(&str, &str, i32); 7] = [
    ("README.md", "systole pipeline validate my-pipeline.xml", 1),
    ("docs/IMPORT.md", "systole import run --dry-run my-catalogue/", 13),
    ("docs/IMPORT.md", "systole import run my-catalogue/", 13),
    // Nobody has corrected it.
    ("docs/IMPORT.md", "systole import run product-import_corrected_01.csv", 13),
    ("docs/OPERATING.md", "systole pipeline watch price_check", 3),
    ("docs/OPERATING.md", "systole pipeline cancel --name price_check --since \"24 hours\"", 1),
    ("docs/OPERATING.md", "systole pipeline list --store shop-stroe", 1),
];

/// What is shown as a terminal shows it; a test has none.
pub(super) const ON_A_TERMINAL: [(&str, &str); 1] = [("docs/OPERATING.md", "systole pipeline watch price_check")];

/// Ids in the documents, and which pipeline of the tour stands there: the definition, and the how manieth of it.
pub(super) const IDS: [(&str, &str, usize); 7] = [
    ("01m804t3nd0zr36at44k", "catalog_import", 0),
    ("01m80je960ftzf52pwsg", "price_check", 1),
    ("01m80je960ft", "price_check", 1),
    ("01m80jee54gd", "price_check", 2),
    ("01jd9x4k7m3fq8zt0v2c", "catalog_import", 0),
    ("01m8j8b8g4ac", "one_step", 0),
    ("01m80jg2q3bv", "catalog_import", 0),
];
