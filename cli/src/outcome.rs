//! How a command ends: an exit code that a script can use.

use std::process::ExitCode;

/// Why the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitReason {
    /// 0: all went well.
    Ok,
    /// 1: the command could not do what it was asked for.
    Failed,
    /// 3: a pipeline that was waited for did not succeed.
    PipelineFailed,
    /// 4: something that was waited for did not come, or not in time.
    TimedOut,
    /// 13: it is done, and something was left out; a report says what.
    WithFindings,
    /// 130: somebody pressed Ctrl-C.
    Interrupted,
}

impl ExitReason {
    /// The code that the shell sees. 2 is for a wrong command line and given by its reader.
    #[must_use]
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            ExitReason::Ok => ExitCode::SUCCESS,
            ExitReason::Failed => ExitCode::from(1),
            ExitReason::PipelineFailed => ExitCode::from(3),
            ExitReason::TimedOut => ExitCode::from(4),
            ExitReason::WithFindings => ExitCode::from(13),
            ExitReason::Interrupted => ExitCode::from(130),
        }
    }
}
