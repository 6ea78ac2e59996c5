//! What a proved identity does to a request: its region and tenant are written on every resource,
//! and records that claim to be another tenant's are taken out.

use std::borrow::Cow;

use otlp::model::{KeyValue, Metric, MetricData, Request, Resource, Value};
use otlp::nest::{OfResource, OfScope, retain_records};

use crate::sender::identity::Identity;

/// The resource attribute that holds the region of a sender that is bound to one.
const REGION: &str = "region";

/// Binds requests to their senders; made once from the vocabulary.
pub struct Claims {
    /// The attribute that names a tenant, and after it the other keys that are read as it.
    tenant_keys: Vec<String>,
}

impl Claims {
    pub fn new(tenant_keys: Vec<String>) -> Claims {
        Claims { tenant_keys }
    }

    /// Gives the number of records that were taken out because they claim another tenant.
    pub fn bind(&self, request: &mut Request<'_>, identity: &Identity) -> u64 {
        let before = request.records();
        if let Some(tenant) = &identity.tenant {
            self.keep_own(request, tenant);
        }
        let removed = before - request.records();
        self.stamp(request, identity);
        removed
    }

    fn keep_own(&self, request: &mut Request<'_>, tenant: &str) {
        let own = |attributes: &[KeyValue<'_>]| self.claims_only(attributes, tenant);
        match request {
            Request::Traces(resources) => {
                keep_own(resources, &own, |span| own(&span.attributes));
            }
            Request::Logs(resources) => {
                keep_own(resources, &own, |record| own(&record.attributes));
            }
            Request::Metrics(resources) => {
                keep_own(resources, &own, |metric| keep_points(metric, &own));
            }
        }
    }

    /// Whether no attribute names a tenant other than this one.
    fn claims_only(&self, attributes: &[KeyValue<'_>], tenant: &str) -> bool {
        attributes
            .iter()
            .filter(|attribute| self.tenant_keys.iter().any(|key| *key == attribute.key))
            .all(|attribute| match &attribute.value {
                None | Some(Value::Empty) => true,
                Some(Value::Text(text)) => text.is_empty() || text == tenant,
                Some(Value::Int(number)) => number.to_string() == tenant,
                Some(_) => false,
            })
    }

    fn stamp(&self, request: &mut Request<'_>, identity: &Identity) {
        let tenant_key = self.tenant_keys.first();
        let stamps: Vec<(&str, &str)> = [
            (Some(REGION), identity.region.as_deref()),
            (tenant_key.map(String::as_str), identity.tenant.as_deref()),
        ]
        .into_iter()
        .filter_map(|(key, value)| key.zip(value))
        .collect();
        if stamps.is_empty() {
            return;
        }
        let write = |resource: &mut Option<Resource<'_>>| {
            let attributes = &mut resource.get_or_insert_default().attributes;
            for (key, value) in &stamps {
                attributes.retain(|attribute| attribute.key != *key);
                attributes.push(KeyValue {
                    key: Cow::Owned((*key).to_owned()),
                    value: Some(Value::Text(Cow::Owned((*value).to_owned()))),
                });
            }
        };
        match request {
            Request::Traces(resources) => resources.iter_mut().for_each(|r| write(&mut r.resource)),
            Request::Logs(resources) => resources.iter_mut().for_each(|r| write(&mut r.resource)),
            Request::Metrics(resources) => {
                resources.iter_mut().for_each(|r| write(&mut r.resource));
            }
        }
    }
}

/// Keeps the records that pass under resources that do. A scope or a metric that is left without a
/// record goes too, so that nothing of it stays.
fn keep_own<'a, R: OfResource<'a>>(
    resources: &mut Vec<R>,
    own: &impl Fn(&[KeyValue<'_>]) -> bool,
    keep: impl FnMut(&mut <R::Scoped as OfScope<'a>>::Record) -> bool,
) {
    resources.retain_mut(|one| {
        let (resource, _) = one.parts();
        resource
            .as_ref()
            .is_none_or(|resource| own(&resource.attributes))
    });
    retain_records(resources, keep);
}

/// Keeps the points of a metric whose attributes pass; whether any is left.
fn keep_points(metric: &mut Metric<'_>, own: &impl Fn(&[KeyValue<'_>]) -> bool) -> bool {
    let Some(data) = &mut metric.data else {
        return false;
    };
    match data {
        MetricData::Gauge(points) | MetricData::Sum { points, .. } => {
            points.retain(|point| own(&point.attributes));
        }
        MetricData::Histogram { points, .. } => points.retain(|point| own(&point.attributes)),
        MetricData::ExponentialHistogram { points, .. } => {
            points.retain(|point| own(&point.attributes));
        }
        MetricData::Summary(points) => points.retain(|point| own(&point.attributes)),
    }
    data.points() > 0
}

#[cfg(test)]
mod tests {
    use otlp::model::{LogRecord, ResourceLogs, ScopeLogs};

    use super::*;

    fn attribute(key: &str, value: Value<'static>) -> KeyValue<'static> {
        KeyValue {
            key: Cow::Owned(key.to_owned()),
            value: Some(value),
        }
    }

    fn text(value: &'static str) -> Value<'static> {
        Value::Text(Cow::Borrowed(value))
    }

    fn logs(
        resource: Vec<KeyValue<'static>>,
        records: Vec<Vec<KeyValue<'static>>>,
    ) -> Request<'static> {
        Request::Logs(vec![ResourceLogs {
            resource: Some(Resource {
                attributes: resource,
                ..Resource::default()
            }),
            scopes: vec![ScopeLogs {
                log_records: records
                    .into_iter()
                    .map(|attributes| LogRecord {
                        attributes,
                        ..LogRecord::default()
                    })
                    .collect(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }])
    }

    fn acme() -> Identity {
        Identity {
            name: "checkout".into(),
            region: Some("euc".into()),
            tenant: Some("acme".into()),
            may_forward_for: vec![],
        }
    }

    fn claims() -> Claims {
        Claims::new(vec!["tenant.id".into(), "customer.id".into()])
    }

    #[test]
    fn region_and_tenant_are_stamped_once() {
        let mut request = logs(
            vec![
                attribute("tenant.id", text("acme")),
                attribute("region", text("use")),
            ],
            vec![vec![]],
        );
        assert_eq!(claims().bind(&mut request, &acme()), 0);
        let expected = logs(
            vec![
                attribute("region", text("euc")),
                attribute("tenant.id", text("acme")),
            ],
            vec![vec![]],
        );
        assert_eq!(request, expected);
    }

    #[test]
    fn a_record_that_claims_another_tenant_is_taken_out() {
        let mut request = logs(
            vec![],
            vec![
                vec![attribute("customer.id", text("umbrella"))],
                vec![attribute("customer.id", text("acme"))],
                vec![attribute("tenant.id", Value::Bool(true))],
            ],
        );
        assert_eq!(claims().bind(&mut request, &acme()), 2);
        assert_eq!(request.records(), 1);
    }

    #[test]
    fn a_resource_of_another_tenant_takes_all_its_records_with_it() {
        let mut request = logs(
            vec![attribute("customer.id", Value::Int(7))],
            vec![vec![], vec![]],
        );
        assert_eq!(claims().bind(&mut request, &acme()), 2);
        assert_eq!(request, Request::Logs(vec![]));
    }

    #[test]
    fn who_is_bound_to_nothing_changes_nothing() {
        let given = logs(vec![attribute("tenant.id", text("umbrella"))], vec![vec![]]);
        let mut request = given.clone();
        let known = Identity {
            name: "legacy".into(),
            ..Identity::default()
        };
        assert_eq!(claims().bind(&mut request, &known), 0);
        assert_eq!(request, given);
    }
}
