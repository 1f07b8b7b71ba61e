//! Data fetchers: code that looks for work outside and asks for one pipeline per piece of it.
//!
//! A data fetcher answers with all there is to do, as often as it is asked; what it names by a key is spawned **once for
//! ever**, whoever asks and whatever crashes in between. So a fetcher remembers nothing and marks nothing. The same item
//! that keeps what a condition found from getting two pipelines keeps a key from it (`spawned/<definition>` in the table).
//!
//! The heartbeat asks every fetcher, unless the setting `initializer.in_pipeline` leaves that to the pipeline `initialize`,
//! whose step `fetch_data` does the same and may take longer. `initializer.enabled` switches both off, maintenance mode
//! stops both, and the setting `spawning` stops the pipelines of one definition. Nothing else is asked: the conditions of
//! the definition are for the heartbeat, so a definition that only a fetcher should spawn carries `no_auto_spawn`.

pub mod spawn;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::definition::Priority;
use pipeline::settings::Settings;
use pipeline::{Definition, Name, PipelineId};
use store::Store;

/// Looks for work that each should get a pipeline of its own.
///
/// ```
/// use engine::data_fetchers::{DataFetcher, FetchError, FetchQuestion, NewPipelineRequest, Wanted};
///
/// /// Asks for one pipeline `answer_letter` for each file under `letters/`.
/// struct Letters;
///
/// #[async_trait::async_trait]
/// impl DataFetcher for Letters {
///     fn name(&self) -> &'static str {
///         "letters"
///     }
///
///     fn description(&self) -> &'static str {
///         "finds letters"
///     }
///
///     // It remembers nothing: the key sees to it that no letter gets a second pipeline.
///     async fn fetch(&self, question: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError> {
///         let definition = Wanted::Named("answer_letter".parse()?);
///         let letters = question.store.files.list("letters/", None, 100).await?;
///         let request = |letter: store::files::FileInfo| NewPipelineRequest {
///             definition: definition.clone(),
///             key: format!("{} {}", letter.key, letter.fingerprint),
///             at: letter.modified_at,
///             arguments: [("letter".to_owned(), letter.key)].into(),
///             priority: None,
///         };
///         Ok(letters.into_iter().map(request).collect())
///     }
/// }
///
/// let program = engine::Program::default().with_data_fetcher(Letters);
/// assert_eq!(program.data_fetchers.len(), 1);
/// ```
#[async_trait]
pub trait DataFetcher: Send + Sync {
    /// Names it in keys and messages, for ever: lower-case letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// What it looks for, in one line for people.
    fn description(&self) -> &'static str;

    /// Tells what there is to do: in the heartbeat within [`fetch_time`](crate::Limits::fetch_time), the most urgent first.
    ///
    /// What was asked for before may be there again. It should leave in time all the same, because each key that is told
    /// again costs a read.
    ///
    /// # Errors
    /// It cannot tell now. The others are asked all the same, and it is asked again with the next beat.
    async fn fetch(&self, question: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError>;
}

/// Why a data fetcher cannot tell; whatever failed behind it.
pub type FetchError = Box<dyn StdError + Send + Sync>;

/// What a data fetcher is asked with.
pub struct FetchQuestion<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// The settings in force.
    pub settings: &'a Settings,
    /// The time.
    pub now: DateTime<Utc>,
}

/// One pipeline that a data fetcher asks for.
#[derive(Debug, Clone)]
pub struct NewPipelineRequest {
    /// What to spawn.
    pub definition: Wanted,
    /// Names the piece of work for ever, such as a number: at most [`KEY_LIMIT_BYTES`] bytes.
    pub key: String,
    /// A time that belongs to it, such as when it came up: the pipeline's id sorts by it.
    pub at: DateTime<Utc>,
    /// What all steps are told.
    pub arguments: Arguments,
    /// The queue to take instead of that of the definition.
    pub priority: Option<Priority>,
}

impl NewPipelineRequest {
    /// The id of the pipeline that comes of it if the fetcher of this name asks: for who notes it before it is there.
    #[must_use]
    pub fn pipeline_id(&self, fetcher: &str) -> PipelineId {
        let name = match &self.definition {
            Wanted::Named(name) => name,
            Wanted::Built(definition) => &definition.name,
        };
        PipelineId::derive(name, &spawn_key(fetcher, &self.key), self.at)
    }
}

/// What the store remembers of a request that was spawned; see [`Store::spawned_for`].
#[must_use]
pub fn spawn_key(fetcher: &str, key: &str) -> String {
    format!("fetcher {fetcher} {key}")
}

/// The definition that a data fetcher asks for.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// The one in force of this name.
    Named(Name),
    /// One that was put together in code.
    Built(Arc<Definition>),
}

/// Most bytes of the key of a request; it is a part of a table key, which may have 1,024.
pub const KEY_LIMIT_BYTES: usize = 500;

/// All data fetchers of a program, by name.
#[derive(Default)]
pub struct DataFetchers {
    by_name: BTreeMap<&'static str, Arc<dyn DataFetcher>>,
}

impl DataFetchers {
    /// Makes the list; a later fetcher of the same name replaces an earlier one.
    #[must_use]
    pub fn new(fetchers: impl IntoIterator<Item = Arc<dyn DataFetcher>>) -> Self {
        DataFetchers { by_name: fetchers.into_iter().map(|fetcher| (fetcher.name(), fetcher)).collect() }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn DataFetcher>> {
        self.by_name.values()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}
