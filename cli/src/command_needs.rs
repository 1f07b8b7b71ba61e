//! Which commands only look, which change something that is there, which work, and which are noted with a name.

use crate::arguments::{
    CatalogCommand, Command, ImportCommand, MaintenanceCommand, OrderCommand, OrderSettingsCommand, PipelineCommand,
    QueueCommand, RunArguments, SettingsCommand, ShopCommand, StepCommand, TemplateCommand,
};
use crate::store_folder::Need;

/// What a command needs of the store.
pub(crate) fn need_of(command: &Command) -> Need {
    match command {
        Command::Dev(_) | Command::Demo(_) => Need::Begin,
        Command::Heartbeat
        | Command::Run { .. }
        | Command::Import(ImportCommand::Run(_) | ImportCommand::Drop(_) | ImportCommand::Validate(_))
        | Command::Shop(ShopCommand::Check(_) | ShopCommand::Facts(_) | ShopCommand::Compare(_))
        | Command::Pipeline(PipelineCommand::Init { .. }) => Need::Work,
        Command::Pipeline(
            PipelineCommand::Cancel { .. }
            | PipelineCommand::Pause { .. }
            | PipelineCommand::Resume { .. }
            | PipelineCommand::Rerun { .. },
        )
        | Command::Step(StepCommand::Process { .. })
        | Command::Settings(SettingsCommand::Set { .. } | SettingsCommand::Unset { .. })
        | Command::Maintenance(MaintenanceCommand::On { .. } | MaintenanceCommand::Off)
        | Command::Import(ImportCommand::OkFile(_))
        | Command::Queue(QueueCommand::Redrive)
        | Command::Catalog(CatalogCommand::Reindex)
        | Command::Order(
            OrderCommand::Import { .. }
            | OrderCommand::Export { .. }
            | OrderCommand::Reset { .. }
            | OrderCommand::Settings(OrderSettingsCommand::Set { .. })
            | OrderCommand::Template(TemplateCommand::Set { .. } | TemplateCommand::Publish { .. }),
        )
        | Command::Shop(ShopCommand::Import(_)) => Need::Change,
        Command::Pipeline(_)
        | Command::Step(_)
        | Command::Settings(_)
        | Command::Maintenance(_)
        | Command::Queue(_)
        | Command::Health
        | Command::Audit { .. }
        | Command::Import(
            ImportCommand::List
            | ImportCommand::History(_)
            | ImportCommand::Show { .. }
            | ImportCommand::Errors(_)
            | ImportCommand::Configuration(_)
            | ImportCommand::Export(_),
        )
        | Command::Catalog(_)
        | Command::Order(_)
        | Command::Shop(ShopCommand::Export { .. })
        | Command::Executors { .. }
        | Command::Conditions { .. }
        | Command::Completions { .. } => Need::Look,
    }
}

/// Whether it is noted who runs a command: in the audit, or in the pipeline that it spawns.
pub(crate) fn is_noted(command: &Command) -> bool {
    let spawns = matches!(
        command,
        Command::Pipeline(PipelineCommand::Init { .. })
            | Command::Import(ImportCommand::Validate(_) | ImportCommand::Run(RunArguments { dry_run: true, .. }))
            | Command::Shop(ShopCommand::Check(_) | ShopCommand::Facts(_) | ShopCommand::Compare(_))
    );
    spawns || need_of(command) == Need::Change
}
