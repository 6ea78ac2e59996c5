-- order: 13
-- question: Which errors come with which release?
-- about: Errors of 28 days by service, release and type, the most frequent first; new are those that no release seen before had.
-- empty: There were no errors in 28 days.
-- table: service_name as service, service_version as release, error_type as error, exception_type as exception, errors, tenants, last_seen_at as last, is_new as new
select
    service_name,
    service_version,
    release_seen_at,
    error_source,
    error_type,
    exception_type,
    errors,
    tenants,
    regions,
    first_seen_at,
    last_seen_at,
    is_new
from gold.mart_errors_by_release
order by
    errors desc,
    service_name asc,
    service_version asc,
    error_source asc,
    error_type asc,
    exception_type asc
limit 100
