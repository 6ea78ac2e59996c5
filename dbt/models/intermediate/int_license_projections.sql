{#-
    The projection of each license from its last day, and those that would have been made 7, 14 and
    30 days before, each from what was known then. docs/answers.md defines line and interval.
-#}
{{ config(materialized='table') }}
{%- set projection_days = var('projection_days') -%}
{%- set series = 'customer_key, license_metric, days_earlier' -%}

with

levels as (

    select * from {{ ref('int_license_levels') }}

),

leads as (

    select 0 as days_earlier

    union all

    select 7 as days_earlier

    union all

    select 14 as days_earlier

    union all

    select 30 as days_earlier

),

last_days as (

    select
        customer_key,
        license_metric,
        max(billing_date) as last_date
    from levels
    group by
        customer_key,
        license_metric

),

ordered as (

    select
        levels.*,
        leads.days_earlier,
        row_number() over (
            partition by levels.customer_key, levels.license_metric, leads.days_earlier
            order by levels.billing_date desc
        ) as day_from_last
    from last_days
    cross join leads
    inner join levels
        on
            last_days.customer_key = levels.customer_key
            and last_days.license_metric = levels.license_metric
            and levels.billing_date
            <= {{ days_after('-leads.days_earlier', 'last_days.last_date') }}
            and {{ days_after(var('stale_after_days'), 'levels.billing_date') }}
            > {{ days_after('-leads.days_earlier', 'last_days.last_date') }}

),

-- What was known on the day on which the projection is made.
bases as (

    select
        {{ series }},
        billing_date as made_on,
        used,
        last_reported_at as used_at,
        license_limit,
        period_from,
        next_period_from
    from ordered
    where day_from_last = 1

),

-- Zero on the axis is the last report: a day's place is minus the days that lie between.
points as (

    select
        bases.customer_key,
        bases.license_metric,
        bases.days_earlier,
        cast(levels.used as double precision) as used,
        -{{ days_between('levels.last_reported_at', 'bases.used_at') }} as at_day
    from bases
    inner join levels
        on
            bases.customer_key = levels.customer_key
            and bases.license_metric = levels.license_metric
    where
        levels.billing_date > {{ days_before('bases.made_on', projection_days) }}
        and levels.billing_date <= bases.made_on
        and levels.billing_date >= coalesce(bases.period_from, levels.billing_date)

),

previous_points as (

    select
        *,
        lag(used) over (partition by {{ series }} order by at_day) as previous_used,
        lag(at_day) over (partition by {{ series }} order by at_day) as previous_at_day
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
        sum(step_used) over (partition by {{ series }})
        / sum(step_days) over (partition by {{ series }}) as mean_per_day
    from steps

),

trends as (

    select
        {{ series }},
        count(*) as days_fitted,
        count(step_used) as step_count,
        -- Of one point engines say null or nan.
        case when count(*) > 1 then regr_slope(used, at_day) end as growth_per_day,
        sum(power(step_used - mean_per_day * step_days, 2) / step_days)
        / nullif(count(step_used) - 1, 0) as step_variance
    from mean_growth
    group by {{ series }}

),

-- growth_per_day, variance and distance as the formula of the interval names them.
terms as (

    select
        bases.*,
        trends.days_fitted,
        trends.growth_per_day,
        cast(bases.license_limit - bases.used as double precision) as distance,
        power({{ student_t_975('trends.step_count - 1') }}, 2) * trends.step_variance as spread,
        power({{ student_t_975('trends.step_count - 1') }}, 2) * trends.step_variance
        / trends.step_count as drift_spread,
        coalesce(
            trends.days_fitted >= 3
            and trends.growth_per_day > 0
            and bases.license_limit > bases.used,
            false
        ) as is_growing
    from bases
    inner join trends
        on
            bases.customer_key = trends.customer_key
            and bases.license_metric = trends.license_metric
            and bases.days_earlier = trends.days_earlier

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

final as (

    select
        customer_key,
        license_metric,
        days_earlier,
        made_on,
        used,
        used_at,
        license_limit,
        period_from,
        days_fitted,
        growth_per_day,
        spread,
        drift_spread,
        case
            when projected_date < coalesce(next_period_from, date '9999-12-31') then projected_date
        end as projected_on,
        case
            when projected_date < coalesce(next_period_from, date '9999-12-31') then earliest_date
        end as projected_earliest,
        case
            when projected_date < coalesce(next_period_from, date '9999-12-31') then latest_date
        end as projected_latest
    from dates

)

select * from final
