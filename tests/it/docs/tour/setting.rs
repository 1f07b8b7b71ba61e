//! What the text around the commands of the documents takes for granted.

use std::fs;
use std::net::TcpStream;
use std::path::Path;

use super::shown::Shown;
use super::{Tour, wait_until_idle};
use crate::operators::wear_out;
use crate::systole::wait_for;

const ROWS: &str = "sku,attribute_set_code,product_type,name,price\nSKU-1,Default,simple,Apple,1.50\n";

/// The definition of OPERATING.md: the second step needs a bunch and gets none.
const PRICE_CHECK: &str = r#"<config>
    <pipeline name="price_check" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="collect" executorType="wait" sortOrder="10"><arguments><argument key="for" value="3 seconds"/></arguments></step>
        <step name="take_files" executorType="move_files" sortOrder="20"><conditions>
            <step_condition type="attempts_limit"><argument key="limit" value="1"/></step_condition>
            <step_condition type="previous_steps_completed"/></conditions></step>
        <step name="publish" executorType="archive" sortOrder="30"><conditions>
            <step_condition type="previous_steps_completed"/></conditions></step>
    </pipeline>
    <pipeline name="idle">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="first" executorType="wait" sortOrder="10"><arguments><argument key="for" value="1 hour"/></arguments></step>
    </pipeline>
</config>"#;

/// With a mistake in line 14, behind as many lines as the page says.
fn mistaken() -> String {
    let comment = "    <!-- what the pipeline is for -->\n".repeat(9);
    format!(
        "<config>\n{comment}    <pipeline name=\"mine\" use-working-directory=\"true\">\n\
         \x20       <conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\n\
         \x20       <!-- waits longer than it should -->\n\
         \x20       <step name=\"move_files\" executorType=\"move_files\" expireIn=\"2 hourz\"/>\n    </pipeline>\n</config>\n"
    )
}

/// The step of DEBUGGING.md, as the page has it.
fn one_step() -> String {
    let page = fs::read_to_string(crate::systole::root().join("docs/DEBUGGING.md")).unwrap();
    page.split("```xml\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

/// Makes what a page begins with.
pub(super) fn of_page(tour: &Tour) {
    let write = |path: &str, text: &str| {
        let path = tour.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("my-catalogue/product-import_20260801-120000_01.csv", ROWS);
    write("my-catalogue/product-import_20260801-120000.ok", "");
    match tour.page.as_str() {
        "README.md" => write("my-pipeline.xml", &mistaken()),
        "docs/IMPORT.md" => {
            let broken = format!("{ROWS}SKU-2,Default,simple,Bread,\"1,20\"\n");
            write("my-catalogue/product-import_20260801-120000_01.csv", &broken);
        }
        "docs/OPERATING.md" => {
            tour.prepare("systole import drop my-catalogue/");
            write(".systole/files/pipelines/price_check.xml", PRICE_CHECK);
            tour.prepare("mkdir -p ~/.local/share/bash-completion/completions");
            tour.prepare("systole heartbeat --store shop-store");
            (0..25).for_each(|_| {
                drop(tour.prepare("systole pipeline init idle && systole pipeline cancel --name idle --yes"))
            });
            tour.prepare("systole pipeline init price_check");
        }
        "docs/DEBUGGING.md" => write("debugging/files/pipelines/one_step.xml", &one_step()),
        _ => {}
    }
}

/// Makes what has happened on a page before a command.
pub(super) fn before(tour: &mut Tour, shown: &Shown) {
    let store = tour.path(".systole");
    match (tour.page.as_str(), shown.text.split(" #").next().unwrap().trim_end()) {
        // In the same terminal, or when the host has done its work.
        ("README.md", "systole import drop my-catalogue/") => {
            wait_until_idle(tour, &store);
            tour.stop();
        }
        ("docs/API.md", "curl http://127.0.0.1:8330/health") => {
            tour.prepare("systole pipeline init catalog_import");
            tour.start("systole dev");
        }
        ("docs/OPERATING.md", "systole pipeline watch price_check") => tour.start("systole dev"),
        ("docs/OPERATING.md", "systole pipeline watch idle --timeout 1 | cat") => {
            tour.stop();
            tour.prepare("systole pipeline init idle");
        }
        ("docs/OPERATING.md", "systole pipeline check 01m80je960ft" | "systole pipeline pause 01m80jee54gd") => {
            tour.prepare("systole pipeline init price_check");
        }
        ("docs/OPERATING.md", "systole pipeline list --status error") => {
            tour.start("systole dev");
            tour.prepare("systole pipeline watch price_check --timeout 60; test $? = 3");
            tour.stop();
        }
        ("docs/OPERATING.md", "systole pipeline check catalog_import") => {
            tour.prepare("systole settings set spawning off --scope pipeline:catalog_import");
        }
        ("docs/OPERATING.md", text) if text.starts_with("systole settings set spawning off") => {
            tour.prepare("systole settings unset spawning --scope pipeline:catalog_import");
        }
        ("docs/OPERATING.md", "systole queue status") => wear_out(&store),
        ("docs/OPERATING.md", "systole pipeline cancel --name price_check --since \"24 hours\"") => {
            tour.prepare("systole pipeline init price_check");
        }
        ("examples/python-executor/README.md", text) if text.starts_with("systole run") => listens(tour.port),
        ("examples/http-import/README.md", text) if text.contains("systole dev") => assert_is_there(&store),
        _ => {}
    }
}

fn listens(port: u16) {
    wait_for("the function in Python listens", || TcpStream::connect(("127.0.0.1", port)).ok().map(drop));
}

fn assert_is_there(store: &Path) {
    assert!(store.join("files/pipelines/nightly_products.xml").exists(), "the definition was not copied");
}
