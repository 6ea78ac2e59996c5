-- order: 3
-- question: Do usage and billing agree?
-- about: What differs or cannot be compared; what matches, is still open or is elsewhere is left out.
-- empty: Usage and billing agree wherever they can be compared.
-- table: account_name as account, month, metric, used_quantity as used, invoiced_quantity as invoiced, expected_amount as expected, invoiced_amount as billed, amount_difference as difference, reason
-- others: select reason, count(*) from gold.mart_usage_vs_billing group by all order by 1
select
    account_id,
    coalesce(account_name, account_id, tenant_id) as account_name,
    tenant_id,
    strftime(usage_month, '%Y-%m') as "month",
    metric,
    usage_basis,
    used_quantity,
    invoiced_quantity,
    quantity_difference,
    expected_amount,
    invoiced_amount,
    amount_difference,
    currency,
    reason
from gold.mart_usage_vs_billing
where reason not in ('matches', 'open_month', 'usage_elsewhere')
order by usage_month desc, abs(amount_difference) desc nulls last, customer_key asc, metric asc
