use serde::{Deserialize, Serialize};

/// What a cell says about something stored. That it says nothing is `None` around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stated<T> {
    /// It shall be this.
    Set(T),
    /// It shall be gone.
    Clear,
}

impl<T> Stated<T> {
    /// Changes what is set and leaves a clearing alone.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Stated<U> {
        match self {
            Self::Set(value) => Stated::Set(change(value)),
            Self::Clear => Stated::Clear,
        }
    }
}

impl<T: Clone + Default> Stated<T> {
    /// Does what a cell says to something stored; a cell that says nothing leaves it alone.
    pub fn replace(stated: Option<&Self>, stored: &mut T) {
        match stated {
            Some(Self::Set(value)) => stored.clone_from(value),
            Some(Self::Clear) => *stored = T::default(),
            None => {}
        }
    }
}
