{#- The projection and its interval are defined in docs/answers.md, with the reasons. -#}
{%- set projection_days = var('projection_days') -%}

with

license_usage as (

    select * from {{ ref('fct_license_usage_daily') }}

),

tenants as (

    select * from {{ ref('dim_tenant') }}

),

contract_lines as (

    select * from {{ ref('stg_contract_lines') }}
    where metric is not null

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

days_from_last as (

    select
        *,
        row_number() over (
            partition by region, tenant_id, license_metric
            order by event_date desc
        ) as day_from_last
    from license_usage

),

last_days as (

    select
        region,
        tenant_id,
        license_metric,
        license_period,
        license_limit as reported_limit,
        used_last as used,
        last_reported_at as used_at,
        event_date as used_on,
        case license_period
            when 'day' then event_date
            when 'month' then {{ start_of('month', 'event_date') }}
            when 'year' then {{ start_of('year', 'event_date') }}
        end as period_from,
        case license_period
            when 'day' then {{ next_start_of('day', 'event_date') }}
            when 'month' then {{ next_start_of('month', 'event_date') }}
            when 'year' then {{ next_start_of('year', 'event_date') }}
        end as next_period_from
    from days_from_last
    where day_from_last = 1

),

-- Zero on the axis is the last report: a day's place is minus the days that lie between.
points as (

    select
        last_days.region,
        last_days.tenant_id,
        last_days.license_metric,
        cast(license_usage.used_last as double precision) as used,
        -{{ days_between('license_usage.last_reported_at', 'last_days.used_at') }} as at_day
    from last_days
    inner join license_usage
        on
            last_days.region = license_usage.region
            and last_days.tenant_id = license_usage.tenant_id
            and last_days.license_metric = license_usage.license_metric
    where
        license_usage.event_date > {{ days_before('last_days.used_on', projection_days) }}
        and license_usage.event_date >= coalesce(last_days.period_from, license_usage.event_date)

),

previous_points as (

    select
        *,
        lag(used) over (partition by region, tenant_id, license_metric order by at_day)
            as previous_used,
        lag(at_day) over (partition by region, tenant_id, license_metric order by at_day)
            as previous_at_day
    from points

),

steps as (

    select
        *,
        used - previous_used as step_used,
        greatest(at_day - previous_at_day, 1.0 / 24) as step_days
    from previous_points

),

mean_growth as (

    select
        *,
        sum(step_used) over (partition by region, tenant_id, license_metric)
        / sum(step_days) over (partition by region, tenant_id, license_metric) as mean_per_day
    from steps

),

trends as (

    select
        region,
        tenant_id,
        license_metric,
        count(*) as days_fitted,
        count(step_used) as step_count,
        -- Of one point engines say null or nan.
        case when count(*) > 1 then regr_slope(used, at_day) end as growth_per_day,
        sum(power(step_used - mean_per_day * step_days, 2) / step_days)
        / nullif(count(step_used) - 1, 0) as step_variance
    from mean_growth
    group by region, tenant_id, license_metric

),

account_limits as (

    select
        contract_lines.account_id,
        contract_lines.metric,
        coalesce(contract_lines.hard_limit, contract_lines.included) as included_limit,
        row_number() over (
            partition by contract_lines.account_id, contract_lines.metric
            order by contract_lines.valid_from desc, contract_lines.contract_line_id desc
        ) as line_from_last
    from contract_lines
    inner join extent
        on
            contract_lines.valid_from <= extent.as_of_date
            and contract_lines.valid_to > extent.as_of_date

),

limits as (

    select
        last_days.*,
        tenants.account_id,
        tenants.account_name,
        tenants.industry,
        tenants.plan,
        extent.as_of_date,
        trends.days_fitted,
        trends.step_count,
        trends.growth_per_day,
        trends.step_variance,
        cast(account_limits.included_limit as decimal(28, 6)) as contract_limit,
        coalesce(last_days.reported_limit, account_limits.included_limit) as license_limit
    from last_days
    cross join extent
    inner join trends
        on
            last_days.region = trends.region
            and last_days.tenant_id = trends.tenant_id
            and last_days.license_metric = trends.license_metric
    left join tenants on last_days.tenant_id = tenants.tenant_id
    left join account_limits
        on
            tenants.account_id = account_limits.account_id
            and last_days.license_metric = account_limits.metric
            and account_limits.line_from_last = 1

),

stated as (

    select
        *,
        license_limit - used as headroom,
        {{ days_before('as_of_date', var('stale_after_days')) }} > used_on as is_stale,
        cast(used as double precision) / nullif(cast(license_limit as double precision), 0)
            as used_share
    from limits

),

-- growth_per_day, variance and distance as the formula of the interval names them.
terms as (

    select
        *,
        cast(headroom as double precision) as distance,
        power({{ student_t_975('step_count - 1') }}, 2) * step_variance as spread,
        power({{ student_t_975('step_count - 1') }}, 2) * step_variance / step_count
            as drift_spread,
        not is_stale and days_fitted >= 3 and growth_per_day > 0 and headroom > 0 as is_growing
    from stated

),

quadratic as (

    select
        *,
        2 * distance * growth_per_day + spread as q,
        sqrt(
            greatest(
                power(2 * distance * growth_per_day + spread, 2)
                - 4 * (power(growth_per_day, 2) - drift_spread) * power(distance, 2),
                0
            )
        ) as d
    from terms

),

days_ahead as (

    select
        *,
        case when is_growing then distance / growth_per_day end as projected_days,
        case when is_growing then 2 * power(distance, 2) / (q + d) end as earliest_days,
        case
            when is_growing and power(growth_per_day, 2) > drift_spread
                then 2 * power(distance, 2) / nullif(q - d, 0)
        end as latest_days
    from quadratic

),

dates as (

    select
        *,
        case
            when projected_days <= {{ var('projection_horizon_days') }}
                then {{ date_after('used_at', 'projected_days') }}
        end as projected_date,
        case
            when earliest_days <= {{ var('projection_horizon_days') }}
                then {{ date_after('used_at', 'earliest_days') }}
        end as earliest_date,
        case
            when latest_days between 0 and {{ var('interval_horizon_days') }}
                then {{ date_after('used_at', 'latest_days') }}
        end as latest_date
    from days_ahead

),

projections as (

    select
        *,
        coalesce(projected_date < coalesce(next_period_from, date '9999-12-31'), false)
            as is_projected
    from dates

),

final as (

    select
        region,
        tenant_id,
        license_metric,
        account_id,
        account_name,
        industry,
        plan,
        license_period,
        used,
        used_at,
        cast(license_limit as decimal(28, 6)) as license_limit,
        contract_limit,
        cast(headroom as decimal(28, 6)) as headroom,
        {{ rounded('used_share', 4) }} as used_share,
        days_fitted,
        growth_per_day,
        case when is_projected then projected_date end as projected_on,
        case when is_projected then earliest_date end as projected_earliest,
        case when is_projected then latest_date end as projected_latest,
        case
            when is_stale then 'stale'
            when license_limit is null then 'no_limit'
            when used >= license_limit then 'reached'
            when is_projected or used_share >= {{ var('near_limit_share') }} then 'nearing'
            else 'clear'
        end as limit_status,
        as_of_date
    from projections

)

select * from final
