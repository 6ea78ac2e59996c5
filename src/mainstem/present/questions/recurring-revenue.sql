-- order: 7
-- question: How does recurring revenue move?
-- about: Monthly recurring revenue of the last twelve months that are over, in the reporting currency at each contract's own rate; renewed is what other rates changed.
-- empty: No contract recurs, or no month is over.
-- table: month, reporting_currency as currency, mrr as revenue a month, accounts, new_mrr as new, expansion_mrr as expansion, contraction_mrr as contraction, churn_mrr as churn, reactivation_mrr as reactivation, revaluation as renewed at other rates, without_rate as without a rate
select
    strftime(mrr_month, '%Y-%m') as "month",
    any_value(reporting_currency) as reporting_currency,
    round(sum(reporting_mrr), 2) as mrr,
    count(distinct case when mrr > 0 then account_id end) as accounts,
    round(sum(case when movement = 'new' then reporting_movement_mrr else 0 end), 2) as new_mrr,
    round(sum(case when movement = 'expansion' then reporting_movement_mrr else 0 end), 2)
        as expansion_mrr,
    round(sum(case when movement = 'contraction' then reporting_movement_mrr else 0 end), 2)
        as contraction_mrr,
    round(sum(case when movement = 'churn' then reporting_movement_mrr else 0 end), 2) as churn_mrr,
    round(sum(case when movement = 'reactivation' then reporting_movement_mrr else 0 end), 2)
        as reactivation_mrr,
    round(sum(reporting_revaluation), 2) as revaluation,
    count(distinct case when reporting_mrr is null then account_id end) as without_rate
from gold.fct_mrr_monthly
where mrr_month > (select max(latest.mrr_month) - interval 12 month from gold.fct_mrr_monthly as latest)
group by mrr_month
order by mrr_month desc
