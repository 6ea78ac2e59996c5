with recursive

extent as (

    select * from {{ ref('int_telemetry_extent') }}

),

months (usage_month, last_month) as (

    select
        {{ start_of('month', 'min(telemetry_from)') }} as usage_month,
        {{ start_of('month', 'max(as_of_date)') }} as last_month
    from extent
    having count(*) > 0

    union all

    select
        {{ next_start_of('month', 'usage_month') }} as usage_month,
        last_month
    from months
    where usage_month < last_month

),

final as (

    select
        usage_month,
        {{ next_start_of('month', 'usage_month') }} as next_month
    from months

)

select * from final
