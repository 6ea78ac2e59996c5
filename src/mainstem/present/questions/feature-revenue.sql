-- order: 2
-- question: Which features carry which revenue, by industry and plan?
-- about: Contract revenue a month, spread over features by their share of use in 30 days.
-- empty: No account with a contract has telemetry here.
-- table: industry, plan, feature_name as feature, revenue_per_month as revenue a month, currency, revenue_share as share, accounts, uses
select
    industry,
    plan,
    feature_name,
    revenue_per_month,
    currency,
    revenue_share,
    accounts,
    uses
from gold.mart_feature_revenue
order by industry asc, plan asc, currency asc, revenue_per_month desc, feature_name asc
