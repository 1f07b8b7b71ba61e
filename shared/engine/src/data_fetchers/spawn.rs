//! Asks data fetchers and spawns what they ask for, once per key.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use pipeline::plan::spawn_hold;
use pipeline::settings::{Scope, Settings};
use pipeline::{Definition, Name, PipelineId};
use store::pipelines::{NewPipeline, Spawned};

use super::{
    DataFetcher, DataFetchers, FetchError, FetchQuestion, KEY_LIMIT_BYTES, NewPipelineRequest, Wanted, spawn_key,
};
use crate::context::{Context, Invocation};
use crate::definitions::Loaded;
use crate::error_chain::chain;
use crate::executor::Work;

/// What came of asking data fetchers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// What was spawned, in the order of its spawn.
    pub spawned: Vec<(Arc<Definition>, PipelineId)>,
    /// How much was asked for and is left to the next time, because a beat spawns so many and no more.
    pub left: usize,
    /// What is wrong with fetchers or with what they asked for; everything else went on.
    pub problems: Vec<String>,
}

/// Why a data fetcher told nothing.
#[derive(Debug, thiserror::Error)]
enum FetchFailure {
    #[error("data fetcher `{fetcher}`")]
    Failed { fetcher: &'static str, source: FetchError },
    #[error("data fetcher `{fetcher}`: no answer within {seconds} s")]
    TimedOut { fetcher: &'static str, seconds: u64 },
}

/// Why nothing can be spawned for a request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum BadRequest {
    #[error("`{shown}` is not a key (expected 1 to {KEY_LIMIT_BYTES} bytes without control characters)")]
    Key { shown: String },
    #[error("there is no pipeline definition `{name}`, or it is broken")]
    UnknownDefinition { name: Name },
    #[error("definition `{name}` has no steps")]
    NoSteps { name: Name },
    #[error("definition `{name}`: step `{step}` asks for the unknown executor `{executor}`")]
    UnknownExecutor { name: Name, step: Name, executor: String },
}

/// Everything that fetchers are asked with and spawn by.
pub struct Fetching<'a> {
    pub(crate) context: &'a Context,
    pub(crate) loaded: Loaded,
    pub(crate) settings: Arc<Settings>,
    pub(crate) invocation: &'a Invocation,
}

/// A request that can be spawned, and what it is spawned from.
struct CheckedRequest<'a> {
    fetcher: &'static str,
    definition: &'a Arc<Definition>,
    found: String,
    request: &'a NewPipelineRequest,
}

/// Most problems of one answer that are told one by one; a fetcher that is wrong about one thing is wrong about many.
const TOLD: usize = 5;

/// How many table keys are looked up at once; as many as one read of the table takes.
const LOOKED_UP: usize = 100;

impl<'a> Fetching<'a> {
    /// For a step that asks data fetchers instead of the heartbeat.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn of_step(work: &Work<'a>) -> store::Result<Self> {
        let Work { context, invocation, .. } = *work;
        let loaded = context.definitions.load(context.store.files.as_ref()).await?;
        let settings = context.fresh_settings(invocation.now()).await?;
        Ok(Fetching { context, loaded, settings, invocation })
    }

    /// The fetchers of this program.
    #[must_use]
    pub fn fetchers(&self) -> &'a DataFetchers {
        &self.context.fetchers
    }

    /// Asks all fetchers at the same time and spawns what is new, up to the limit of a beat.
    ///
    /// # Errors
    /// The store did not answer.
    pub(crate) async fn beat(&self) -> store::Result<Fetched> {
        let mut fetched = Fetched::default();
        if !self.is_on() || self.settings.flag("initializer.in_pipeline", &Scope::Default) {
            return Ok(fetched);
        }
        let fetchers: Vec<_> = self.context.fetchers.iter().collect();
        let time = self.context.limits.fetch_time.min(self.invocation.left() / 2);
        let answers = join_all(fetchers.iter().map(|fetcher| self.ask(fetcher.as_ref(), time))).await;
        let mut queues = Vec::new();
        for (fetcher, answer) in fetchers.iter().zip(&answers) {
            match answer {
                Ok(requests) => queues.push(self.new_of(fetcher.name(), requests, &mut fetched).await?.into_iter()),
                Err(failure) => fetched.problems.push(chain(failure)),
            }
        }
        // In turns, so that a fetcher that asks for thousands does not delay the others.
        while !queues.is_empty() {
            for queue in &mut queues {
                let Some(asked) = queue.next() else { continue };
                if fetched.spawned.len() < self.context.limits.fetched_per_beat && self.has_time() {
                    self.spawn(&asked, &mut fetched).await?;
                } else {
                    fetched.left += 1;
                }
            }
            queues.retain(|queue| queue.len() > 0);
        }
        Ok(fetched)
    }

    /// Asks one fetcher and spawns all that is new while there is time; `left` tells how much of it there was no time for.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn one(
        &self,
        fetcher: &dyn DataFetcher,
        time: Duration,
        has_time: impl Fn() -> bool,
    ) -> store::Result<Fetched> {
        let mut fetched = Fetched::default();
        let requests = match self.ask(fetcher, time).await {
            Ok(requests) => requests,
            Err(failure) => {
                fetched.problems.push(chain(&failure));
                return Ok(fetched);
            }
        };
        for asked in self.new_of(fetcher.name(), &requests, &mut fetched).await? {
            if has_time() {
                self.spawn(&asked, &mut fetched).await?;
            } else {
                fetched.left += 1;
            }
        }
        Ok(fetched)
    }

    /// Whether fetchers may be asked at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.settings.flag("initializer.enabled", &Scope::Default)
            && !self.settings.flag("maintenance", &Scope::Default)
            && !self.context.fetchers.is_empty()
    }

    fn has_time(&self) -> bool {
        self.invocation.left() > crate::context::STOP_MARGIN
    }

    async fn ask(&self, fetcher: &dyn DataFetcher, time: Duration) -> Result<Vec<NewPipelineRequest>, FetchFailure> {
        let question =
            FetchQuestion { store: &self.context.store, settings: &self.settings, now: self.invocation.now() };
        let name = fetcher.name();
        match tokio::time::timeout(time, fetcher.fetch(&question)).await {
            Ok(Ok(requests)) => Ok(requests),
            Ok(Err(source)) => Err(FetchFailure::Failed { fetcher: name, source }),
            // A fetcher that hangs must not take the time of the whole beat.
            Err(_) => Err(FetchFailure::TimedOut { fetcher: name, seconds: time.as_secs() }),
        }
    }

    /// What of an answer can be spawned and was not spawned before, each key once.
    async fn new_of<'r>(
        &'r self,
        fetcher: &'static str,
        requests: &'r [NewPipelineRequest],
        fetched: &mut Fetched,
    ) -> store::Result<Vec<CheckedRequest<'r>>> {
        let (mut asked, mut problems) = (Vec::new(), Vec::new());
        for request in requests {
            match self.check(fetcher, request) {
                Ok(Some(new)) => asked.push(new),
                Ok(None) => {}
                Err(bad) => problems.push(format!("data fetcher `{fetcher}`: {bad}")),
            }
        }
        problems.dedup();
        let more = problems.len().saturating_sub(TOLD);
        problems.truncate(TOLD);
        if more > 0 {
            problems.push(format!("data fetcher `{fetcher}`: {more} more of its requests cannot be spawned"));
        }
        fetched.problems.extend(problems);
        let mut seen = std::collections::HashSet::new();
        asked.retain(|asked| seen.insert((asked.definition.name.clone(), asked.found.clone())));
        let mut new = Vec::new();
        let mut asked = asked.into_iter().peekable();
        while asked.peek().is_some() {
            let chunk: Vec<CheckedRequest<'r>> = asked.by_ref().take(LOOKED_UP).collect();
            let known = self.spawned_before(&chunk).await?;
            new.extend(chunk.into_iter().zip(known).filter_map(|(asked, is_known)| (!is_known).then_some(asked)));
        }
        Ok(new)
    }

    /// For each request, whether its key was spawned before.
    async fn spawned_before(&self, asked: &[CheckedRequest<'_>]) -> store::Result<Vec<bool>> {
        let mut known = std::collections::HashSet::new();
        let mut names: Vec<_> = asked.iter().map(|asked| &asked.definition.name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let found: Vec<String> =
                asked.iter().filter(|asked| asked.definition.name == *name).map(|asked| asked.found.clone()).collect();
            let spawned = self.context.store.spawned_for(name, &found).await?;
            known.extend(spawned.into_iter().map(|(found, _)| (name.clone(), found)));
        }
        Ok(asked.iter().map(|asked| known.contains(&(asked.definition.name.clone(), asked.found.clone()))).collect())
    }

    /// What a request asks for; `None` while a hold stands against it.
    fn check<'r>(
        &'r self,
        fetcher: &'static str,
        request: &'r NewPipelineRequest,
    ) -> Result<Option<CheckedRequest<'r>>, BadRequest> {
        let key = &request.key;
        if key.is_empty() || key.len() > KEY_LIMIT_BYTES || key.chars().any(char::is_control) {
            let shown: String = key.chars().take(60).flat_map(char::escape_debug).collect();
            return Err(BadRequest::Key { shown });
        }
        let definition = match &request.definition {
            Wanted::Named(name) => {
                let known = self.loaded.get(name.as_str());
                known.ok_or_else(|| BadRequest::UnknownDefinition { name: name.clone() })?
            }
            Wanted::Built(definition) => {
                self.check_built(definition)?;
                definition
            }
        };
        let is_held = spawn_hold(&definition.name, &self.settings).is_some();
        let found = spawn_key(fetcher, key);
        Ok((!is_held).then_some(CheckedRequest { fetcher, definition, found, request }))
    }

    /// Code can get wrong what the XML is checked for.
    fn check_built(&self, definition: &Definition) -> Result<(), BadRequest> {
        let (name, executors) = (definition.name.clone(), &self.context.executors);
        if definition.steps.is_empty() {
            return Err(BadRequest::NoSteps { name });
        }
        match definition.steps.iter().find(|step| executors.get(&step.executor).is_none()) {
            Some(step) => {
                let (step, executor) = (step.name.clone(), step.executor.clone());
                Err(BadRequest::UnknownExecutor { name, step, executor })
            }
            None => Ok(()),
        }
    }

    async fn spawn(&self, asked: &CheckedRequest<'_>, fetched: &mut Fetched) -> store::Result<()> {
        let CheckedRequest { fetcher, definition, found, request } = asked;
        let definition = match request.priority {
            Some(priority) if priority != definition.priority => {
                Arc::new(Definition { priority, ..definition.as_ref().clone() })
            }
            _ => Arc::clone(definition),
        };
        let new = NewPipeline {
            id: request.pipeline_id(fetcher),
            definition,
            arguments: request.arguments.clone(),
            spawned_by: format!("data fetcher `{fetcher}`, {}", request.key),
            found: vec![found.clone()],
            after: None,
        };
        match self.context.store.spawn_pipeline(&new, self.invocation.now()).await {
            Ok(Spawned::New) => {
                let (id, name) = (&new.id, &new.definition.name);
                tracing::info!(pipeline.id = %id, pipeline.name = %name, "pipeline spawned: {}", new.spawned_by);
                fetched.spawned.push((new.definition, new.id));
            }
            Ok(Spawned::Existed) => {}
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                fetched.problems.push(format!("data fetcher `{fetcher}`: {}: {}", request.key, chain(&error)))
            }
        }
        Ok(())
    }
}
