//! One file of a bunch, read row by row from the working directory, whatever its rows speak of.

use std::sync::Arc;

use bytes::Bytes;
use engine::{ExecutorError, Work};
use import::Entity;
use import::bunch::{Bunch, BunchId};
use import::configuration::{Configuration, EntitySettings, Scope};
use import::content::{self, Content};
use import::csv::{self, CsvPosition, CsvRow, Header, ReadRow, RowReader};
use import::entity::{Above, Columns, EntityRow, ReadingRules, RowAbove, Thing, UnknownNames};
use import::errors_file;
use import::finding::{ChangeRefusal, Finding, Severity};
use import::operation::Operation;
use import::shop::ShopFacts;
use store::files::{Files, Range};

use super::bunch_files::moved_key;
use super::configuration;
use super::progress::RowPlace;

/// Bytes of one read: large enough that reads cost little on S3, small enough that memory stays flat.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// A file while it is being read.
pub(super) struct EntityFile<E: Entity> {
    files: Arc<dyn Files>,
    key: String,
    name: String,
    bunch: BunchId,
    rules: ReadingRules,
    reader: RowReader,
    /// Where the header starts.
    header_at: CsvPosition,
    /// The next byte to fetch.
    offset: u64,
    columns: Option<Columns<E::ColumnKind>>,
    /// What rows go on about that name no thing; known with the columns.
    above: RowAbove,
    /// Where reading began, if that was in the middle of the file.
    resumed_at: Option<CsvPosition>,
    /// Whether the file is one of errors, whose cells may stand behind an apostrophe; known with the columns.
    is_errors_file: bool,
    /// Why no row can be read, until it is told.
    unreadable: Option<String>,
    /// What a person should know of the file, until it is told.
    notice: Option<String>,
}

/// The next row of a file, read.
pub(super) enum NextRow<C> {
    Row(Box<EntityRow<C>>),
    /// No row, but something that a person should know of the file.
    Notice(Finding),
    /// A row whose cells cannot be told apart; reading goes on behind it.
    Bad {
        finding: Finding,
        next: CsvPosition,
    },
    /// The rest of the file cannot be read.
    Broken(Finding),
    End,
}

impl<E: Entity> EntityFile<E> {
    /// Opens a file of the bunch at a row, or at its first one.
    ///
    /// # Errors
    /// The store did not answer. A file that cannot be read shows at the first row.
    pub(super) async fn open(
        work: &Work<'_>,
        bunch: &Bunch,
        place: RowPlace,
        rules: FileRules,
    ) -> Result<Self, ExecutorError> {
        let rules = rules.of::<E>();
        let name = bunch.files[place.file].name.unpacked().to_string();
        let mut file = EntityFile {
            files: work.store.files.clone(),
            key: moved_key(&work.working_directory()?, &name),
            name,
            bunch: bunch.id.clone(),
            reader: RowReader::new(rules.dialect.format),
            rules,
            header_at: CsvPosition::START,
            offset: 0,
            columns: None,
            above: RowAbove::default(),
            resumed_at: None,
            is_errors_file: false,
            unreadable: None,
            notice: None,
        };
        file.begin().await?;
        if let Some(position) = place.position
            && let Some(header) = file.header().await?
        {
            file.reader = RowReader::resume(file.rules.dialect.format, header, position);
            file.offset = position.byte_offset;
            file.resumed_at = Some(position);
            // It was told when the first row was read.
            file.notice = None;
        }
        Ok(file)
    }

    /// Reads the first bytes, and sets the reader up for what they are.
    async fn begin(&mut self) -> Result<(), ExecutorError> {
        let first = self.chunk().await?;
        self.unreadable = match content::recognise(&first) {
            Content::Text => None,
            Content::Other(what) => Some(format!("the file {what}")),
            Content::Gzip | Content::Zip | Content::Utf16 => {
                Some("the file is packed or in UTF-16; step `move_files` makes it readable".to_owned())
            }
        };
        let recognised = content::recognise_format(&first, self.rules.dialect.format);
        self.rules.dialect.format = recognised.format;
        self.notice = recognised.notice;
        self.header_at = recognised.header;
        self.reader = RowReader::starting_at(recognised.format, recognised.header);
        let start = usize::try_from(recognised.header.byte_offset).unwrap_or(usize::MAX).min(first.len());
        self.take(&first, start);
        Ok(())
    }

    /// Reads the next row.
    ///
    /// # Errors
    /// The store did not answer, or the file is gone.
    pub(super) async fn next(&mut self) -> Result<NextRow<E::EntityChange>, ExecutorError> {
        if let Some(problem) = self.unreadable.take() {
            return Ok(NextRow::Broken(Finding::about(&self.name, 1, problem, Severity::File)));
        }
        if let Some(notice) = self.notice.take() {
            return Ok(NextRow::Notice(Finding::about(&self.name, 1, notice, Severity::Notice)));
        }
        loop {
            let row = match self.reader.next_row() {
                Ok(ReadRow::NeedsInput) => {
                    self.fetch().await?;
                    continue;
                }
                Ok(ReadRow::End) => return Ok(NextRow::End),
                Ok(ReadRow::Bad(bad)) => {
                    self.above.forget();
                    self.resumed_at = None;
                    // A title above the header makes all rows look wrong.
                    if self.reader.header().is_some()
                        && let Err(error) = self.find_columns()
                    {
                        return Ok(NextRow::Broken(Finding::unreadable(&self.name, &error)));
                    }
                    return Ok(NextRow::Bad { finding: Finding::bad_row(&self.name, &bad), next: bad.next });
                }
                Ok(ReadRow::Row(row)) => row,
                Err(error) => return Ok(NextRow::Broken(Finding::unreadable(&self.name, &error))),
            };
            if let Err(error) = self.find_columns() {
                return Ok(NextRow::Broken(Finding::unreadable(&self.name, &error)));
            }
            let row = if self.is_errors_file { errors_file::original_row(&row) } else { row };
            let row = self.completed(row).await?;
            let columns = self.columns.as_ref().expect("just found");
            return Ok(NextRow::Row(Box::new(E::read(columns, &row))));
        }
    }

    /// The columns that have no meaning here; known after the first row.
    pub(super) fn unknown_columns(&self) -> Vec<String> {
        self.columns.as_ref().map(|columns| columns.unknown().to_vec()).unwrap_or_default()
    }

    /// What is worth knowing about the header; known after the first row.
    pub(super) fn header_findings(&self) -> Vec<Finding> {
        self.columns.as_ref().map(Columns::findings).unwrap_or_default()
    }

    /// A finding about a row, told by the names of the columns in the file.
    pub(super) fn placed(&self, finding: Finding) -> Finding {
        self.columns.as_ref().map_or_else(|| finding.clone(), |columns| columns.placed(finding.clone()))
    }

    /// What the shop has, with what the rows read so far will make of it.
    pub(super) fn shop(&mut self) -> &mut ShopFacts {
        match &mut self.columns {
            Some(columns) => columns.shop_mut(),
            None => Arc::make_mut(&mut self.rules.shop),
        }
    }

    /// Takes note of what a row will make of the shop, for the rows and files behind it.
    ///
    /// # Errors
    /// Says why an import will refuse the row.
    pub(super) fn learn(
        &mut self,
        change: &E::EntityChange,
        if_known: Option<&E::EntityChange>,
    ) -> Result<(), ChangeRefusal> {
        // Only rows about facts change anything. For others the facts need not be copied.
        if !E::Thing::IS_FACT {
            return Ok(());
        }
        match self.rules.operation {
            Operation::AddUpdate => {
                let key = E::key(change);
                let is_known = self.shop().facts_of::<E::Thing>().is_some_and(|facts| facts.contains_key(&key));
                self.shop().learn::<E>(if_known.filter(|_| is_known).unwrap_or(change))
            }
            Operation::Replace => {
                let key = E::key(change);
                let is_known = self.shop().facts_of::<E::Thing>().is_some_and(|facts| facts.contains_key(&key));
                let learned = self.shop().learn::<E>(change);
                // What cannot be changed can be replaced all the same.
                if is_known { Ok(()) } else { learned }
            }
            Operation::Delete => {
                self.shop().forget::<E>(change);
                Ok(())
            }
        }
    }

    /// What a thing is below and the shop does not have, the topmost first.
    pub(super) fn missing_above(&mut self, change: &E::EntityChange) -> Vec<Above<E::EntityChange>> {
        if !E::NESTS || self.rules.operation == Operation::Delete {
            return Vec::new();
        }
        let mut above = E::above(change);
        let Some(facts) = self.shop().facts_of::<E::Thing>() else { return Vec::new() };
        above.retain(|above| !facts.contains_key(&E::key(&above.change)));
        above
    }

    /// What the shop has, for the file that is read next.
    pub(super) fn into_shop(self) -> Arc<ShopFacts> {
        match self.columns {
            Some(columns) => columns.shared_shop(),
            None => self.rules.shop,
        }
    }

    /// The file's base name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn find_columns(&mut self) -> Result<(), csv::Error> {
        if self.columns.is_none() {
            let header = self.reader.header().expect("a row comes behind the header");
            self.is_errors_file = errors_file::is_errors_file(header);
            let columns = E::columns(&self.name, header, self.rules.clone())?.of_bunch(&self.bunch);
            self.above = RowAbove::of::<E>(&columns);
            self.columns = Some(columns);
        }
        Ok(())
    }

    /// Puts into a row that goes on about the thing of the row above what that is.
    async fn completed(&mut self, mut row: CsvRow) -> Result<CsvRow, ExecutorError> {
        let resumed_at = self.resumed_at.take();
        if !self.above.is_continued_by(&row) {
            self.above.pass(&row);
            return Ok(row);
        }
        if let Some(position) = resumed_at {
            self.look_above(position).await?;
        }
        self.above.complete(&mut row);
        Ok(row)
    }

    /// Reads the file up to a place again, for what the row above it speaks of.
    ///
    /// That is seldom: once for each runner that goes on in the middle of a file, and only if it begins at such a row.
    async fn look_above(&mut self, end: CsvPosition) -> Result<(), ExecutorError> {
        let format = self.rules.dialect.format;
        let (mut reader, mut offset) = (RowReader::starting_at(format, self.header_at), self.header_at.byte_offset);
        loop {
            match reader.next_row() {
                Ok(ReadRow::NeedsInput) if offset < end.byte_offset => {
                    let length = CHUNK_BYTES.min(end.byte_offset - offset);
                    let bytes = self.read(Range { start: offset, length }).await?;
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    offset += bytes.len() as u64;
                    reader.feed(&bytes);
                }
                Ok(ReadRow::Row(row)) if !self.above.is_continued_by(&row) => self.above.pass(&row),
                Ok(ReadRow::Row(_)) => {}
                Ok(ReadRow::Bad(_)) => self.above.forget(),
                Ok(ReadRow::NeedsInput | ReadRow::End) | Err(_) => return Ok(()),
            }
        }
    }

    /// The header, for an open in the middle of the file; `None` if it cannot be read, which the first row will tell.
    async fn header(&mut self) -> Result<Option<Header>, ExecutorError> {
        loop {
            match self.reader.next_row() {
                Ok(ReadRow::NeedsInput) if self.reader.header().is_none() => self.fetch().await?,
                Ok(_) => return Ok(self.reader.header().cloned()),
                Err(_) => {
                    self.offset = 0;
                    self.begin().await?;
                    return Ok(None);
                }
            }
        }
    }

    async fn fetch(&mut self) -> Result<(), ExecutorError> {
        let bytes = self.chunk().await?;
        self.take(&bytes, 0);
        Ok(())
    }

    /// Reads the bytes behind those that the reader has; none at the end of the file.
    async fn chunk(&self) -> Result<Bytes, ExecutorError> {
        self.read(Range { start: self.offset, length: CHUNK_BYTES }).await
    }

    async fn read(&self, range: Range) -> Result<Bytes, ExecutorError> {
        let bytes = self.files.get(&self.key, Some(range)).await?;
        bytes.ok_or_else(|| ExecutorError::permanent(format!("file `{}` is not there any more", self.key)))
    }

    /// Hands bytes on to the reader, from one of them on.
    fn take(&mut self, bytes: &Bytes, from: usize) {
        if bytes.is_empty() {
            self.reader.finish();
        }
        self.offset += bytes.len() as u64;
        self.reader.feed(&bytes[from..]);
    }
}

/// What the files of a step are read with, whatever their rows speak of.
#[derive(Debug, Clone)]
pub(super) struct FileRules {
    /// What the shop has; what files make of it is added.
    pub(super) shop: Arc<ShopFacts>,
    /// What is to be done with the rows.
    pub(super) operation: Operation,
    unknown_names: UnknownNames,
    configuration: Arc<Configuration>,
    /// Name of the definition, for which a configuration may say something of its own.
    pipeline: String,
}

impl FileRules {
    /// Unknown names cost what they stand for, or some are taken.
    ///
    /// A catalogue that nobody told of its shop cannot know which names are wrong: a plain shop is assumed, and names are
    /// taken as they come.
    pub(super) async fn new(
        work: &Work<'_>,
        shop: ShopFacts,
        operation: Operation,
        unknown_names: UnknownNames,
    ) -> Result<Self, ExecutorError> {
        let unknown_names = if shop.is_told { unknown_names } else { UnknownNames::Taken };
        let configuration = configuration::of_pipeline(work).await?;
        let pipeline = work.pipeline.name().to_string();
        Ok(Self { shop: Arc::new(shop), operation, unknown_names, configuration, pipeline })
    }

    /// What the configuration says of an entity.
    pub(super) fn settings(&self, entity: &str) -> EntitySettings {
        let named = Operation::ALL.into_iter().find(|(_, operation)| *operation == self.operation);
        self.configuration.settings(&Scope {
            pipeline: Some(self.pipeline.clone()),
            entity: Some(entity.to_owned()),
            operation: named.map(|(name, _)| name.to_owned()),
        })
    }

    fn of<E: Entity>(self) -> ReadingRules {
        let settings = self.settings(E::ABOUT.name);
        ReadingRules {
            dialect: settings.dialect.clone(),
            settings: Arc::new(settings),
            shop: self.shop,
            operation: self.operation,
            unknown_names: self.unknown_names,
        }
    }
}
