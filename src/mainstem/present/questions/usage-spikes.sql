-- order: 10
-- question: Whose usage changed, and did a contract come before it?
-- about: Runs of days far from what the weeks before let expect, in the 90 days up to the data date, with the contract change, incident or release around their first day.
-- empty: No tenant's usage lay far from what was expected.
-- table: account_name as account, tenant_id as tenant, usage_metric as metric, direction, started_on as from, ended_on as to, ratio as times expected, preceded_by as before it, what
-- others: select preceded_by, count(*) from gold.mart_usage_spikes group by all order by 1
select
    coalesce(account_name, tenant_id) as account_name,
    tenant_id,
    environment,
    account_id,
    industry,
    plan,
    usage_metric,
    direction,
    shape,
    started_on,
    ended_on,
    is_ongoing,
    days_off,
    quantity,
    expected_quantity,
    ratio,
    peak_score,
    preceded_by,
    case preceded_by
        when 'contract' then contract_line_id || ' ' || contract_change || ' ' || contract_changed_on
        when 'incident' then incident_id
        when 'release' then release_service || ' ' || release_version
    end as what,
    contract_lag_days
from gold.mart_usage_spikes
where started_on > as_of_date - 90
order by started_on desc, peak_score desc, tenant_id asc, usage_metric asc, direction asc
