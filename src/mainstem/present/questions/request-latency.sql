-- order: 14
-- question: How long do requests take?
-- about: Requests of 28 days by route and release, the slowest first; quantiles are exact to 4.4 %.
-- empty: No spans of requests are here: traces stay in their region unless a route lets them travel.
-- table: region, service_name as service, service_version as release, route, requests, error_share as errors, p50_ms as p50 ms, p95_ms as p95 ms, p99_ms as p99 ms, max_ms as longest ms
select
    region,
    service_name,
    service_version,
    route,
    requests,
    error_requests,
    error_share,
    mean_ms,
    p50_ms,
    p95_ms,
    p99_ms,
    max_ms
from gold.mart_request_latency
order by p95_ms desc, requests desc, region asc, service_name asc, service_version asc, route asc
limit 100
