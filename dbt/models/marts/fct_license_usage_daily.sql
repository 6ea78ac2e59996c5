{#- What is telemetry's comes from int_metered_parts, which costs by what loads touched; what
    contracts and the map of tenants say is joined anew, since both may change for days past. -#}
with

metered_parts as (

    select * from {{ ref('int_metered_parts') }}

),

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

contract_terms as (

    select * from {{ ref('int_contract_terms') }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by billing_date, region, tenant_id, metric, usage_kind
            order by last_reported_at desc, last_record_id desc
        ) as part_from_last
    from metered_parts

),

days as (

    select
        billing_date,
        region,
        tenant_id,
        metric,
        usage_kind,
        sum(events) as reports,
        max(case when part_from_last = 1 then used_last end) as used_last,
        max(used_max) as used_max,
        sum(used_sum) as used_sum,
        max(case when part_from_last = 1 then reported_limit end) as reported_limit,
        min(reported_limit_min) as reported_limit_min,
        max(reported_limit_max) as reported_limit_max,
        max(case when part_from_last = 1 then license_period end) as license_period,
        max(case when part_from_last = 1 then billing_timezone end) as billing_timezone,
        max(last_reported_at) as last_reported_at
    from ordered
    group by
        billing_date,
        region,
        tenant_id,
        metric,
        usage_kind

),

mapped as (

    select
        days.*,
        tenant_accounts.account_id,
        coalesce(tenant_accounts.environment, 'unmapped') as tenant_class
    from days
    left join tenant_accounts
        on
            days.tenant_id = tenant_accounts.tenant_id
            and days.billing_date >= tenant_accounts.valid_from
            and days.billing_date < tenant_accounts.valid_to

),

account_days as (

    select distinct
        account_id,
        metric,
        billing_date
    from mapped
    where account_id is not null

),

-- Of several lines a day that which limits rules, then that which began last.
lines_of_day as (

    select
        account_days.account_id,
        account_days.metric,
        account_days.billing_date,
        contract_terms.contract_line_id,
        contract_terms.plan,
        contract_terms.license_limit,
        row_number() over (
            partition by account_days.account_id, account_days.metric, account_days.billing_date
            order by
                case when contract_terms.license_limit is null then 1 else 0 end asc,
                contract_terms.valid_from desc,
                contract_terms.contract_line_id desc
        ) as line_place
    from account_days
    inner join contract_terms
        on
            account_days.account_id = contract_terms.account_id
            and account_days.metric = contract_terms.metric
            and account_days.billing_date >= contract_terms.valid_from
            and account_days.billing_date < contract_terms.valid_to

),

final as (

    select
        mapped.billing_date,
        mapped.region,
        mapped.tenant_id,
        mapped.metric as license_metric,
        mapped.usage_kind,
        mapped.billing_timezone,
        mapped.account_id,
        mapped.tenant_class,
        lines_of_day.contract_line_id,
        lines_of_day.plan,
        cast(mapped.reports as bigint) as reports,
        cast(
            case when mapped.usage_kind = 'level' then mapped.used_last else mapped.used_sum end
            as decimal(28, 6)
        ) as used,
        mapped.used_max,
        cast(coalesce(lines_of_day.license_limit, mapped.reported_limit) as decimal(28, 6))
            as license_limit,
        cast(lines_of_day.license_limit as decimal(28, 6)) as contract_limit,
        mapped.reported_limit,
        mapped.license_period,
        mapped.last_reported_at,
        case
            when lines_of_day.license_limit is null and mapped.reported_limit is null
                then 'no_limit'
            when lines_of_day.license_limit is null then 'reported'
            when
                mapped.reported_limit_min <> lines_of_day.license_limit
                or mapped.reported_limit_max <> lines_of_day.license_limit
                then 'limit_mismatch'
            else 'contract'
        end as limit_reason
    from mapped
    left join lines_of_day
        on
            mapped.account_id = lines_of_day.account_id
            and mapped.metric = lines_of_day.metric
            and mapped.billing_date = lines_of_day.billing_date
            and lines_of_day.line_place = 1

)

select * from final
