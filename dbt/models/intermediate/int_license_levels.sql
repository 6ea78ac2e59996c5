{{ config(materialized='table') }}
{#- How full licenses stand by day: a level as it is, a delta as its sum in its period. -#}
with

usage as (

    select * from {{ ref('int_customer_usage_daily') }}

),

billing_periods as (

    select * from {{ ref('int_billing_periods') }}

),

-- Where a metric is reported both ways, the level is what the product itself goes by.
kinds as (

    select
        *,
        max(case when usage_kind = 'level' then 1 else 0 end)
            over (partition by customer_key, metric) as has_level
    from usage

),

period_bounds as (

    select
        kinds.*,
        case
            when kinds.usage_kind = 'delta'
                then coalesce(
                    billing_periods.period_from, {{ start_of('month', 'kinds.billing_date') }}
                )
            when kinds.license_period = 'day' then kinds.billing_date
            when kinds.license_period = 'month' then {{ start_of('month', 'kinds.billing_date') }}
            when kinds.license_period = 'year' then {{ start_of('year', 'kinds.billing_date') }}
        end as period_from,
        case
            when kinds.usage_kind = 'delta'
                then coalesce(
                    billing_periods.period_to, {{ next_start_of('month', 'kinds.billing_date') }}
                )
            when kinds.license_period = 'day' then {{ days_after(1, 'kinds.billing_date') }}
            when kinds.license_period = 'month'
                then {{ next_start_of('month', 'kinds.billing_date') }}
            when kinds.license_period = 'year'
                then {{ next_start_of('year', 'kinds.billing_date') }}
        end as next_period_from
    from kinds
    left join billing_periods
        on
            kinds.contract_line_id = billing_periods.contract_line_id
            and kinds.billing_date >= billing_periods.active_from
            and kinds.billing_date < billing_periods.active_to
    where
        kinds.usage_kind = 'level'
        or kinds.has_level = 0

),

final as (

    select
        customer_key,
        account_id,
        tenant_id,
        region,
        metric as license_metric,
        usage_kind,
        billing_date,
        billing_timezone,
        cast(
            case
                when usage_kind = 'level' then used
                else sum(used) over (
                    partition by customer_key, metric, usage_kind, period_from
                    order by billing_date
                )
            end as decimal(28, 6)
        ) as used,
        contract_line_id,
        contract_limit,
        license_limit,
        has_limit_mismatch,
        case when usage_kind = 'delta' then 'billing' else license_period end as license_period,
        period_from,
        next_period_from,
        last_reported_at,
        tenants,
        regions
    from period_bounds

)

select * from final
