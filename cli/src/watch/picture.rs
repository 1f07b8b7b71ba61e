//! What a person sees of pipelines on a terminal.

use operate::view::{PipelineDetails, StepRow};
use pipeline::StepStatus;
use pipeline::visible::visible;

use crate::output::{self, Paint};
use crate::pipeline_commands::note;

/// Draws pipelines as lines that fit a terminal.
pub(super) struct Picture {
    pub(super) paint: Paint,
}

/// The colours, as a terminal knows them.
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const DIM: &str = "2";
const BOLD: &str = "1";

impl Picture {
    /// The lines: `width` characters at most, and fewer than `height`, so that the terminal does not scroll.
    pub(super) fn draw(
        &self,
        pipelines: &[PipelineDetails],
        remark: Option<&str>,
        width: usize,
        height: usize,
    ) -> Vec<String> {
        let mut lines: Vec<(Line, bool)> = Vec::new();
        for details in pipelines {
            lines.push((self.heading(details), true));
            let name_width = details.steps.iter().map(|step| step.name.chars().count()).max().unwrap_or_default();
            let mut place = None;
            for step in &details.steps {
                let is_first = place != Some(step.sort_order);
                place = Some(step.sort_order);
                let line = self.step(step, is_first.then_some(step.sort_order), name_width);
                lines.push((line, is_telling(step)));
            }
        }
        let remark = remark.map(|remark| Line::of(remark, YELLOW));
        let room = height.saturating_sub(2 + usize::from(remark.is_some())).max(1);
        let mut shown = shortened(lines, room);
        shown.extend(remark);
        shown.iter().map(|line| line.print(width, self.paint)).collect()
    }

    fn heading(&self, details: &PipelineDetails) -> Line {
        let of = &details.pipeline;
        let ended = details.steps.iter().filter(|step| has_ended(step.status)).count();
        let mut line = Line::of(&format!("{} {}", of.name, of.id), BOLD);
        let time = output::duration(of.duration_ms);
        line.add(&format!(": {}, {ended} of {} steps, {time}", of.status, details.steps.len()), "");
        if let Some(reason) = &of.stopped {
            line.add(&format!(" · stopped: {reason}"), YELLOW);
        }
        line
    }

    fn step(&self, step: &StepRow, place: Option<i32>, name_width: usize) -> Line {
        let (mark, colour) = mark(step.status);
        let place = place.map(|place| place.to_string()).unwrap_or_default();
        let mut line = Line::of(&format!("{place:>5} "), DIM);
        line.add(mark, colour);
        line.add(&format!(" {:name_width$}", step.name), if step.status == StepStatus::Running { BOLD } else { "" });
        let time = step.duration_ms.map(output::duration).unwrap_or_default();
        line.add(&format!(" {:9} {time:>12}", step.status), "");
        if step.attempt > 1 {
            line.add(&format!("  attempt {}", step.attempt), YELLOW);
        }
        if let Some(note) = note(step) {
            line.add(&format!("  {note}"), if step.status == StepStatus::Error { RED } else { DIM });
        }
        line
    }
}

/// Whether a step must be shown even if there is no room for all.
fn is_telling(step: &StepRow) -> bool {
    step.status.is_active() || step.status == StepStatus::Error
}

fn has_ended(status: StepStatus) -> bool {
    match status {
        StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running => false,
        StepStatus::Success | StepStatus::Skipped | StepStatus::Error | StepStatus::Cancelled => true,
    }
}

fn mark(status: StepStatus) -> (&'static str, &'static str) {
    match status {
        StepStatus::Pending => ("·", DIM),
        StepStatus::Enqueued => ("○", CYAN),
        StepStatus::Running => ("▶", CYAN),
        StepStatus::Success => ("✓", GREEN),
        StepStatus::Skipped => ("↷", DIM),
        StepStatus::Error => ("✗", RED),
        StepStatus::Cancelled => ("⊘", YELLOW),
    }
}

/// As many lines as there is room for, the telling ones first, in their order, and how many are left out.
fn shortened(lines: Vec<(Line, bool)>, room: usize) -> Vec<Line> {
    if lines.len() <= room {
        return lines.into_iter().map(|(line, _)| line).collect();
    }
    let telling = lines.iter().filter(|(_, is_telling)| *is_telling).count();
    let room = room.saturating_sub(1).max(1);
    let mut others = room.saturating_sub(telling);
    let all = lines.len();
    let mut shown = Vec::new();
    for (line, is_telling) in lines {
        if shown.len() < room && (is_telling || others > 0) {
            others = others.saturating_sub(usize::from(!is_telling));
            shown.push(line);
        }
    }
    let left_out = all - shown.len();
    shown.push(Line::of(&format!("      … and {left_out} more lines"), DIM));
    shown
}

/// A line of coloured pieces.
struct Line {
    pieces: Vec<(String, &'static str)>,
}

impl Line {
    fn of(text: &str, colour: &'static str) -> Self {
        let mut line = Line { pieces: Vec::new() };
        line.add(text, colour);
        line
    }

    /// What comes from outside must not move the cursor.
    fn add(&mut self, text: &str, colour: &'static str) {
        self.pieces.push((visible(text).into_owned(), colour));
    }

    /// The line in `width` characters, cut where it is longer.
    fn print(&self, width: usize, paint: Paint) -> String {
        let mut left = width.max(1);
        let length: usize = self.pieces.iter().map(|(text, _)| text.chars().count()).sum();
        let is_cut = length > left;
        left -= usize::from(is_cut);
        let mut printed = String::new();
        for (text, colour) in &self.pieces {
            let part: String = text.chars().take(left).collect();
            left -= part.chars().count();
            match paint {
                Paint::Coloured if !colour.is_empty() && !part.is_empty() => {
                    printed += &format!("\x1b[{colour}m{part}\x1b[0m");
                }
                Paint::Coloured | Paint::Plain => printed += &part,
            }
        }
        if is_cut { printed + "…" } else { printed.trim_end().to_owned() }
    }
}

#[cfg(test)]
mod tests;
