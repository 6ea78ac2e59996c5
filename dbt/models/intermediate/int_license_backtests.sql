{#- Past projections beside what came: the line and its band at the moment of the last report. -#}
with

projections as (

    select * from {{ ref('int_license_projections') }}

),

-- A period that ended since began anew: nothing can be compared.
pairs as (

    select
        past.customer_key,
        past.license_metric,
        past.days_earlier,
        past.made_on,
        past.projected_on,
        past.projected_earliest,
        past.license_limit,
        past.spread,
        past.drift_spread,
        past.growth_per_day,
        latest.made_on as last_on,
        cast(past.used as double precision) as past_used,
        cast(latest.used as double precision) as used,
        {{ days_between('past.used_at', 'latest.used_at') }} as days_ahead
    from projections as past
    inner join projections as latest
        on
            past.customer_key = latest.customer_key
            and past.license_metric = latest.license_metric
            and latest.days_earlier = 0
    where
        past.days_earlier > 0
        and past.days_fitted >= 3
        and coalesce(past.period_from, date '1970-01-01')
        = coalesce(latest.period_from, date '1970-01-01')

),

predicted as (

    select
        *,
        past_used + growth_per_day * days_ahead as projected_used,
        sqrt(spread * days_ahead + drift_spread * days_ahead * days_ahead) as half_width,
        greatest(abs(used), abs(past_used)) * 1e-9 as rounding
    from pairs

),

final as (

    select
        customer_key,
        license_metric,
        days_earlier,
        made_on,
        last_on,
        projected_used,
        used,
        projected_used - used as error,
        abs(projected_used - used) <= half_width + rounding as is_within_interval,
        coalesce(projected_on <= last_on, false) as was_projected,
        coalesce(projected_earliest <= last_on, false) as was_within_reach,
        coalesce(past_used < license_limit and used >= license_limit, false) as was_reached
    from predicted

)

select * from final
