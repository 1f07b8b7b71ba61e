//! `systole order template …`.

use operate::orders::templates::{self, KeptTemplate, Tried, Which};
use similar::TextDiff;

use super::words::time;
use super::{read, stamp};
use crate::arguments::TemplateCommand;
use crate::installation::{Installation, now};
use crate::outcome::ExitReason;
use crate::output::{Output, table};

pub(super) async fn run(
    installation: &Installation,
    command: TemplateCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let context = &installation.context;
    match command {
        TemplateCommand::Get { website, which } => {
            let which = match (which.version, which.draft) {
                (Some(number), _) => Which::Version(number),
                (None, true) => Which::Draft,
                (None, false) => Which::Published,
            };
            output.show(&templates::get(context, &website, which).await?, |kept| kept.text.clone())?;
        }
        TemplateCommand::Set { website, file } => {
            templates::set(context, &website, &read(&file)?, stamp(installation)).await?;
            output.say(&format!("the draft of website {website} is kept; try it, then publish it"))?;
        }
        TemplateCommand::Try { website, file, last } => {
            let text = match &file {
                Some(file) => read(file)?,
                None => templates::get(context, &website, Which::Draft).await?.text,
            };
            let tried = templates::try_on_last(context, &website, &text, usize::from(last), now()).await?;
            output.show(&tried, |tried| in_words(tried))?;
            let fails = tried.iter().any(|tried| tried.problem.is_some());
            return Ok(if fails { ExitReason::Failed } else { ExitReason::Ok });
        }
        TemplateCommand::Publish { website, version } => {
            let number = templates::publish(context, &website, version, stamp(installation)).await?;
            output.say(&format!("version {number} of website {website} makes its documents from now on"))?;
        }
        TemplateCommand::History { website } => {
            output.show(&templates::history(context, &website).await?, |versions| history(versions))?;
        }
        TemplateCommand::Diff { website, version } => {
            let which = version.map_or(Which::Published, Which::Version);
            let (old, new) = (
                templates::get(context, &website, which).await?,
                templates::get(context, &website, Which::Draft).await?,
            );
            let name = old.number.map_or_else(|| "published".to_owned(), |number| format!("version {number}"));
            let difference = TextDiff::from_lines(&old.text, &new.text);
            let text = difference.unified_diff().header(&name, "draft").to_string();
            output.show(&text, |text| if text.is_empty() { "nothing differs".to_owned() } else { text.clone() })?;
        }
    }
    Ok(ExitReason::Ok)
}

fn in_words(tried: &[Tried]) -> String {
    if tried.is_empty() {
        return "the website has no orders to try it on".to_owned();
    }
    let told = tried.iter().map(|tried| match (&tried.document, &tried.problem) {
        (Some(document), _) => format!("== order {}\n{document}", tried.key),
        (None, problem) => format!("== order {}: {}", tried.key, problem.as_deref().unwrap_or_default()),
    });
    told.collect::<Vec<_>>().join("\n")
}

fn history(versions: &[KeptTemplate]) -> String {
    if versions.is_empty() {
        return "nothing was published yet".to_owned();
    }
    let rows = versions.iter().map(|version| {
        let mark = if version.is_published { "published" } else { "" };
        let number = version.number.unwrap_or_default().to_string();
        vec![number, time(version.at), version.by.clone(), mark.to_owned()]
    });
    table(&["version", "at", "by", ""], rows.collect::<Vec<_>>())
}
