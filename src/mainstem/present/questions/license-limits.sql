-- order: 1
-- question: Who nears a license limit?
-- about: Limits that are reached, that will be within 90 days, or that are used to 90 %.
-- empty: No tenant nears a license limit.
-- table: account_name as account, tenant_id as tenant, region, license_metric as metric, used, license_limit as limit, used_share as share, projected_on as reached on, between
-- others: select limit_status, count(*) from gold.mart_license_headroom group by all order by 1
select
    account_id,
    coalesce(account_name, tenant_id) as account_name,
    tenant_id,
    region,
    industry,
    plan,
    license_metric,
    used,
    used_at,
    license_limit,
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
    end as "between"
from gold.mart_license_headroom
where limit_status in ('reached', 'nearing')
order by
    limit_status = 'reached' desc,
    projected_on asc nulls last,
    used_share desc,
    region asc,
    tenant_id asc,
    license_metric asc
