-- order: 12
-- question: What came before transformations failed?
-- about: Transformations that failed in the end, in the 90 days up to the last of them, by tenant, error and what came before: a limit reached, an incident, a new release, errors the day before.
-- empty: No transformation failed.
-- table: account_name as account, tenant_id as tenant, error_type as error, preceded_by as before it, failures, first_failed_at as first, last_failed_at as last, license_metric as metric, highest_used_share as used of limit
-- others: select preceded_by, count(*) from gold.mart_failures_before_limit group by all order by 1
select
    coalesce(account_name, tenant_id) as account_name,
    tenant_id,
    environment,
    account_id,
    region,
    error_type,
    preceded_by,
    count(*) as failures,
    min(failed_at) as first_failed_at,
    max(failed_at) as last_failed_at,
    license_metric,
    max(used_share) as highest_used_share,
    max(failures_in_day_before) as most_failures_in_a_day,
    max(incident_id) as incident_id,
    max(service_version) as service_version
from gold.mart_failures_before_limit
where failed_on > (select max(failed_on) from gold.mart_failures_before_limit) - 90
group by all
order by
    bool_or(preceded_by = 'limit') desc,
    failures desc,
    tenant_id asc,
    region asc,
    error_type asc,
    preceded_by asc,
    license_metric asc
limit 100
