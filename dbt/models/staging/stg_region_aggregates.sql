with

aggregates as (

    select * from {{ source('bronze', 'region_aggregates') }}

),

weeks as (

    select * from {{ source('bronze', 'region_weeks') }}

),

final as (

    select
        aggregates.region,
        aggregates.week_start,
        aggregates.kind,
        aggregates.is_other,
        aggregates.amount,
        weeks.least_tenants,
        weeks.round_to,
        weeks.made_at,
        coalesce(aggregates.cell, '(all others)') as cell
    from aggregates
    inner join weeks
        on
            aggregates.region = weeks.region
            and aggregates.week_start = weeks.week_start

)

select * from final
