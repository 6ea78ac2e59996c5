-- order: 11
-- question: Who causes a region's cloud bill?
-- about: Each region's last bill, split by what its tenants consumed; the twenty largest shares.
-- empty: No cloud bill of a region has been loaded.
-- table: region, month, account_name as account, tenant_id as tenant, tenant_class as class, consumption_share as share, allocated_amount as cost, currency
select
    region,
    strftime(bill_month, '%Y-%m') as "month",
    bill_month,
    tenant_id,
    tenant_class,
    account_id,
    coalesce(account_name, account_id) as account_name,
    consumption_share,
    allocated_amount,
    bill_amount,
    currency
from gold.mart_cost_allocation
where bill_month = (
    select max(latest.bill_month)
    from gold.mart_cost_allocation as latest
    where latest.region = mart_cost_allocation.region
)
qualify row_number() over (partition by region order by allocated_amount desc, tenant_id asc) <= 20
order by region asc, allocated_amount desc, tenant_id asc
