-- order: 2
-- question: Which features drive the most revenue from high-value accounts?
-- about: Monthly recurring revenue of those who used a feature in 30 days; it does not add up over features, and the difference to others is not an effect.
-- empty: No account of high value has recurring revenue and telemetry here.
-- table: feature_name as feature, mrr_of_users as revenue a month, reporting_currency as currency, mrr_share as share, using_accounts as accounts, mean_mrr_of_users as mean of users, mean_mrr_of_others as mean of others, mean_mrr_difference as difference
select
    feature_name,
    account_group,
    mrr_of_users,
    mrr_of_others,
    reporting_currency,
    mrr_share,
    using_accounts,
    other_accounts,
    accounts_without_rate,
    uses,
    mean_mrr_of_users,
    mean_mrr_of_others,
    mean_mrr_difference,
    mrr_month
from gold.mart_feature_revenue
where account_group = 'high_value'
order by mrr_of_users desc, feature_name asc
