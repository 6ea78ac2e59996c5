-- order: 3
-- question: Do usage and billing agree?
-- about: What differs or cannot be compared; what matches, is still open or is elsewhere is left out.
-- empty: Usage and billing agree wherever they can be compared.
-- table: account_name as account, period, metric, metered_quantity as metered, invoiced_quantity as billed, contracted_amount as contracted, billed_net as invoiced, amount_difference as difference, currency, reason
-- others: select reason, count(*) from gold.mart_usage_vs_billing group by all order by 1
select
    customer_key,
    account_id,
    coalesce(account_name, customer_key) as account_name,
    tenant_id,
    case
        when period_to = period_from + interval 1 month and day(period_from) = 1
            then strftime(period_from, '%Y-%m')
        else period_from || ' to ' || cast(period_to - interval 1 day as date)
    end as "period",
    period_from,
    period_to,
    billing_timezone,
    metric,
    usage_basis,
    metered_quantity,
    late_quantity,
    invoiced_quantity,
    quantity_difference,
    contracted_amount,
    overage_amount,
    is_prorated,
    invoiced_net,
    credited_net,
    invoiced_net + credited_net as billed_net,
    posted_net,
    amount_difference,
    currency,
    reason
from gold.mart_usage_vs_billing
where reason not in ('matches', 'open_period', 'usage_elsewhere')
order by period_from desc, abs(amount_difference) desc nulls last, customer_key asc, metric asc
