//! Removing records, and the scopes and resources that are left with none.

use otlp::model::{LogRecord, Request, ResourceLogs, ResourceSpans, Span};

/// Keeps the spans for which `keep` says so.
pub(crate) fn retain_spans<'a>(
    resources: &mut Vec<ResourceSpans<'a>>,
    mut keep: impl FnMut(&mut Span<'a>) -> bool,
) {
    for resource in resources.iter_mut() {
        for scope in &mut resource.scopes {
            scope.spans.retain_mut(&mut keep);
        }
    }
    prune_spans(resources);
}

/// Keeps the log records for which `keep` says so.
pub(crate) fn retain_log_records<'a>(
    resources: &mut Vec<ResourceLogs<'a>>,
    mut keep: impl FnMut(&mut LogRecord<'a>) -> bool,
) {
    for resource in resources.iter_mut() {
        for scope in &mut resource.scopes {
            scope.log_records.retain_mut(&mut keep);
        }
    }
    prune_log_records(resources);
}

fn prune_spans(resources: &mut Vec<ResourceSpans<'_>>) {
    for resource in resources.iter_mut() {
        resource.scopes.retain(|scope| !scope.spans.is_empty());
    }
    resources.retain(|resource| !resource.scopes.is_empty());
}

fn prune_log_records(resources: &mut Vec<ResourceLogs<'_>>) {
    for resource in resources.iter_mut() {
        resource
            .scopes
            .retain(|scope| !scope.log_records.is_empty());
    }
    resources.retain(|resource| !resource.scopes.is_empty());
}

/// Removes the scopes without records (of metrics, without metrics) and the resources without scopes.
pub(crate) fn prune(request: &mut Request<'_>) {
    match request {
        Request::Traces(resources) => prune_spans(resources),
        Request::Logs(resources) => prune_log_records(resources),
        Request::Metrics(resources) => {
            for resource in resources.iter_mut() {
                resource.scopes.retain(|scope| !scope.metrics.is_empty());
            }
            resources.retain(|resource| !resource.scopes.is_empty());
        }
    }
}
