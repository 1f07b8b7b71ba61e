//! Every recording of the real shop, sent to the local one: status and body have to be the same, but for what a clock or
//! chance makes. A recording that is neither played nor listed with a reason is a failure, and so is a listed difference
//! that does not occur.
mod compare;
mod differences;
mod left_out;
mod play;
mod recording;
mod script;
mod sign;

use std::collections::BTreeSet;

use play::Stage;
use recording::recordings;

#[tokio::test]
async fn the_local_shop_answers_every_recording_as_the_real_one_did() {
    let mut stage = Stage::start().await;
    for step in script::steps() {
        stage.run(&step).await;
    }
    let told = stage.told();
    assert!(
        told.is_empty(),
        "{} of {} recordings are answered otherwise:\n{}",
        told.len(),
        stage.played.len(),
        told.join("\n")
    );
}

#[test]
fn every_recording_is_played_or_listed_with_a_reason() {
    let played: BTreeSet<String> = script::steps().iter().flat_map(script::Step::names).collect();
    let mut wrong = Vec::new();
    for recording in recordings() {
        let reason = left_out::reason(&recording.name);
        match (played.contains(&recording.name), reason) {
            (true, Some(reason)) => wrong.push(format!("{} is played and left out because {reason}", recording.name)),
            (false, None) => wrong.push(format!(
                "{} is neither played (script.rs) nor left out with a reason (left_out.rs)",
                recording.name
            )),
            (true, None) | (false, Some(_)) => {}
        }
    }
    let known: BTreeSet<String> = recordings().into_iter().map(|recording| recording.name).collect();
    wrong.extend(played.difference(&known).map(|name| format!("{name} is played, but there is no such recording")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
