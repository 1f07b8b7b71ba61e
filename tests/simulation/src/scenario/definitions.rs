//! Definitions as authors could write them: stages, parallel and wide ones, conditions, retries, and what each step plays.

use crate::chance::Chance;
use crate::scenario::Deed;

/// The definitions of a run.
#[derive(Debug, Clone)]
pub(crate) struct Definitions {
    /// File names and contents.
    pub(crate) files: Vec<(String, String)>,
    /// The names that people spawn by hand.
    by_hand: Vec<String>,
}

/// The definition that takes bunches of files.
pub(crate) const BUNCHES: &str = "bunches";

impl Definitions {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let count = chance.place(3) + 1;
        let mut definitions = Definitions { files: Vec::new(), by_hand: Vec::new() };
        for number in 0..count {
            let name = format!("p{number}");
            let spawned = (number + 1 < count).then(|| format!("p{}", number + 1));
            definitions.files.push((format!("{name}.xml"), pipeline(&name, spawned.as_deref(), chance)));
            definitions.by_hand.push(name);
        }
        if chance.happens(250) {
            definitions.files.push((format!("{BUNCHES}.xml"), bunches(chance)));
        }
        definitions
    }

    pub(crate) fn by_hand(&self, chance: &mut Chance) -> Option<String> {
        (!self.by_hand.is_empty()).then(|| chance.pick(&self.by_hand).clone())
    }

    pub(crate) fn has_bunches(&self) -> bool {
        self.files.iter().any(|(name, _)| name.starts_with(BUNCHES))
    }

    /// A change of a definition file in the bucket: another version of it, or a broken one.
    pub(crate) fn edit(&self, chance: &mut Chance) -> Deed {
        let name = chance.pick(&self.by_hand).clone();
        let text = match chance.within(0, 2) {
            0 => format!("<config><pipeline name=\"{name}\"><step name=\"s\""),
            1 => format!(
                "<config><pipeline name=\"{name}\"><step name=\"s\" executorType=\"nobody\"/></pipeline></config>"
            ),
            _ => pipeline(&name, None, chance),
        };
        Deed::Put { key: format!("pipelines/{name}.xml"), text }
    }
}

fn pipeline(name: &str, spawned: Option<&str>, chance: &mut Chance) -> String {
    let mut attributes = String::new();
    if chance.happens(300) {
        // About as long as people hold pipelines: what counts wrongly then ends them too early or too late.
        attributes += &format!(" expire-in=\"{} minutes\"", chance.within(3, 24));
    }
    if chance.happens(200) {
        attributes += &format!(" priority=\"{}\"", chance.pick(&["high", "low"]));
    }
    let mut conditions = String::new();
    if chance.happens(600) {
        conditions += &condition("pipeline", "no_auto_spawn", &[]);
    } else {
        let minutes = format!("{},{} 12 * * *", chance.within(1, 7), chance.within(8, 14));
        conditions += &condition("pipeline", "cron_expression", &[("expression", &minutes)]);
        if chance.happens(500) {
            conditions += &condition("pipeline", "no_sibling_in_progress", &[]);
        }
    }
    let steps = steps(spawned, chance);
    format!(
        "<config><pipeline name=\"{name}\"{attributes}><conditions>{conditions}</conditions>{steps}</pipeline></config>"
    )
}

fn steps(spawned: Option<&str>, chance: &mut Chance) -> String {
    let mut steps = String::new();
    let stages = chance.place(4) + 1;
    let mut before = Vec::new();
    for stage in 1..=stages {
        let sort_order = stage * 10;
        if chance.happens(80) {
            let wide: Vec<String> = (0..chance.within(9, 12)).map(|number| format!("w{stage}{number:02}")).collect();
            steps.extend(wide.iter().map(|name| wide_step(name, sort_order)));
            before.extend(wide);
            continue;
        }
        let names: Vec<String> = (0..=chance.place(3)).map(|number| format!("s{stage}{number}")).collect();
        for name in &names {
            steps += &step(name, sort_order, &before, spawned, chance);
        }
        before.extend(names);
    }
    if chance.happens(300) {
        steps += &exclusive_steps(chance);
    }
    if chance.happens(350) {
        let conditions =
            condition("step", "attempts_limit", &[("limit", "3")]) + &condition("step", "previous_steps_finished", &[]);
        let plays = arguments(&[("plays", &plays(2, chance))]);
        steps += &element("last", "act", 90, " runAlwaysStep=\"true\"", &plays, &conditions);
    }
    steps
}

/// One or two steps of two names for all definitions, so that pipelines exclude each other, and steps of one pipeline.
fn exclusive_steps(chance: &mut Chance) -> String {
    let alone = condition("step", "wait_for_step_is_not_running", &[("steps", "x0 x1")]);
    let limit = condition("step", "attempts_limit", &[("limit", "3")]);
    let conditions = format!("{alone}{limit}{}", condition("step", "previous_steps_completed", &[]));
    let choices: [&[&str]; 3] = [&["x0"], &["x1"], &["x0", "x1"]];
    let names = *chance.pick(&choices);
    let sort_order = chance.within(1, 4) * 10;
    let mut steps = String::new();
    for name in names {
        let plays = arguments(&[("plays", &plays(3, chance))]);
        steps += &element(name, "act", sort_order, "", &plays, &conditions);
    }
    steps
}

fn wide_step(name: &str, sort_order: usize) -> String {
    let conditions =
        condition("step", "attempts_limit", &[("limit", "3")]) + &condition("step", "previous_steps_completed", &[]);
    element(name, "act", sort_order as u64, "", &arguments(&[("plays", "done")]), &conditions)
}

fn step(name: &str, sort_order: usize, before: &[String], spawned: Option<&str>, chance: &mut Chance) -> String {
    let mut conditions = String::new();
    let is_limited = chance.happens(750);
    let limit = chance.within(1, 3);
    if is_limited {
        conditions += &condition("step", "attempts_limit", &[("limit", &limit.to_string())]);
    }
    if chance.happens(300) {
        let wait = format!("{} minutes", chance.within(1, 6));
        conditions += &condition("step", "time_between_attempts", &[("wait", &wait)]);
    }
    conditions += &match chance.within(0, 19) {
        0..=13 => condition("step", "previous_steps_completed", &[]),
        14..=15 => condition("step", "previous_steps_finished", &[]),
        16..=17 if !before.is_empty() => {
            let other = chance.place(before.len());
            condition("step", "depending_on_named_steps", &[("steps", &before[other])])
        }
        _ => String::new(),
    };
    if is_limited && chance.happens(80) {
        let runs = chance.within(2, 3).to_string();
        let recurring = arguments(&[("limit", runs.as_str()), ("wait", "1 minute")]);
        let recurring = recurring.replace("<arguments>", "").replace("</arguments>", "");
        conditions += &format!("<recurring_condition type=\"recurring\">{recurring}</recurring_condition>");
    }
    let mut attributes = String::new();
    if chance.happens(200) {
        attributes += " allowFailure=\"true\"";
    }
    if chance.happens(80) {
        attributes += &format!(" expireIn=\"{} minutes\"", chance.within(6, 20));
    }
    if let (Some(spawned), true) = (spawned, chance.happens(80)) {
        let wait = if chance.happens(500) { "true" } else { "false" };
        if !is_limited {
            // The pipeline that it waits for may have failed for good.
            conditions += &condition("step", "attempts_limit", &[("limit", "3")]);
        }
        let told = arguments(&[("pipeline", spawned), ("wait", wait)]);
        return element(name, "spawn_pipeline", sort_order as u64, &attributes, &told, &conditions);
    }
    let mut told = vec![("plays", plays(if is_limited { limit } else { 4 }, chance))];
    if let (Some(first), true) = (before.first(), chance.happens(300)) {
        told.push(("reads", first.clone()));
    }
    let told: Vec<(&str, &str)> = told.iter().map(|(key, value)| (*key, value.as_str())).collect();
    element(name, "act", sort_order as u64, &attributes, &arguments(&told), &conditions)
}

/// What a step plays, a word for each attempt; the last one is for all further attempts, and no failure.
fn plays(attempts: u64, chance: &mut Chance) -> String {
    let mut words = Vec::new();
    for _ in 0..chance.within(0, attempts) {
        words.push(*chance.pick(&["fails", "fails", "fails", "hangs", "saves", "permanent"]));
    }
    words.push(*chance.pick(&[
        "done", "done", "done", "done", "slow", "slow", "skips", "missing", "invalid", "parts", "naps", "adds",
    ]));
    words.join(" ")
}

fn bunches(chance: &mut Chance) -> String {
    let mut conditions = condition("pipeline", "bunch_complete", &[("prefixes", "product-import")]);
    if chance.happens(700) {
        conditions += &condition("pipeline", "no_sibling_in_progress", &[]);
    }
    let asks =
        condition("step", "attempts_limit", &[("limit", "4")]) + &condition("step", "previous_steps_completed", &[]);
    let always =
        condition("step", "previous_steps_finished", &[]) + &condition("step", "attempts_limit", &[("limit", "4")]);
    let steps = element("move_files", "move_files", 10, "", "", &asks)
        + &element("count", "act", 20, "", &arguments(&[("plays", &plays(2, chance))]), &asks)
        + &element("archive", "archive", 30, " runAlwaysStep=\"true\"", "", &always);
    format!(
        "<config><pipeline name=\"{BUNCHES}\" use-working-directory=\"true\"><conditions>{conditions}</conditions>\
         {steps}</pipeline></config>"
    )
}

fn element(name: &str, executor: &str, sort_order: u64, attributes: &str, arguments: &str, conditions: &str) -> String {
    format!(
        "<step name=\"{name}\" executorType=\"{executor}\" sortOrder=\"{sort_order}\"{attributes}>{arguments}\
         <conditions>{conditions}</conditions></step>"
    )
}

fn condition(of: &str, name: &str, told: &[(&str, &str)]) -> String {
    let told = arguments(told).replace("<arguments>", "").replace("</arguments>", "");
    format!("<{of}_condition type=\"{name}\">{told}</{of}_condition>")
}

fn arguments(told: &[(&str, &str)]) -> String {
    let each = told.iter().map(|(key, value)| format!("<argument key=\"{key}\" value=\"{value}\"/>"));
    format!("<arguments>{}</arguments>", each.collect::<String>())
}
