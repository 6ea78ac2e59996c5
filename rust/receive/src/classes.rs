//! The spool's classes that requests go to now: one that a reload leaves as it was keeps its segment.

use std::sync::Arc;

use spool::{ClassConfig, Hold, Spool, SpoolError};

/// A class that takes requests as long as somebody holds it.
pub struct OpenClass {
    config: ClassConfig,
    number: usize,
    spool: Arc<Spool>,
}

impl Drop for OpenClass {
    fn drop(&mut self) {
        self.spool.retire_class(self.number);
    }
}

/// The classes of one plan, in its order.
#[derive(Clone)]
pub struct OpenClasses(Vec<Arc<OpenClass>>);

impl OpenClasses {
    /// Those that the spool was opened with.
    pub fn first(spool: &Arc<Spool>, configs: Vec<ClassConfig>) -> OpenClasses {
        let classes = configs.into_iter().enumerate().map(|(number, config)| {
            Arc::new(OpenClass {
                config,
                number,
                spool: spool.clone(),
            })
        });
        OpenClasses(classes.collect())
    }

    /// Those of the next plan, with the hold of each that holds records back. One that stays as it
    /// was keeps its hold. Where one cannot be opened, those that were are retired again.
    pub fn next(
        &self,
        spool: &Arc<Spool>,
        configs: Vec<ClassConfig>,
        holds: Vec<Option<Box<dyn Hold>>>,
    ) -> Result<OpenClasses, SpoolError> {
        let classes = configs.into_iter().zip(holds).map(|(config, hold)| {
            if let Some(same) = self.0.iter().find(|class| class.config == config) {
                return Ok(same.clone());
            }
            let number = spool.add_class(config.clone(), hold)?;
            Ok(Arc::new(OpenClass {
                config,
                number,
                spool: spool.clone(),
            }))
        });
        Ok(OpenClasses(classes.collect::<Result<_, SpoolError>>()?))
    }

    /// The spool's number of the class that stands at an index of the plan.
    pub fn number(&self, index: usize) -> usize {
        self.0[index].number
    }
}
