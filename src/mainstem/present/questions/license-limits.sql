-- order: 1
-- question: Who nears a license limit?
-- about: Limits that are reached, that will be within 90 days, or that are used to 90 %.
-- empty: No customer nears a license limit.
-- table: account_name as account, tenants, license_metric as metric, used, license_limit as limit, used_share as share, projected_on as reached on, between, error_7_days as 7 days ago it erred by
-- others: select limit_status, count(*) from gold.mart_license_headroom group by all order by 1
select
    customer_key,
    account_id,
    coalesce(account_name, customer_key) as account_name,
    tenant_id,
    region,
    tenants,
    industry,
    segment,
    plan,
    owner,
    license_metric,
    used,
    used_at,
    license_limit,
    has_limit_mismatch,
    headroom,
    used_share,
    growth_per_day,
    limit_status,
    projected_on,
    projected_earliest,
    projected_latest,
    case
        when limit_status = 'reached' then 'reached'
        when projected_on is not null
            then projected_earliest || ' to ' || coalesce(cast(projected_latest as varchar), 'open')
    end as "between",
    round(error_7_days, 1) as error_7_days,
    held_7_days
from gold.mart_license_headroom
where limit_status in ('reached', 'nearing')
order by
    limit_status = 'reached' desc,
    projected_on asc nulls last,
    used_share desc,
    customer_key asc,
    license_metric asc
