-- order: 5
-- question: How good were past projections of license limits?
-- about: Projections as they would have been made so many days before the last report, held against what came.
-- empty: No license has been reported for long enough.
-- table: license_metric as metric, days_earlier as days earlier, projections, within_interval_share as in the interval, mean_error_share as error, crossings, crossings_foreseen as foreseen
select
    license_metric,
    days_earlier,
    projections,
    within_interval_share,
    mean_error_share,
    crossings_projected,
    crossings,
    crossings_foreseen
from gold.mart_license_projection_quality
order by license_metric asc, days_earlier asc
