with recursive

extent as (

    select * from {{ ref('int_telemetry_extent') }}

),

days (date_day, last_day) as (

    select
        min(telemetry_from) as date_day,
        max(as_of_date) as last_day
    from extent
    having count(*) > 0

    union all

    select
        {{ days_after(1, 'date_day') }} as date_day,
        last_day
    from days
    where date_day < last_day

),

final as (

    select
        date_day,
        {{ start_of('week', 'date_day') }} as week_start,
        date_day = last_day as is_last
    from days

)

select * from final
