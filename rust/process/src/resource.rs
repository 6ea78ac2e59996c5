//! The `resource` processor: actions on the attributes of resources.

use otlp::model::{Request, Resource};
use serde::{Deserialize, Serialize};

use crate::actions::{ActionSpec, Actions};
use crate::spec::SpecError;

/// The processor's options.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceSpec {
    pub attributes: Vec<ActionSpec>,
}

/// The compiled processor.
pub struct ResourceAttributes {
    actions: Actions,
}

impl ResourceAttributes {
    pub fn compile(spec: &ResourceSpec) -> Result<ResourceAttributes, SpecError> {
        let actions = Actions::compile(&spec.attributes, "attributes")?;
        Ok(ResourceAttributes { actions })
    }

    pub fn apply(&self, request: &mut Request<'_>) {
        match request {
            Request::Traces(all) => all.iter_mut().for_each(|one| self.one(&mut one.resource)),
            Request::Logs(all) => all.iter_mut().for_each(|one| self.one(&mut one.resource)),
            Request::Metrics(all) => all.iter_mut().for_each(|one| self.one(&mut one.resource)),
        }
    }

    /// A resource that is absent has no attributes, and gets those that are added.
    fn one(&self, resource: &mut Option<Resource<'_>>) {
        let was_absent = resource.is_none();
        let found = resource.get_or_insert_default();
        self.actions.apply(&mut found.attributes);
        if was_absent && found.attributes.is_empty() {
            *resource = None;
        }
    }
}
