//! How an executor reads what it is told: by the declarations that definitions are checked against.

use pipeline::accepts::{Accepts, Argument, ArgumentKind, DeclaredArgument};

use crate::executor::ExecutorError;
use crate::executor::work::Work;

impl<'a> Work<'a> {
    /// An argument of the step, or else of the pipeline, or else its default.
    ///
    /// # Errors
    /// The argument is missing, what the pipeline hands on is no such value, or the executor does not declare the argument;
    /// all permanent.
    pub fn argument<K: ArgumentKind>(&self, argument: &Argument<K>) -> Result<K::Value, ExecutorError> {
        self.optional_argument(argument)?.ok_or_else(|| {
            let (step, name, form) = (&self.step.name, argument.name, argument.kind.form().in_words());
            ExecutorError::permanent(format!(
                "step `{step}` needs an argument `{name}` and has none (expected: {form})"
            ))
        })
    }

    /// The same, if it is there.
    ///
    /// # Errors
    /// What the pipeline hands on is no such value, or the executor does not declare the argument; both permanent.
    pub fn optional_argument<K: ArgumentKind>(
        &self,
        argument: &Argument<K>,
    ) -> Result<Option<K::Value>, ExecutorError> {
        self.check_declared(argument.name)?;
        let Some(text) = self.told(argument.name).or(argument.default()) else { return Ok(None) };
        self.read(argument, argument.name, text).map(Some)
    }

    /// The arguments of the step below a name that ends with `.*`: what stands for the star, and the value.
    ///
    /// # Errors
    /// A value is none of its kind, or the executor does not declare the argument; both permanent.
    pub fn arguments_below<K: ArgumentKind>(
        &self,
        argument: &Argument<K>,
    ) -> Result<Vec<(&'a str, K::Value)>, ExecutorError> {
        self.check_declared(argument.name)?;
        let start = argument.name.trim_end_matches('*');
        let mut values = Vec::new();
        for (key, text) in self.step.arguments.iter().filter(|(key, _)| argument.is_named(key)) {
            let bad = |bad| ExecutorError::permanent(format!("step `{}`: argument `{key}`: {bad}", self.step.name));
            argument.check_key(key).map_err(bad)?;
            values.push((&key[start.len()..], self.read(argument, key, text)?));
        }
        Ok(values)
    }

    /// An argument that is not declared, of an executor that takes others than those that it declares.
    #[must_use]
    pub fn free_argument(&self, key: &str) -> Option<&'a str> {
        self.accepts().takes_others().then(|| self.told(key))?
    }

    fn read<K: ArgumentKind>(&self, argument: &Argument<K>, key: &str, text: &str) -> Result<K::Value, ExecutorError> {
        argument
            .kind
            .read(text)
            .map_err(|bad| ExecutorError::permanent(format!("step `{}`: argument `{key}`: {bad}", self.step.name)))
    }

    fn told(&self, key: &str) -> Option<&'a str> {
        self.step.arguments.get(key).or_else(|| self.pipeline.arguments.get(key)).map(String::as_str)
    }

    fn accepts(&self) -> Accepts {
        let executor = self.context.executors.get(&self.step.executor);
        executor.map_or(Accepts::Anything, |executor| executor.arguments())
    }

    /// What is read and not declared would be told to nobody, and no definition would be checked for it.
    fn check_declared(&self, name: &str) -> Result<(), ExecutorError> {
        if self.accepts().known().iter().any(|argument| argument.name() == name) {
            return Ok(());
        }
        let executor = &self.step.executor;
        let why = "expected it among those of `Executor::arguments`; this is a mistake in the program";
        Err(ExecutorError::permanent(format!(
            "executor `{executor}` reads an argument `{name}` that it does not declare ({why})"
        )))
    }
}
