//! Imports whose process dies, wherever that is.
//!
//! An import of each entity runs on a machine of its own, once as it comes and once as a single transaction. Behind every
//! call of a seam that changes something, be it the table, the queue or a file, the whole store is copied: that is what a
//! process leaves that dies there. One that dies at a call which reads leaves what the call before it has left. On each copy
//! another process begins, some time later, and must come to what the undisturbed import came to: the same catalogue, the
//! same counts, the same report, the same files, and nothing left on the way.
//!
//! **Invariant:** until the importing step of a single transaction has ended, nobody sees a change.

mod bugs;
mod host;
mod left;
mod sites;
mod watched;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Builder;
use workshop::{ENTITY_FILES, EntityFiles};

use bugs::ImportBug;
use host::{Host, START};
use left::Left;
use sites::{Sites, Watch};

/// An import that is tried.
#[derive(Clone)]
struct Trial {
    files: &'static EntityFiles,
    is_transaction: bool,
    /// Whether table and queue share their commits, as on one machine.
    shares_commits: bool,
    bug: Option<ImportBug>,
}

/// What came of a trial.
struct Tried {
    /// How many processes died.
    deaths: usize,
    /// What differs from the undisturbed import, and where the process has died.
    broken: Vec<String>,
}

impl Trial {
    fn of(import: &str, is_transaction: bool) -> Self {
        let files = ENTITY_FILES.iter().find(|files| files.import == import).expect("every entity has its files");
        // Both kinds of back ends have their turn with each entity.
        Trial { files, is_transaction, shares_commits: !is_transaction, bug: None }
    }

    /// Runs the import undisturbed, and again with a death behind each change.
    fn run(&self) -> Tried {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
        runtime.block_on(async {
            let folder = temporary_folder();
            let watch = Arc::new(Watch::default());
            let prepared = self.prepare(folder.path(), watch.clone()).await;
            let undisturbed = folder.path().join("undisturbed");
            copy(&prepared, &undisturbed);
            let host = Host::open(&undisturbed, START, self, watch.clone());
            let before = Left::seen(&host, &watch).await;
            host.live().await;
            let expected = Left::of(&host, &watch).await;
            let sites = Arc::new(Sites::new(self.clone(), folder.path(), watch.clone(), (before, expected)));
            let host = Host::open(&prepared, START, self, Arc::new(Watch::copying(&prepared, &watch, &sites)));
            sites.begin(&host);
            host.live().await;
            sites.tried()
        })
    }

    /// A store with the definition, the things that the files speak of, and the files in the drop area.
    async fn prepare(&self, folder: &Path, watch: Arc<Watch>) -> PathBuf {
        let prepared = folder.join("prepared");
        let host = Host::open(&prepared, START, &Trial { bug: None, ..self.clone() }, watch);
        host.prepare(self).await;
        prepared
    }

    fn definition(&self) -> String {
        let EntityFiles { prefix, import, .. } = self.files;
        let validate = import.replacen("import_", "validate_", 1);
        let step = |name: &str, executor: &str, sort_order: u32, more: &str| {
            format!(r#"<step name="{name}" executorType="{executor}" sortOrder="{sort_order}" {more}</step>"#)
        };
        let steps = [
            step("move_files", "move_files", 10, ">"),
            step("validate", &validate, 20, ">"),
            step("import", import, 30, ">"),
            step("publish", "publish", 40, ">"),
            step("archive", "archive", 50, ">"),
            step(
                "report",
                "report",
                60,
                r#"runAlwaysStep="true"><arguments><argument key="validated_by" value="validate"/>
                <argument key="imported_by" value="import"/></arguments>"#,
            ),
        ];
        format!(
            r#"<config><pipeline name="entity_import" use-working-directory="true"><conditions>
            <pipeline_condition type="bunch_complete"><argument key="prefixes" value="{prefix}"/></pipeline_condition>
            </conditions><stepDefaults><conditions>
            <step_condition type="attempts_limit"><argument key="limit" value="3"/></step_condition>
            <step_condition type="previous_steps_completed"/></conditions></stepDefaults>{}</pipeline></config>"#,
            steps.concat()
        )
    }
}

/// In memory where the system has such a folder: what is simulated is not the disk.
fn temporary_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("there is room for a temporary folder")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("a store can be listed") {
        let entry = entry.expect("a store can be listed");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
            // What processes share in memory ends with them.
            std::fs::copy(&path, &target).expect("a file of a store can be copied");
            let modified = entry.metadata().and_then(|found| found.modified()).expect("a file has its time");
            // By its time a dropped file is known again.
            let copied = std::fs::File::options().write(true).open(&target).expect("a copy can be opened");
            copied.set_modified(modified).expect("a copy can have the time of its original");
        }
    }
}

/// Fewer changes than this are no import.
const FEWEST_DEATHS: usize = 40;

fn assert_survives(import: &str) {
    for is_transaction in [false, true] {
        let Tried { deaths, broken } = Trial::of(import, is_transaction).run();
        assert!(broken.is_empty(), "{} of {deaths} restarts of {import}:\n{}", broken.len(), broken[0]);
        assert!(deaths >= FEWEST_DEATHS, "{import}: only {deaths} processes died");
    }
}

macro_rules! survives {
    ($($name:ident $import:literal,)*) => {
        $(
            #[test]
            fn $name() {
                assert_survives($import);
            }
        )*

        #[test]
        fn every_entity_is_imported() {
            let tried = [$($import),*];
            assert_eq!(tried, ENTITY_FILES.each_ref().map(|files| files.import));
        }
    };
}

survives! {
    attribute_sets_survive "import_attribute_sets",
    attributes_survive "import_attributes",
    categories_survive "import_categories",
    products_survive "import_products",
    prices_survive "import_prices",
    tier_prices_survive "import_tier_prices",
    stock_survives "import_stock",
    source_items_survive "import_source_items",
    media_survive "import_media",
    links_survive "import_links",
    variants_survive "import_variants",
    custom_options_survive "import_custom_options",
    url_rewrites_survive "import_url_rewrites",
    customers_survive "import_customers",
    customer_addresses_survive "import_customer_addresses",
}

/// Plants a bug that nobody sees in an undisturbed import; returns the first difference that a death shows.
fn found(bug: ImportBug, is_transaction: bool) -> String {
    let trial = Trial { bug: Some(bug), shares_commits: false, ..Trial::of("import_products", is_transaction) };
    let Tried { deaths, broken } = trial.run();
    assert!(!broken.is_empty(), "{deaths} deaths do not show {bug:?}");
    assert!(broken.len() < deaths, "{bug:?} shows without a death");
    broken[0].clone()
}

#[test]
fn a_planted_checkpoint_before_its_block_is_found() {
    let told = found(ImportBug::CheckpointBeforeBlock, false);
    assert!(told.contains("/import`: ") && told.contains("instead of"), "{told}");
}

#[test]
fn a_planted_block_that_counts_twice_is_found() {
    let told = found(ImportBug::UnmarkedBlock, false);
    assert!(told.contains("report.json"), "{told}");
}

#[test]
fn a_planted_file_that_is_gone_before_it_is_copied_is_found() {
    let told = found(ImportBug::DeleteBeforeCopy, false);
    assert!(told.contains("archive/"), "{told}");
}

#[test]
fn a_planted_transaction_that_shows_too_early_is_found() {
    let told = found(ImportBug::DraftSeen, true);
    assert!(told.contains("seen before the import has ended: `shop seen`"), "{told}");
}
