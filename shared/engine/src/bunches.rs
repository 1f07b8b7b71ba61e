//! What lies in the drop area: complete bunches for the condition `bunch_complete`, and why the rest waits.
//!
//! The bucket is the truth and is listed by every beat; the arrival items are what people see of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use import::bunch::{self, Bunch, BunchSet, DropFile, MAX_OK_FILE_BYTES};
use import::file_name::FileName;
use pipeline::PipelineId;
use pipeline::definition::{Arguments, Definition};
use pipeline::plan::Found;
use store::arrivals::Arrival;
use store::files::{FileInfo, Range};
use store::pipelines::{NewPipeline, OpenPipeline};

use crate::context::Context;

/// The prefix under which files are dropped.
pub const DROP_PREFIX: &str = "incoming/";

/// The pipeline argument that holds the bunch, as JSON.
pub const BUNCH_ARGUMENT: &str = "bunch";

/// Most files of the drop area that one beat looks at.
const FILE_LIMIT: usize = 10_000;

/// Most bytes of a bunch's list of files. It travels in the pipeline's item, which takes 400 KB with everything else.
const BUNCH_LIMIT_BYTES: usize = 300_000;

/// Why a definition has no bunch while nothing of it lies in the drop area.
const NO_BUNCH: &str = "no bunch has arrived";

/// Most bytes of all ok files that one beat reads; it keeps them in memory.
const OK_FILES_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// How many ok files are read at the same time.
const PARALLEL_READS: usize = 16;

/// How many notes are written at the same time. The embedded store makes one commit of them.
const PARALLEL_WRITES: usize = 32;

/// What lies in the drop area, seen by one beat.
#[derive(Default)]
pub struct DropArea {
    /// Per definition with the condition: the oldest complete bunch without a pipeline, or why there is none.
    found: HashMap<String, Result<Found, String>>,
    /// What is wrong and no sender will mend by waiting.
    pub problems: Vec<String>,
    files: Vec<DropFile>,
    /// What becomes of a file, by its name. Those that are not in here go with the next pipeline.
    fates: HashMap<String, Fate>,
}

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Waits(String),
    Taken(PipelineId),
}

/// Looks at the drop area, if any definition asks for it.
///
/// # Errors
/// The store did not answer.
pub async fn look(
    context: &Context,
    definitions: &[Arc<Definition>],
    open: &[OpenPipeline],
) -> store::Result<DropArea> {
    let mut area = DropArea::default();
    let asking: Vec<(&Arc<Definition>, Vec<&str>)> =
        definitions.iter().filter_map(|definition| Some((definition, prefixes(definition)?))).collect();
    if asking.is_empty() {
        return Ok(area);
    }
    // Before the listing, because a pipeline that moves its files while we look may have ended when we have looked.
    let taken = Taken::of(context, asking.iter().map(|(definition, _)| *definition), open).await?;
    let listed = context.store.files.list(DROP_PREFIX, None, FILE_LIMIT).await?;
    if listed.len() == FILE_LIMIT {
        area.problems
            .push(format!("the drop area holds {FILE_LIMIT} files or more; only the first ones are looked at"));
    }
    area.files = listed.iter().filter_map(drop_file).collect();
    if area.files.is_empty() {
        let none = |definition: &Definition| (definition.name.to_string(), Err(NO_BUNCH.to_owned()));
        area.found = asking.iter().map(|(definition, _)| none(definition)).collect();
        return Ok(area);
    }
    let (ok_contents, unread) = ok_contents(context, &listed).await?;
    let free: Vec<DropFile> = area.files.iter().filter(|file| taken.by(file).is_none()).cloned().collect();
    for (definition, prefixes) in &asking {
        let resolution = bunch::resolve(&free, &ok_contents, prefixes);
        let found = area.oldest(context, definition, prefixes, &resolution.sets).await?;
        area.found.insert(definition.name.to_string(), found);
        for note in resolution.notes {
            area.wait_where_named(&note);
        }
    }
    for (name, problem) in unread {
        area.fates.insert(name, Fate::Waits(problem.clone()));
        area.problems.push(problem);
    }
    area.wait_where_nobody_asks(&asking.into_iter().flat_map(|(_, prefixes)| prefixes).collect());
    let fates = area.files.iter().filter_map(|file| Some((file.name.clone(), Fate::Taken(taken.by(file)?.clone()))));
    area.fates.extend(fates);
    for (name, id) in &taken.ok_files {
        // Of the same name there may be one for files that came after those of the pipeline.
        if ok_contents.get(name).is_some_and(|content| bunch::is_spent(name, content, &free)) {
            area.fates.insert(name.clone(), Fate::Taken(id.clone()));
        }
    }
    Ok(area)
}

/// The files of open pipelines. While these move their files, the rest of a bunch must not be taken for another bunch.
#[derive(Default)]
struct Taken {
    /// By name and fingerprint: what was dropped anew belongs to nobody.
    files: HashMap<(String, String), PipelineId>,
    ok_files: HashMap<String, PipelineId>,
}

impl Taken {
    async fn of(
        context: &Context,
        definitions: impl Iterator<Item = &Arc<Definition>>,
        open: &[OpenPipeline],
    ) -> store::Result<Self> {
        let mut taken = Taken::default();
        for definition in definitions {
            let mut ids: BTreeSet<PipelineId> =
                open.iter().filter(|open| open.name == definition.name).map(|open| open.id.clone()).collect();
            // The listing may lag behind.
            ids.extend(context.store.latest_pipeline(&definition.name).await?.id);
            for id in ids {
                let pipeline = context.store.pipeline_without_steps(&id).await?;
                let pipeline = pipeline.filter(|pipeline| pipeline.status.is_open());
                if let Some(bunch) = pipeline.and_then(|pipeline| bunch_of(&pipeline.arguments)) {
                    let files = bunch.files.into_iter().map(|file| (file.name.to_string(), file.fingerprint));
                    taken.files.extend(files.map(|file| (file, id.clone())));
                    taken.ok_files.extend(bunch.ok_files.into_iter().map(|name| (name, id.clone())));
                }
            }
        }
        Ok(taken)
    }

    /// The pipeline that has a file.
    fn by(&self, file: &DropFile) -> Option<&PipelineId> {
        self.files.get(&(file.name.clone(), file.fingerprint.clone()))
    }
}

/// Lists the files of the drop area, and those that left it with a pipeline lately: the waiting ones first, the others by
/// time.
///
/// # Errors
/// The store did not answer.
pub async fn arrivals(context: &Context) -> store::Result<Vec<Arrival>> {
    let listed = context.store.files.list(DROP_PREFIX, None, FILE_LIMIT).await?;
    let noted = context.store.arrivals().await?;
    let mut noted: BTreeMap<String, Arrival> = noted.into_iter().map(|noted| (noted.key.clone(), noted)).collect();
    let mut arrivals = Vec::new();
    for file in listed.into_iter().filter(|file| drop_file(file).is_some()) {
        let noted = noted.remove(&file.key).filter(|noted| noted.fingerprint == file.fingerprint);
        arrivals.push(noted.unwrap_or(Arrival {
            key: file.key,
            size_bytes: file.size_bytes,
            fingerprint: file.fingerprint,
            seen_at: file.modified_at,
            waits_for: None,
            pipeline: None,
        }));
    }
    // A file that is gone without a pipeline was taken away by somebody else.
    arrivals.extend(noted.into_values().filter(|noted| noted.pipeline.is_some()));
    arrivals
        .sort_by_key(|arrival| (arrival.pipeline.is_some(), std::cmp::Reverse(arrival.seen_at), arrival.key.clone()));
    Ok(arrivals)
}

impl DropArea {
    /// The bunch that a definition's next pipeline is for, or why there is none.
    ///
    /// # Errors
    /// A sentence for people: nothing has arrived, or what is missing.
    pub fn oldest_for(&self, definition: &Definition) -> Result<&Found, &str> {
        match self.found.get(definition.name.as_str()) {
            Some(Ok(found)) => Ok(found),
            Some(Err(reason)) => Err(reason),
            None => Err("the definition does not ask for bunches"),
        }
    }

    /// Says that a pipeline takes the bunch that it was spawned for.
    pub(crate) fn take(&mut self, new: &NewPipeline) {
        if let Some(bunch) = bunch_of(&new.arguments) {
            self.set_fate(&bunch, &Fate::Taken(new.id.clone()));
        }
    }

    /// Says why a definition's next pipeline is not spawned, although there is a bunch for it.
    pub(crate) fn hold(&mut self, definition: &Definition, reasons: &[String]) {
        let Some(Ok(found)) = self.found.get(definition.name.as_str()) else { return };
        let Some(bunch) = bunch_of(&found.arguments) else { return };
        // A pipeline of another definition may have been spawned for the same bunch.
        let is_taken = |name: &String| matches!(self.fates.get(name), Some(Fate::Taken(_)));
        if !bunch.files.iter().any(|file| is_taken(&file.name.to_string())) {
            self.set_fate(&bunch, &Fate::Waits(reasons.join("; ")));
        }
    }

    /// Writes what becomes of the files, where something has changed.
    ///
    /// # Errors
    /// The store did not answer.
    pub(crate) async fn note(&self, context: &Context, now: DateTime<Utc>) -> store::Result<()> {
        let keys: Vec<String> = self.files.iter().map(|file| format!("{DROP_PREFIX}{}", file.name)).collect();
        let known = context.store.arrivals_of(&keys).await?;
        let known: HashMap<&str, &Arrival> = known.iter().map(|arrival| (arrival.key.as_str(), arrival)).collect();
        let mut waiting: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut writes = Vec::new();
        for (file, key) in self.files.iter().zip(&keys) {
            let before = known.get(key.as_str()).copied().filter(|before| before.fingerprint == file.fingerprint);
            let (waits_for, pipeline) = match self.fates.get(&file.name) {
                Some(Fate::Waits(reason)) => (Some(reason.clone()), None),
                Some(Fate::Taken(id)) => (None, Some(id.to_string())),
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
            writes.push(async move { context.store.record_arrival(&arrival, now).await });
        }
        stream::iter(writes).buffer_unordered(PARALLEL_WRITES).try_collect::<()>().await?;
        for (reason, names) in waiting {
            let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
            tracing::info!(files = names.len(), "dropped file `{}`{more} waits: {reason}", names[0]);
        }
        Ok(())
    }

    /// The oldest complete bunch that no pipeline of the definition was spawned for.
    async fn oldest(
        &mut self,
        context: &Context,
        definition: &Definition,
        prefixes: &[&str],
        sets: &[BunchSet],
    ) -> store::Result<Result<Found, String>> {
        let mut complete: Vec<(&Bunch, DateTime<Utc>)> = Vec::new();
        let mut reasons = Vec::new();
        let by_identifier = self.by_identifier(prefixes);
        for set in sets {
            match set {
                BunchSet::Complete(bunch) => {
                    complete.push((bunch, self.arrived_at(bunch)));
                    bunch.left_behind.iter().for_each(|left| self.wait_where_named(left));
                }
                BunchSet::Incomplete { identifier, reasons: why } => {
                    let fate = Fate::Waits(why.join("; "));
                    let of_set = by_identifier.get(identifier).into_iter().flatten();
                    self.fates.extend(of_set.map(|name| (name.clone(), fate.clone())));
                    reasons.extend(why.iter().cloned());
                }
            }
        }
        complete.sort_by_key(|(bunch, at)| (*at, bunch.id.clone()));
        let keys: Vec<String> = complete.iter().map(|(bunch, _)| key(bunch)).collect();
        let spawned: HashMap<_, _> = context.store.spawned_for(&definition.name, &keys).await?.into_iter().collect();
        let mut next = None;
        for (bunch, at) in complete {
            match (spawned.get(&key(bunch)), next.is_some()) {
                (None, false) => match found(bunch, at) {
                    Ok(found) => next = Some(found),
                    // It must not hold up the bunches behind it.
                    Err(reason) => {
                        self.set_fate(bunch, &Fate::Waits(reason.clone()));
                        reasons.push(reason);
                    }
                },
                (None, true) => self.set_fate(bunch, &Fate::Waits("the bunch before it comes first".to_owned())),
                (Some(id), _) => {
                    let reason =
                        format!("pipeline {id} was spawned for it and has ended; drop it again to import it again");
                    self.set_fate(bunch, &Fate::Waits(reason));
                }
            }
        }
        Ok(next.ok_or_else(|| match reasons.as_slice() {
            [] => NO_BUNCH.to_owned(),
            reasons => reasons.join("; "),
        }))
    }

    /// When the last file of a bunch came.
    fn arrived_at(&self, bunch: &Bunch) -> DateTime<Utc> {
        let modified = |name: String| Some(self.files[self.place(&name)?].modified);
        bunch.files.iter().filter_map(|file| modified(file.name.to_string())).max().unwrap_or_default()
    }

    fn set_fate(&mut self, bunch: &Bunch, fate: &Fate) {
        let files = bunch.files.iter().map(|file| file.name.to_string());
        self.fates.extend(files.chain(bunch.ok_files.iter().cloned()).map(|name| (name, fate.clone())));
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

    /// Puts a finding down at every file that it names.
    fn wait_where_named(&mut self, finding: &str) {
        for name in finding.split('`') {
            if self.place(name).is_some() {
                self.fates.entry(name.to_owned()).or_insert_with(|| Fate::Waits(finding.to_owned()));
            }
        }
    }

    /// Says of files that no definition takes them.
    fn wait_where_nobody_asks(&mut self, asked: &BTreeSet<&str>) {
        for file in &self.files {
            let prefix = file.name.split(['_', '.']).next().unwrap_or_default();
            let suffix = file.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            let reason = if !asked.contains(prefix) {
                let asked: Vec<String> = asked.iter().map(|prefix| format!("`{prefix}_…`")).collect();
                format!("no pipeline takes files named `{prefix}_…` (taken are: {})", asked.join(", "))
            } else if !matches!(suffix.as_str(), "csv" | "ok") {
                "it is neither a CSV nor an ok file".to_owned()
            } else {
                continue;
            };
            self.fates.insert(file.name.clone(), Fate::Waits(reason));
        }
    }
}

/// The bunch among the arguments of a pipeline.
fn bunch_of(arguments: &Arguments) -> Option<Bunch> {
    serde_json::from_str(arguments.get(BUNCH_ARGUMENT)?).ok()
}

/// What a CSV or ok file belongs to; the name of an ok file can be read in two ways.
fn identifiers(name: &str, prefixes: &[&str]) -> BTreeSet<String> {
    let stem = name.strip_suffix(".ok");
    // `product-import_x.ok`
    let bunch = stem.and_then(|stem| stem.split_once('_')).filter(|(prefix, _)| prefixes.contains(prefix));
    // `product-import_x_01.ok` releases `product-import_x_01.csv`.
    let file = stem.map_or_else(|| name.parse(), |stem| format!("{stem}.csv").parse::<FileName>());
    let file = file.ok().filter(|file| prefixes.contains(&file.prefix()));
    bunch.map(|(_, rest)| rest.to_owned()).into_iter().chain(file.map(|file| file.filename().to_owned())).collect()
}

/// The file name prefixes that a definition's bunches are made of.
fn prefixes(definition: &Definition) -> Option<Vec<&str>> {
    let prefixes = definition.conditions.iter().find_map(|described| described.condition.bunch_prefixes())?;
    Some(prefixes.iter().map(String::as_str).collect())
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

/// The contents of the ok files by their names, and the names of those that were not read, with the reason.
async fn ok_contents(
    context: &Context,
    listed: &[FileInfo],
) -> store::Result<(BTreeMap<String, String>, Vec<(String, String)>)> {
    let (mut reads, mut unread, mut total_bytes) = (Vec::new(), Vec::new(), 0);
    for file in listed.iter().filter(|file| file.key.to_ascii_lowercase().ends_with(".ok")) {
        let Some(name) = file.key.strip_prefix(DROP_PREFIX).filter(|name| !name.contains('/')) else { continue };
        if file.size_bytes > MAX_OK_FILE_BYTES {
            let bytes = file.size_bytes;
            let why = format!("`{name}` has {bytes} bytes; an ok file with more than {MAX_OK_FILE_BYTES} is not read");
            unread.push((name.to_owned(), why));
        } else if total_bytes + file.size_bytes > OK_FILES_LIMIT_BYTES {
            let why = format!("`{name}` is not read: the ok files before it have {total_bytes} bytes already");
            unread.push((name.to_owned(), why));
        } else {
            total_bytes += file.size_bytes;
            reads.push(ok_content(context, file, name));
        }
    }
    let contents: Vec<Option<(String, String)>> =
        stream::iter(reads).buffer_unordered(PARALLEL_READS).try_collect().await?;
    Ok((contents.into_iter().flatten().collect(), unread))
}

/// An ok file's name and content, unless it is gone.
async fn ok_content(context: &Context, file: &FileInfo, name: &str) -> store::Result<Option<(String, String)>> {
    if file.size_bytes == 0 {
        return Ok(Some((name.to_owned(), String::new())));
    }
    let range = Range { start: 0, length: MAX_OK_FILE_BYTES + 1 };
    let bytes = context.store.files.get(&file.key, Some(range)).await?;
    // One that has grown since it was listed is looked at by the next beat.
    let bytes = bytes.filter(|bytes| bytes.len() as u64 <= MAX_OK_FILE_BYTES);
    Ok(bytes.map(|bytes| (name.to_owned(), String::from_utf8_lossy(&bytes).into_owned())))
}

fn key(bunch: &Bunch) -> String {
    format!("bunch {}", bunch.id)
}

/// A bunch as a condition finds it, or why no pipeline can take it.
fn found(bunch: &Bunch, at: DateTime<Utc>) -> Result<Found, String> {
    let json = serde_json::to_string(bunch).expect("a bunch has only string keys and no failing serializer");
    if json.len() > BUNCH_LIMIT_BYTES {
        let (files, bytes) = (bunch.files.len(), json.len());
        return Err(format!(
            "its {files} files are too many for one pipeline (their list takes {bytes} bytes, at most \
             {BUNCH_LIMIT_BYTES} are possible); drop them under several identifiers"
        ));
    }
    Ok(Found { key: key(bunch), at, arguments: Arguments::from([(BUNCH_ARGUMENT.to_owned(), json)]) })
}
