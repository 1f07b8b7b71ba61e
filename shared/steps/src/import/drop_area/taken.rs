//! What open pipelines have of the drop area.

use std::collections::{BTreeSet, HashMap};

use engine::conditions::finding::{Asking, LookQuestion};
use import::bunch::DropFile;
use pipeline::PipelineId;

use crate::import::bunch_argument::bunch_of;

/// The files of open pipelines. While these move their files, the rest of a bunch must not be taken for another bunch.
#[derive(Default)]
pub(super) struct Taken {
    /// By name and fingerprint: what was dropped anew belongs to nobody.
    files: HashMap<(String, String), PipelineId>,
    pub(super) ok_files: HashMap<String, PipelineId>,
}

impl Taken {
    /// The files of the open pipelines of all definitions that ask.
    pub(super) async fn by_pipelines(question: &LookQuestion<'_>) -> store::Result<Self> {
        let LookQuestion { store, asking, open } = *question;
        let mut taken = Taken::default();
        for Asking { definition, .. } in asking {
            let mut ids: BTreeSet<PipelineId> =
                open.iter().filter(|open| open.name == definition.name).map(|open| open.id.clone()).collect();
            // The listing may lag behind.
            ids.extend(store.latest_pipeline(&definition.name).await?.id);
            for id in ids {
                let pipeline = store.pipeline_without_steps(&id).await?;
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
    pub(super) fn by(&self, file: &DropFile) -> Option<&PipelineId> {
        self.files.get(&(file.name.clone(), file.fingerprint.clone()))
    }
}
