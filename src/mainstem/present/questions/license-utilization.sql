-- order: 6
-- question: How does license utilization differ by industry?
-- about: What accounts use of their limits on the data date; the share in all, and the median account's.
-- empty: No account with a limit reported its use within the last week.
-- table: license_metric as metric, industry, accounts, used_share as share in all, median_used_share as median share, highest_used_share as highest share, accounts_nearing as nearing, accounts_reached as reached
select
    license_metric,
    industry,
    accounts,
    used,
    license_limit,
    used_share,
    mean_used_share,
    median_used_share,
    highest_used_share,
    accounts_nearing,
    accounts_reached
from gold.mart_license_utilization_by_industry
order by license_metric asc, used_share desc, industry asc
