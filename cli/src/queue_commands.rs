//! `systole queue …`.

use operate::queues::{self, ExaminedDeadLetter, Queues, Redriven};

use crate::arguments::QueueCommand;
use crate::installation::{BEAT_BUDGET, Installation};
use crate::outcome::ExitReason;
use crate::output::{self, Output, count};

pub(crate) async fn run(
    installation: &Installation,
    command: QueueCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    match command {
        QueueCommand::Status => output.show(&queues::queues(context).await?, depths_in_words)?,
        QueueCommand::Peek { limit } => {
            let letters = queues::dead_letters(context, usize::from(limit)).await?;
            let all = context.store.queue.count_dead_letters().await?;
            let mut cut = None;
            if all > letters.len() as u64 {
                cut = Some(format!("{} of {all}; --limit shows more, 100 at most", letters.len()));
            }
            output.show(&letters, |letters| letters_in_words(letters, cut.as_ref()))?;
            // A program reads standard output as JSON, so the remark must not be there.
            if output.is_json()
                && let Some(cut) = &cut
            {
                Output::complain(cut);
            }
        }
        QueueCommand::Redrive => {
            let invocation = installation.host().invocation("cli", BEAT_BUDGET);
            output.show(&queues::redrive(context, &installation.by, &invocation).await?, redriven_in_words)?;
        }
    }
    Ok(ExitReason::Ok)
}

fn depths_in_words(state: &Queues) -> String {
    let rows = state.queues.iter().map(|of| {
        vec![of.priority.to_string(), of.waiting.to_string(), of.in_flight.to_string(), of.delayed.to_string()]
    });
    let table = output::table(&["queue", "waiting", "with runners", "not due yet"], rows);
    let advice = if state.dead_letters > 0 { "; `systole queue peek` shows why" } else { "" };
    let letters = usize::try_from(state.dead_letters).unwrap_or(usize::MAX);
    format!("{table}\n\n{}{advice}", count(letters, "dead letter"))
}

fn letters_in_words(letters: &[ExaminedDeadLetter], cut: Option<&String>) -> String {
    let mut blocks: Vec<String> = letters.iter().map(letter_in_words).collect();
    if blocks.is_empty() {
        return "no dead letters".to_owned();
    }
    blocks.extend(cut.cloned());
    blocks.push("`systole queue redrive` moves all dead letters back to their queues".to_owned());
    blocks.join("\n\n")
}

fn letter_in_words(letter: &ExaminedDeadLetter) -> String {
    let of = match (&letter.pipeline, &letter.step, letter.attempt) {
        (Some(pipeline), Some(step), Some(attempt)) => {
            let name = letter.pipeline_name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
            format!(": {name}{pipeline}, step `{step}`, attempt {attempt}")
        }
        _ => String::new(),
    };
    format!("message {}{of}\n  why   {}\n  body  {}", letter.id, letter.why, letter.body)
}

fn redriven_in_words(redriven: &Redriven) -> String {
    match redriven.moved {
        Some(0) => "there were no dead letters".to_owned(),
        Some(moved) => format!("{} moved back", count(usize::try_from(moved).unwrap_or(usize::MAX), "dead letter")),
        None => "the dead letters are being moved back; `systole queue status` shows how far it is".to_owned(),
    }
}
