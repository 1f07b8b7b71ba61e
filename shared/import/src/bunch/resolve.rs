use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{Manifest, ManifestLine, NamesNoFile};
use super::{Bunch, BunchFile, BunchId, BunchSet, DropFile, Note, Resolution};
use crate::file_name::{FileName, has_row_suffix, prefix_of, split_prefix};

/// Reasons and notes of one bunch that are worth reading; the rest is counted.
pub(super) const MAX_NOTES: usize = 20;

/// The first notes about something, and how many more there were.
#[derive(Debug, Clone, Default)]
struct Notes {
    kept: Vec<Note>,
    more: usize,
}

/// Finds the bunches in the drop area and says of each whether it is complete.
///
/// `files` is everything seen there, `ok_contents` the content of each ok file by its name, and `prefixes` the kinds of
/// file asked for, in the order in which a bunch imports them.
#[must_use]
pub fn resolve(files: &[DropFile], ok_contents: &BTreeMap<String, String>, prefixes: &[&str]) -> Resolution {
    let mut wanted = WantedFiles::sort_out(files, prefixes);
    let mut ok_names = BTreeSet::new();
    for (name, content) in ok_contents {
        if let Some(ok_file) = OkFile::understand(name, content, &wanted) {
            ok_names.insert(name.as_str());
            wanted.apply(&ok_file);
        }
    }
    let identifiers: BTreeSet<String> = wanted.identifiers();
    let sets = identifiers.into_iter().map(|identifier| wanted.judge(identifier, &ok_names)).collect();
    Resolution { sets, notes: wanted.notes.into_notes() }
}

/// Says whether an ok file releases none of the files that are still in the drop area, so that it can leave too.
///
/// An ok file may release several bunches. A pipeline that has moved its files away asks this about each of the
/// bunch's ok files and leaves those in place that another bunch still needs.
#[must_use]
pub fn is_spent(ok_name: &str, content: &str, remaining: &[DropFile]) -> bool {
    let manifest = Manifest::parse(content);
    let named: BTreeSet<&FileName> = manifest.lines().iter().filter_map(|line| line.name.as_ref().ok()).collect();
    let is_named = |file: &FileName| matches!(manifest, Manifest::Empty) || named.contains(file);
    !remaining.iter().any(|file| {
        let Ok(name) = file.name.parse::<FileName>() else {
            return false;
        };
        name.is_of_rows() && name.ok_files().iter().any(|ok| ok.as_str() == ok_name) && is_named(&name)
    })
}

/// The CSV files of the wanted prefixes, and what the ok files say about them.
struct WantedFiles<'a> {
    prefixes: &'a [&'a str],
    arrived: BTreeMap<FileName, &'a DropFile>,
    /// The same names by identifier; a drop area may hold thousands of bunches.
    by_identifier: BTreeMap<String, Vec<FileName>>,
    /// Released files, and by which ok files.
    released: BTreeMap<FileName, BTreeSet<String>>,
    /// What keeps a bunch waiting, by identifier.
    problems: BTreeMap<String, Notes>,
    notes: Notes,
}

/// An ok file of a wanted prefix.
struct OkFile<'a> {
    name: &'a str,
    prefix: &'a str,
    reach: Reach,
    manifest: Manifest,
}

/// The files that an ok file may release by its name.
enum Reach {
    Prefix,
    Bunch(String),
    File(FileName),
}

impl<'a> WantedFiles<'a> {
    fn sort_out(files: &'a [DropFile], prefixes: &'a [&'a str]) -> Self {
        let mut wanted = Self {
            prefixes,
            arrived: BTreeMap::new(),
            by_identifier: BTreeMap::new(),
            released: BTreeMap::new(),
            problems: BTreeMap::new(),
            notes: Notes::default(),
        };
        let mut names: Vec<&DropFile> = files.iter().collect();
        names.sort_unstable_by_key(|file| &file.name);
        for file in names {
            let prefix = prefix_of(&file.name);
            if !has_row_suffix(&file.name) || !prefixes.contains(&prefix) {
                continue;
            }
            match file.name.parse::<FileName>() {
                // `product-import.x_1_1.csv`: the prefix of a name goes up to its underscore.
                Ok(name) if !prefixes.contains(&name.prefix()) => {}
                Ok(name) => {
                    let siblings = wanted.by_identifier.entry(name.filename().to_owned()).or_default();
                    siblings.push(name.clone());
                    wanted.arrived.insert(name, file);
                }
                Err(error) => wanted.notes.push(|| Note::about([file.name.as_str()], error.to_string())),
            }
        }
        wanted
    }

    /// The arrived files of an identifier.
    fn siblings(&self, identifier: &str) -> &[FileName] {
        self.by_identifier.get(identifier).map_or(&[], Vec::as_slice)
    }

    /// The arrived files that an ok file may release by its name, in order.
    fn within(&self, ok_file: &OkFile<'_>) -> Vec<FileName> {
        let has_prefix = |name: &&FileName| name.prefix() == ok_file.prefix;
        match &ok_file.reach {
            Reach::Prefix => self.arrived.keys().filter(has_prefix).cloned().collect(),
            Reach::Bunch(identifier) => self.siblings(identifier).iter().filter(has_prefix).cloned().collect(),
            Reach::File(only) => {
                let siblings = self.siblings(only.filename()).iter();
                siblings.filter(|name| name.has_stem_of(only)).cloned().collect()
            }
        }
    }

    fn apply(&mut self, ok_file: &OkFile<'_>) {
        match &ok_file.manifest {
            Manifest::Empty => self.apply_empty(ok_file),
            Manifest::List(lines) => self.apply_list(ok_file, lines),
        }
    }

    fn apply_empty(&mut self, ok_file: &OkFile<'_>) {
        let files = self.within(ok_file);
        let name = ok_file.name;
        if files.is_empty() {
            match &ok_file.reach {
                Reach::Prefix => self.notes.push(|| {
                    let text =
                        format!("`{name}` is empty and releases every file with its prefix, but none has arrived");
                    Note::about([name], text)
                }),
                Reach::Bunch(identifier) => {
                    let text = format!("`{name}` is empty and releases every file of its bunch, but none has arrived");
                    self.problem(identifier, Note::about([name], text));
                }
                Reach::File(file) => {
                    let text = format!("`{name}` releases `{file}`, which has not arrived");
                    self.problem(file.filename(), Note::about([name], text));
                }
            }
        }
        let mut by_identifier: BTreeMap<String, Vec<FileName>> = BTreeMap::new();
        for file in files {
            by_identifier.entry(file.filename().to_owned()).or_default().push(file);
        }
        for (identifier, mut files) in by_identifier {
            files.sort_by_key(FileName::number);
            for pair in files.windows(2) {
                if pair[1].number() > pair[0].number() + 1 {
                    let (before, after) = (pair[0].to_string(), pair[1].to_string());
                    let text =
                        format!("`{name}` is empty, and a file between `{before}` and `{after}` has not arrived");
                    self.problem(&identifier, Note::about([name, &before, &after], text));
                }
            }
            for file in files {
                self.release(file, name);
            }
        }
    }

    fn apply_list(&mut self, ok_file: &OkFile<'_>, lines: &[ManifestLine]) {
        let name = ok_file.name;
        let mut wrong = Notes::default();
        for line in lines {
            let number = line.number;
            match &line.name {
                Ok(file) => match ok_file.refusal(file) {
                    Some(why) => {
                        let text = || format!("`{name}` line {number} names `{file}`, {why}");
                        wrong.push(|| Note::about([name, &file.to_string()], text()));
                    }
                    None if self.arrived.contains_key(file) => self.release(file.clone(), name),
                    None => {
                        let text = format!("`{name}` line {number} names `{file}`, which has not arrived");
                        self.problem(file.filename(), Note::about([name], text));
                    }
                },
                Err(NamesNoFile { text: found }) => wrong.push(|| {
                    let text = format!(
                        "`{name}` line {number}: `{found}` is not the name of an import file \
                         (example: `{}_20260801-120000_01.csv`)",
                        ok_file.prefix
                    );
                    Note::about([name], text)
                }),
            }
        }
        if !wrong.kept.is_empty() {
            self.blame(ok_file, lines, &wrong);
        }
    }

    /// Holds up every bunch that relies on a manifest with wrong lines.
    fn blame(&mut self, ok_file: &OkFile<'_>, lines: &[ManifestLine], wrong: &Notes) {
        let identifiers: BTreeSet<&str> = match &ok_file.reach {
            Reach::Bunch(identifier) => BTreeSet::from([identifier.as_str()]),
            Reach::File(file) => BTreeSet::from([file.filename()]),
            Reach::Prefix => lines
                .iter()
                .filter_map(|line| line.name.as_ref().ok())
                .filter(|file| ok_file.refusal(file).is_none())
                .map(FileName::filename)
                .collect(),
        };
        if identifiers.is_empty() {
            self.notes.extend(wrong);
        }
        for identifier in identifiers {
            self.problems.entry(identifier.to_owned()).or_default().extend(wrong);
        }
    }

    fn release(&mut self, file: FileName, ok_name: &str) {
        self.released.entry(file).or_default().insert(ok_name.to_owned());
    }

    fn problem(&mut self, identifier: &str, note: Note) {
        self.problems.entry(identifier.to_owned()).or_default().push(|| note);
    }

    fn identifiers(&self) -> BTreeSet<String> {
        self.by_identifier.keys().chain(self.problems.keys()).cloned().collect()
    }

    fn judge(&self, identifier: String, ok_names: &BTreeSet<&str>) -> BunchSet {
        let mut reasons = self.problems.get(&identifier).cloned().unwrap_or_default();
        let mut left_behind = Notes::default();
        let mut released = Vec::new();
        for prefix in self.prefixes {
            let mut files: Vec<&FileName> =
                self.siblings(&identifier).iter().filter(|file| file.prefix() == *prefix).collect();
            files.sort_by_key(|file| (file.number(), *file));
            let (ready, waiting): (Vec<&FileName>, Vec<&FileName>) =
                files.into_iter().partition(|file| self.released.contains_key(*file));
            // A prefix of which nothing is released holds the bunch up: its sender may still be at work. One of which some
            // is released has been judged by its sender, so the rest stays behind.
            let notes = if ready.is_empty() { &mut reasons } else { &mut left_behind };
            for file in waiting {
                notes.push(|| why_not_released(file, ok_names));
            }
            released.extend(ready);
        }
        match reasons.kept.is_empty() {
            true => BunchSet::Complete(self.bunch(&identifier, &released, left_behind)),
            false => BunchSet::Incomplete { identifier, reasons: reasons.into_notes() },
        }
    }

    fn bunch(&self, identifier: &str, files: &[&FileName], left_behind: Notes) -> Bunch {
        let drop_files: Vec<&DropFile> = files.iter().map(|file| self.arrived[*file]).collect();
        let ok_files: BTreeSet<&String> = files.iter().flat_map(|file| &self.released[*file]).collect();
        Bunch {
            id: BunchId::of(identifier, &drop_files),
            files: files
                .iter()
                .zip(&drop_files)
                .map(|(name, file)| BunchFile {
                    name: (*name).clone(),
                    size_bytes: file.size_bytes,
                    fingerprint: file.fingerprint.clone(),
                })
                .collect(),
            ok_files: ok_files.into_iter().cloned().collect(),
            left_behind: left_behind.into_notes(),
        }
    }
}

impl<'a> OkFile<'a> {
    fn understand(name: &'a str, content: &str, wanted: &WantedFiles<'_>) -> Option<Self> {
        let stem = name.strip_suffix(".ok")?;
        let (prefix, rest) = split_prefix(stem);
        if !wanted.prefixes.contains(&prefix) {
            return None;
        }
        let is_bunch = |rest: &str| wanted.siblings(rest).iter().any(|file| file.prefix() == prefix);
        let reach = match (rest, format!("{stem}.csv").parse::<FileName>()) {
            (None, _) => Reach::Prefix,
            // `product-import_spring_01.ok` could also stand for a bunch that is called `spring_01`.
            (Some(rest), Ok(file)) if !is_bunch(rest) => Reach::File(file),
            (Some(rest), _) => Reach::Bunch(rest.to_owned()),
        };
        Some(Self { name, prefix, reach, manifest: Manifest::parse(content) })
    }

    /// Why the ok file may not name a file, as the end of a sentence.
    fn refusal(&self, file: &FileName) -> Option<String> {
        if !file.is_of_rows() {
            return Some("which is not a CSV file".to_owned());
        }
        if file.prefix() != self.prefix {
            return Some(format!("which is not a file of `{}`", self.prefix));
        }
        match &self.reach {
            Reach::Bunch(identifier) if file.filename() != identifier => {
                Some(format!("which belongs to bunch `{}`, not `{identifier}`", file.filename()))
            }
            Reach::File(only) if !file.has_stem_of(only) => Some(format!("but can only release `{only}`")),
            Reach::Prefix | Reach::Bunch(_) | Reach::File(_) => None,
        }
    }
}

fn why_not_released(file: &FileName, ok_names: &BTreeSet<&str>) -> Note {
    let [prefix, bunch, single] = file.ok_files();
    let found = [&prefix, &bunch, &single].into_iter().find(|ok| ok_names.contains(ok.as_str()));
    let name = file.to_string();
    match found {
        Some(ok) => Note::about([ok.as_str(), &name], format!("`{ok}` does not name `{name}`")),
        None => Note::about(
            [name.as_str()],
            format!("no ok file for `{name}`; expected `{prefix}`, `{bunch}` or `{single}`"),
        ),
    }
}

impl Notes {
    fn push(&mut self, note: impl FnOnce() -> Note) {
        if self.kept.len() < MAX_NOTES {
            self.kept.push(note());
        } else {
            self.more += 1;
        }
    }

    fn extend(&mut self, others: &Notes) {
        for note in &others.kept {
            self.push(|| note.clone());
        }
        self.more += others.more;
    }

    fn into_notes(mut self) -> Vec<Note> {
        if self.more > 0 {
            self.kept.push(Note::about([], format!("and {} more", self.more)));
        }
        self.kept
    }
}
