//! What lies in the drop area: complete bunches for the condition `bunch_complete`, and why the rest waits.
//!
//! The bucket is the truth and is listed by every beat; the arrival items are what people see of it.

mod ok_files;
mod taken;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use engine::conditions::finding::{self, DiscoveryOutcome, LookQuestion, SourceLook, SourceProblem};
use futures::{StreamExt, TryStreamExt, stream};
use import::bunch::{self, Bunch, BunchSet, DropFile, Note};
use import::configuration::LoadedConfiguration;
use import::file_name::{FileName, has_row_suffix, prefix_of, split_prefix};
use pipeline::facts::{Answer, Discovery};
use pipeline::{Definition, Name, PipelineId};
use store::Store;
use store::files::FileInfo;

use super::arrivals::{self, Arrival};
use super::bunch_argument::{file_names, found, key};
use super::configuration;
use super::prefixes;
use ok_files::ok_contents;
use taken::Taken;

/// The prefix under which files are dropped.
pub const DROP_PREFIX: &str = "incoming/";

/// Most files of the drop area that one beat looks at.
const FILE_LIMIT: usize = 10_000;

/// Why a definition has no bunch while nothing of it lies in the drop area.
const NO_BUNCH: &str = "no bunch has arrived";

/// How many notes are written at the same time. The embedded store makes one commit of them.
const PARALLEL_WRITES: usize = 32;

/// How long a file may wait before every beat says so. Files of one bunch come some minutes apart.
const LONG_WAIT: TimeDelta = TimeDelta::hours(1);

/// What lies in the drop area, seen by one beat.
#[derive(Default)]
pub(super) struct DropAreaLook {
    /// Per definition that asks: the oldest complete bunch without a pipeline, or why there is none.
    answers: BTreeMap<Name, Answer>,
    /// What is wrong and no sender will mend by waiting.
    problems: Vec<SourceProblem>,
    files: Vec<DropFile>,
    /// What becomes of a file, by its name. Those that are not in here go with the next pipeline.
    fates: HashMap<String, FileFate>,
}

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FileFate {
    Waits(String),
    Taken(PipelineId),
}

/// A definition that asks, and the prefixes of its bunches.
struct AskingDefinition<'a> {
    definition: &'a Definition,
    prefixes: Vec<String>,
}

/// Lists the files of the drop area, and those that left it with a pipeline lately: the waiting ones first, the others by
/// time.
///
/// # Errors
/// The store did not answer.
pub async fn list(store: &Store) -> store::Result<Vec<Arrival>> {
    let listed = store.files.list(DROP_PREFIX, None, FILE_LIMIT).await?;
    let noted = arrivals::all(store).await?;
    let mut noted: BTreeMap<String, Arrival> = noted.into_iter().map(|noted| (noted.key.clone(), noted)).collect();
    let mut found = Vec::new();
    for file in listed.into_iter().filter(|file| drop_file(file).is_some()) {
        let noted = noted.remove(&file.key).filter(|noted| noted.fingerprint == file.fingerprint);
        found.push(noted.unwrap_or(Arrival {
            key: file.key,
            size_bytes: file.size_bytes,
            fingerprint: file.fingerprint,
            seen_at: file.modified_at,
            waits_for: None,
            pipeline: None,
        }));
    }
    // A file that is gone without a pipeline was taken away by somebody else.
    found.extend(noted.into_values().filter(|noted| noted.pipeline.is_some()));
    found.sort_by_key(|arrival| (arrival.pipeline.is_some(), std::cmp::Reverse(arrival.seen_at), arrival.key.clone()));
    Ok(found)
}

#[async_trait]
impl SourceLook for DropAreaLook {
    fn answer(&self, definition: &Name) -> Answer {
        let unasked = || Answer::Unmet("the definition does not ask for bunches".to_owned());
        self.answers.get(definition).cloned().unwrap_or_else(unasked)
    }

    fn problems(&self) -> &[SourceProblem] {
        &self.problems
    }

    /// Writes what becomes of the files, where something has changed.
    async fn note(&self, store: &Store, outcomes: &[DiscoveryOutcome], now: DateTime<Utc>) -> store::Result<()> {
        let fates = self.fates_after(outcomes);
        let keys: Vec<String> = self.files.iter().map(|file| format!("{DROP_PREFIX}{}", file.name)).collect();
        let known = arrivals::of_files(store, &keys).await?;
        let known: HashMap<&str, &Arrival> = known.iter().map(|arrival| (arrival.key.as_str(), arrival)).collect();
        let mut waiting: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut writes = Vec::new();
        for (file, key) in self.files.iter().zip(&keys) {
            let before = known.get(key.as_str()).copied().filter(|before| before.fingerprint == file.fingerprint);
            let (waits_for, pipeline) = match fates.get(&file.name) {
                Some(FileFate::Waits(reason)) => (Some(reason.clone()), None),
                Some(FileFate::Taken(id)) => (None, Some(id.to_string())),
                None => (None, None),
            };
            let arrival = Arrival {
                key: key.clone(),
                size_bytes: file.size_bytes,
                fingerprint: file.fingerprint.clone(),
                seen_at: before.map_or(now, |before| before.seen_at),
                waits_for,
                pipeline,
            };
            if before == Some(&arrival) {
                continue;
            }
            if let Some(reason) = arrival.waits_for.clone() {
                waiting.entry(reason).or_default().push(&file.name);
            }
            writes.push(async move { arrivals::record(store, &arrival, now).await });
        }
        stream::iter(writes).buffer_unordered(PARALLEL_WRITES).try_collect::<()>().await?;
        for (reason, names) in waiting {
            let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
            tracing::info!(files = names.len(), "dropped file `{}`{more} waits: {reason}", names[0]);
        }
        self.tell_of_long_waits(&fates, now);
        Ok(())
    }
}

impl DropAreaLook {
    /// Looks at the drop area for all definitions that ask.
    pub(super) async fn look(question: &LookQuestion<'_>) -> store::Result<Self> {
        let mut area = DropAreaLook::default();
        let asked: Vec<AskingDefinition<'_>> = question
            .asking
            .iter()
            .map(|asking| AskingDefinition { definition: asking.definition, prefixes: prefixes::of(asking.arguments) })
            .collect();
        // Before the listing, because a pipeline that moves its files while we look may have ended when we have looked.
        let taken = Taken::by_pipelines(question).await?;
        let listed = question.store.files.list(DROP_PREFIX, None, FILE_LIMIT).await?;
        if listed.len() == FILE_LIMIT {
            let reason = format!("the drop area holds {FILE_LIMIT} files or more; only the first ones are looked at");
            area.problems.push(SourceProblem { reason, things: Vec::new() });
        }
        area.files = listed.iter().filter_map(drop_file).collect();
        if area.files.is_empty() {
            for asked in &asked {
                area.answers.insert(asked.definition.name.clone(), Answer::Unmet(NO_BUNCH.to_owned()));
            }
            return Ok(area);
        }
        let (ok_contents, unread) = ok_contents(question.store, &listed).await?;
        let free: Vec<DropFile> = area.files.iter().filter(|file| taken.by(file).is_none()).cloned().collect();
        let configuration = configuration::load(question.store.files.as_ref()).await?;
        for asked in &asked {
            area.resolve(question.store, asked, (&free, &ok_contents), &configuration).await?;
        }
        for (name, reason) in unread {
            area.fates.insert(name.clone(), FileFate::Waits(reason.clone()));
            area.problems.push(SourceProblem { reason, things: vec![name] });
        }
        area.wait_where_nobody_asks(&asked.iter().flat_map(|asked| &asked.prefixes).map(String::as_str).collect());
        area.leave_to_pipelines(&taken, &free, &ok_contents);
        Ok(area)
    }

    /// Finds what there is for one definition.
    async fn resolve(
        &mut self,
        store: &Store,
        asked: &AskingDefinition<'_>,
        (free, ok_contents): (&[DropFile], &BTreeMap<String, String>),
        configuration: &LoadedConfiguration,
    ) -> store::Result<()> {
        let prefixes: Vec<&str> = asked.prefixes.iter().map(String::as_str).collect();
        let resolution = bunch::resolve(free, ok_contents, &prefixes);
        let answer = self.oldest(store, asked, &resolution.sets, configuration).await?;
        self.answers.insert(asked.definition.name.clone(), answer);
        resolution.notes.iter().for_each(|note| self.wait_where_noted(note));
        Ok(())
    }

    /// Says of the files of open pipelines who has them.
    fn leave_to_pipelines(&mut self, taken: &Taken, free: &[DropFile], ok_contents: &BTreeMap<String, String>) {
        for file in &self.files {
            if let Some(id) = taken.by(file) {
                self.fates.insert(file.name.clone(), FileFate::Taken(id.clone()));
            }
        }
        for (name, id) in &taken.ok_files {
            // Of the same name there may be one for files that came after those of the pipeline.
            if ok_contents.get(name).is_some_and(|content| bunch::is_spent(name, content, free)) {
                self.fates.insert(name.clone(), FileFate::Taken(id.clone()));
            }
        }
    }

    /// What becomes of the files when it is known what was spawned.
    fn fates_after(&self, outcomes: &[DiscoveryOutcome]) -> HashMap<String, FileFate> {
        let mut fates = self.fates.clone();
        for DiscoveryOutcome { found, fate, .. } in outcomes {
            let fate = match fate {
                finding::DiscoveryFate::Spawned(id) => FileFate::Taken(id.clone()),
                finding::DiscoveryFate::NotSpawned(reasons) => {
                    // A pipeline of another definition may have been spawned for the same bunch.
                    let is_taken = |name: &String| matches!(fates.get(name), Some(FileFate::Taken(_)));
                    if found.things.iter().any(is_taken) {
                        continue;
                    }
                    FileFate::Waits(reasons.join("; "))
                }
            };
            fates.extend(found.things.iter().map(|name| (name.clone(), fate.clone())));
        }
        fates
    }

    /// Says how long the oldest file has waited, if that is long. `infra/alarms.yaml` reads the field `oldest_wait_seconds`.
    fn tell_of_long_waits(&self, fates: &HashMap<String, FileFate>, now: DateTime<Utc>) {
        let waits = |file: &&DropFile| !matches!(fates.get(&file.name), Some(FileFate::Taken(_)));
        let is_long = |file: &&DropFile| now - file.modified >= LONG_WAIT;
        let long: Vec<&DropFile> = self.files.iter().filter(waits).filter(is_long).collect();
        let Some(oldest) = long.iter().min_by_key(|file| file.modified) else { return };
        let oldest_wait_seconds = (now - oldest.modified).num_seconds();
        tracing::info!(
            files = long.len(),
            oldest_wait_seconds,
            "dropped file `{}` has waited for {} hours",
            oldest.name,
            oldest_wait_seconds / 3600
        );
    }

    /// The oldest complete bunch that no pipeline of the definition was spawned for.
    async fn oldest(
        &mut self,
        store: &Store,
        asked: &AskingDefinition<'_>,
        sets: &[BunchSet],
        configuration: &LoadedConfiguration,
    ) -> store::Result<Answer> {
        let prefixes: Vec<&str> = asked.prefixes.iter().map(String::as_str).collect();
        let (complete, mut reasons) = self.sort_out(&prefixes, sets);
        let keys: Vec<String> = complete.iter().map(|(bunch, _)| key(bunch)).collect();
        let spawned: HashMap<_, _> = store.spawned_for(&asked.definition.name, &keys).await?.into_iter().collect();
        let mut next = None;
        for (bunch, at) in complete {
            match (spawned.get(&key(bunch)), next.is_some()) {
                (None, false) => match next_of(asked.definition, bunch, at, configuration) {
                    Ok(found) => next = Some(found),
                    // It must not delay the bunches behind it.
                    Err(reason) => {
                        self.set_fate(bunch, &FileFate::Waits(reason.clone()));
                        reasons.push(reason);
                    }
                },
                (None, true) => self.set_fate(bunch, &FileFate::Waits("the bunch before it comes first".to_owned())),
                (Some(id), _) => {
                    let reason =
                        format!("pipeline {id} was spawned for it and has ended; drop it again to import it again");
                    self.set_fate(bunch, &FileFate::Waits(reason));
                }
            }
        }
        if next.is_some() {
            // Before the pipeline that names it. What is kept is never changed, so looking does no harm.
            configuration::keep(store.files.as_ref(), &configuration.configuration).await?;
        }
        Ok(match next {
            Some(found) => Answer::Found(found),
            None if reasons.is_empty() => Answer::Unmet(NO_BUNCH.to_owned()),
            None => Answer::Unmet(reasons.join("; ")),
        })
    }

    /// The complete bunches, the oldest first, and why the other sets wait. Notes at the files what they wait for.
    fn sort_out<'s>(
        &mut self,
        prefixes: &[&str],
        sets: &'s [BunchSet],
    ) -> (Vec<(&'s Bunch, DateTime<Utc>)>, Vec<String>) {
        let mut complete: Vec<(&Bunch, DateTime<Utc>)> = Vec::new();
        let mut reasons = Vec::new();
        let by_identifier = self.by_identifier(prefixes);
        for set in sets {
            match set {
                BunchSet::Complete(bunch) => {
                    complete.push((bunch, self.arrived_at(bunch)));
                    bunch.left_behind.iter().for_each(|left| self.wait_where_noted(left));
                }
                BunchSet::Incomplete { identifier, reasons: why } => {
                    let why: Vec<String> = why.iter().map(|note| note.text.clone()).collect();
                    let fate = FileFate::Waits(why.join("; "));
                    let of_set = by_identifier.get(identifier).into_iter().flatten();
                    self.fates.extend(of_set.map(|name| (name.clone(), fate.clone())));
                    reasons.extend(why);
                }
            }
        }
        complete.sort_by_key(|(bunch, at)| (*at, bunch.id.clone()));
        (complete, reasons)
    }

    /// When the last file of a bunch came.
    fn arrived_at(&self, bunch: &Bunch) -> DateTime<Utc> {
        let modified = |name: String| Some(self.files[self.place(&name)?].modified);
        bunch.files.iter().filter_map(|file| modified(file.name.to_string())).max().unwrap_or_default()
    }

    fn set_fate(&mut self, bunch: &Bunch, fate: &FileFate) {
        self.fates.extend(file_names(bunch).into_iter().map(|name| (name, fate.clone())));
    }

    /// The names of CSV and ok files by what they belong to.
    fn by_identifier(&self, prefixes: &[&str]) -> HashMap<String, Vec<String>> {
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        for file in &self.files {
            for identifier in identifiers(&file.name, prefixes) {
                names.entry(identifier).or_default().push(file.name.clone());
            }
        }
        names
    }

    /// The place of a file in the list, which is sorted as keys are.
    fn place(&self, name: &str) -> Option<usize> {
        self.files.binary_search_by(|file| file.name.as_str().cmp(name)).ok()
    }

    /// Puts a note down at every file that it is about, unless something is said of it already.
    fn wait_where_noted(&mut self, note: &Note) {
        for name in &note.files {
            if self.place(name).is_some() {
                self.fates.entry(name.clone()).or_insert_with(|| FileFate::Waits(note.text.clone()));
            }
        }
    }

    /// Says of files that no definition takes them.
    fn wait_where_nobody_asks(&mut self, asked: &BTreeSet<&str>) {
        for file in &self.files {
            let prefix = prefix_of(&file.name);
            let is_ok_file = file.name.to_ascii_lowercase().ends_with(".ok");
            let reason = if !asked.contains(prefix) {
                let asked: Vec<String> = asked.iter().map(|prefix| format!("`{prefix}_…`")).collect();
                format!("no pipeline takes files named `{prefix}_…` (taken are: {})", asked.join(", "))
            } else if !is_ok_file && !has_row_suffix(&file.name) {
                "it is neither a CSV nor an ok file".to_owned()
            } else {
                continue;
            };
            self.fates.insert(file.name.clone(), FileFate::Waits(reason));
        }
    }
}

/// A bunch as it is handed on, or why it cannot be.
fn next_of(
    definition: &Definition,
    bunch: &Bunch,
    at: DateTime<Utc>,
    loaded: &LoadedConfiguration,
) -> Result<Discovery, String> {
    if let Some(refusal) = configuration::refusal(loaded, definition, bunch) {
        return Err(refusal);
    }
    found(bunch, at, &loaded.configuration.digest()).map_err(|error| error.to_string())
}

/// What a CSV or ok file belongs to; the name of an ok file can be read in two ways.
fn identifiers(name: &str, prefixes: &[&str]) -> BTreeSet<String> {
    let stem = name.strip_suffix(".ok");
    // `product-import_x.ok`
    let bunch = stem.map(split_prefix).filter(|(prefix, _)| prefixes.contains(prefix)).and_then(|(_, rest)| rest);
    // `product-import_x_01.ok` releases `product-import_x_01.csv`.
    let file = stem.map_or_else(|| name.parse(), |stem| format!("{stem}.csv").parse::<FileName>());
    let file = file.ok().filter(|file| prefixes.contains(&file.prefix()));
    bunch.map(str::to_owned).into_iter().chain(file.map(|file| file.filename().to_owned())).collect()
}

/// A file that lies directly in the drop area; deeper ones belong to somebody else.
fn drop_file(file: &FileInfo) -> Option<DropFile> {
    let name = file.key.strip_prefix(DROP_PREFIX)?;
    (!name.is_empty() && !name.contains('/')).then(|| DropFile {
        name: name.to_owned(),
        size_bytes: file.size_bytes,
        modified: file.modified_at,
        fingerprint: file.fingerprint.clone(),
    })
}
