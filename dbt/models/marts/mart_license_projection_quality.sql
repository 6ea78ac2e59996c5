with

backtests as (

    select * from {{ ref('int_license_backtests') }}

),

relative as (

    select
        *,
        abs(error) / nullif(abs(used), 0) as error_share
    from backtests

),

counted as (

    select
        license_metric,
        days_earlier,
        count(*) as projections,
        sum(case when is_within_interval then 1 else 0 end) as within_interval,
        avg(error_share) as mean_error_share,
        sum(case when was_projected then 1 else 0 end) as crossings_projected,
        sum(case when was_reached then 1 else 0 end) as crossings,
        sum(case when was_reached and (was_projected or was_within_reach) then 1 else 0 end)
            as crossings_foreseen
    from relative
    group by
        license_metric,
        days_earlier

),

final as (

    select
        license_metric,
        days_earlier,
        projections,
        cast(within_interval as bigint) as within_interval,
        {{ rounded('cast(within_interval as double precision) / projections', 4) }}
            as within_interval_share,
        {{ rounded('mean_error_share', 4) }} as mean_error_share,
        cast(crossings_projected as bigint) as crossings_projected,
        cast(crossings as bigint) as crossings,
        cast(crossings_foreseen as bigint) as crossings_foreseen
    from counted

)

select * from final
