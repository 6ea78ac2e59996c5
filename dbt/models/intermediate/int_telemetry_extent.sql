with

event_days as (

    select * from {{ ref('int_event_days') }}

),

final as (

    select
        region,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date,
        max(last_received_at) as last_received_at,
        min(min(event_date)) over () as telemetry_from,
        max(max(event_date)) over () as as_of_date
    from event_days
    group by region

)

select * from final
