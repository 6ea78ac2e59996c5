//! How records nest: a request's resources, their scopes, and the records in these.
//!
//! What is the same for spans, log records and metrics is written once over these traits.

use crate::model::{
    LogRecord, Metric, Request, Resource, ResourceLogs, ResourceMetrics, ResourceSpans, Scope,
    ScopeLogs, ScopeMetrics, ScopeSpans, Span,
};

/// What stands under one resource.
pub trait OfResource<'a> {
    type Scoped: OfScope<'a>;

    fn parts(&mut self) -> (&mut Option<Resource<'a>>, &mut Vec<Self::Scoped>);
}

/// What stands under one scope.
pub trait OfScope<'a> {
    /// A span, a log record or a metric.
    type Record;

    fn parts(&mut self) -> (&mut Option<Scope<'a>>, &mut Vec<Self::Record>);
}

macro_rules! nests {
    ($of_resource:ident, $of_scope:ident, $records:ident: $record:ident) => {
        impl<'a> OfResource<'a> for $of_resource<'a> {
            type Scoped = $of_scope<'a>;

            fn parts(&mut self) -> (&mut Option<Resource<'a>>, &mut Vec<$of_scope<'a>>) {
                (&mut self.resource, &mut self.scopes)
            }
        }

        impl<'a> OfScope<'a> for $of_scope<'a> {
            type Record = $record<'a>;

            fn parts(&mut self) -> (&mut Option<Scope<'a>>, &mut Vec<$record<'a>>) {
                (&mut self.scope, &mut self.$records)
            }
        }
    };
}

nests!(ResourceSpans, ScopeSpans, spans: Span);
nests!(ResourceLogs, ScopeLogs, log_records: LogRecord);
nests!(ResourceMetrics, ScopeMetrics, metrics: Metric);

/// Keeps the records for which `keep` says so, asked in their order; scopes and resources that have
/// none then go.
pub fn retain_records<'a, R: OfResource<'a>>(
    resources: &mut Vec<R>,
    mut keep: impl FnMut(&mut <R::Scoped as OfScope<'a>>::Record) -> bool,
) {
    resources.retain_mut(|resource| {
        let (_, scopes) = resource.parts();
        scopes.retain_mut(|scope| {
            let (_, records) = scope.parts();
            records.retain_mut(&mut keep);
            !records.is_empty()
        });
        !scopes.is_empty()
    });
}

/// Removes scopes without records (of metrics, without metrics), and resources without scopes.
pub fn prune(request: &mut Request<'_>) {
    match request {
        Request::Traces(resources) => retain_records(resources, |_| true),
        Request::Logs(resources) => retain_records(resources, |_| true),
        Request::Metrics(resources) => retain_records(resources, |_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_empty_goes_and_the_rest_stays_in_order() {
        let spans = |names: &[&'static str]| ScopeSpans {
            spans: names
                .iter()
                .map(|&name| Span {
                    name: name.into(),
                    ..Span::default()
                })
                .collect(),
            ..ScopeSpans::default()
        };
        let resource = |scopes: Vec<ScopeSpans<'static>>| ResourceSpans {
            scopes,
            ..ResourceSpans::default()
        };
        let mut resources = vec![
            resource(vec![spans(&["a", "b"]), spans(&["b"])]),
            resource(vec![spans(&["b", "b"])]),
            resource(vec![]),
            resource(vec![spans(&["c", "a"])]),
        ];
        let mut asked = Vec::new();
        retain_records(&mut resources, |span| {
            asked.push(span.name.clone());
            span.name != "b"
        });
        assert_eq!(asked, ["a", "b", "b", "b", "b", "c", "a"]);
        assert_eq!(
            resources,
            [
                resource(vec![spans(&["a"])]),
                resource(vec![spans(&["c", "a"])])
            ]
        );
    }
}
