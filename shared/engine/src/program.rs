//! What a program is composed of: every executor, condition, data fetcher and definition that it has.
//!
//! `steps::shipped()` is the program that ships. An extension adds its own to it in one place, and hands the same program to
//! the command line and to each of its functions: a definition that one of them knows is then known to all.

use std::sync::Arc;

use bytes::Bytes;
use pipeline::merge::Vocabulary;
use pipeline::settings::{Setting, SettingList};
use store::Store;
use store::services::Services;

use crate::conditions::{Conditions, FindingCondition, RegisteredPipelineCondition, RegisteredStepCondition};
use crate::context::{Context, Limits};
use crate::data_fetchers::{DataFetcher, DataFetchers};
use crate::definitions::{CheckedFiles, Definitions};
use crate::executor::{Executor, Executors};

/// The list of everything that a program has beside the engine.
#[derive(Clone, Default)]
pub struct Program {
    /// What steps can do; a later executor of the same name replaces an earlier one.
    pub executors: Vec<Arc<dyn Executor>>,
    /// What pipelines can ask for before they are spawned, beside the conditions that are built in.
    pub pipeline_conditions: Vec<Arc<dyn RegisteredPipelineCondition>>,
    /// What finds things that pipelines are spawned for.
    pub finding_conditions: Vec<Arc<dyn FindingCondition>>,
    /// What steps can ask for before they are enqueued, beside the conditions that are built in.
    pub step_conditions: Vec<Arc<dyn RegisteredStepCondition>>,
    /// What looks for work that each should get a pipeline of its own.
    pub data_fetchers: Vec<Arc<dyn DataFetcher>>,
    /// Files in the bucket that executors read, and that are checked beside definitions.
    pub checked_files: Vec<Arc<dyn CheckedFiles>>,
    /// The definition files: name and XML. A later file of the same name replaces an earlier one.
    pub definitions: Vec<(String, Bytes)>,
    /// What can be set beside the settings of every program.
    pub settings: Vec<&'static Setting>,
}

impl Program {
    /// The same with an executor.
    #[must_use]
    pub fn with_executor(mut self, executor: impl Executor + 'static) -> Self {
        self.executors.push(Arc::new(executor));
        self
    }

    /// The same with several executors, such as those of an entity.
    #[must_use]
    pub fn with_executors(mut self, executors: impl IntoIterator<Item = Arc<dyn Executor>>) -> Self {
        self.executors.extend(executors);
        self
    }

    /// The same with a condition of pipelines.
    #[must_use]
    pub fn with_pipeline_condition(mut self, condition: impl RegisteredPipelineCondition + 'static) -> Self {
        self.pipeline_conditions.push(Arc::new(condition));
        self
    }

    /// The same with a condition that finds things which pipelines are spawned for.
    #[must_use]
    pub fn with_finding_condition(mut self, condition: impl FindingCondition + 'static) -> Self {
        self.finding_conditions.push(Arc::new(condition));
        self
    }

    /// The same with a condition of steps.
    #[must_use]
    pub fn with_step_condition(mut self, condition: impl RegisteredStepCondition + 'static) -> Self {
        self.step_conditions.push(Arc::new(condition));
        self
    }

    /// The same with a data fetcher.
    #[must_use]
    pub fn with_data_fetcher(mut self, fetcher: impl DataFetcher + 'static) -> Self {
        self.data_fetchers.push(Arc::new(fetcher));
        self
    }

    /// The same with files in the bucket that are checked beside definitions.
    #[must_use]
    pub fn with_checked_files(mut self, files: impl CheckedFiles + 'static) -> Self {
        self.checked_files.push(Arc::new(files));
        self
    }

    /// The same with a definition file.
    #[must_use]
    pub fn with_definition(mut self, file_name: &str, xml: impl Into<Bytes>) -> Self {
        self.definitions.retain(|(name, _)| name != file_name);
        self.definitions.push((file_name.to_owned(), xml.into()));
        self
    }

    /// The same with settings of its own.
    #[must_use]
    pub fn with_settings(mut self, settings: &'static [Setting]) -> Self {
        self.settings.extend(settings);
        self
    }

    /// Everything that can be set.
    ///
    /// # Panics
    /// If two settings have one name.
    #[must_use]
    pub fn setting_list(&self) -> SettingList {
        SettingList::with(self.settings.iter().copied())
    }

    /// The executors by name.
    #[must_use]
    pub fn executors(&self) -> Executors {
        Executors::new(self.executors.iter().cloned())
    }

    /// The registered conditions by name.
    ///
    /// # Panics
    /// If a name is that of a condition that is built in, or that of two conditions of pipelines.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        let (of_pipelines, of_steps) = (self.pipeline_conditions.iter().cloned(), self.step_conditions.iter().cloned());
        Conditions::new(of_pipelines, self.finding_conditions.iter().cloned(), of_steps)
    }
}

impl Program {
    /// All that definitions can ask for: conditions and executors, and what each can be told.
    ///
    /// # Panics
    /// As [`Program::conditions`].
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary { executors: Some(self.executors().vocabulary()), ..self.conditions().vocabulary() }
    }
}

impl Context {
    /// A program over the store given.
    ///
    /// # Panics
    /// If the program registers a condition or a setting under the name of one that is built in.
    #[must_use]
    pub fn new(store: Store, program: Program, limits: Limits) -> Self {
        let (executors, conditions) = (program.executors(), program.conditions());
        let vocabulary = program.vocabulary();
        let setting_list = Arc::new(program.setting_list());
        let definitions = Definitions::new(program.definitions, vocabulary).beside(program.checked_files);
        Context {
            store,
            executors: Arc::new(executors),
            conditions: Arc::new(conditions),
            fetchers: Arc::new(DataFetchers::new(program.data_fetchers)),
            definitions: Arc::new(definitions),
            services: Services::default(),
            limits,
            settings: Arc::default(),
            setting_list,
            busy_stages: Arc::default(),
        }
    }
}
