with recursive

terms as (

    select * from {{ ref('int_contract_terms') }}

),

extent as (

    select * from {{ ref('int_telemetry_extent') }}

),

first_days as (

    select valid_from as first_day from terms

    union all

    select telemetry_from as first_day from extent

),

bounds as (

    select
        {{ start_of('month', 'min(first_days.first_day)') }} as first_month,
        {{ start_of('month', 'max(extent.as_of_date)') }} as last_month
    from first_days
    cross join extent
    having count(*) > 0

),

months (usage_month, last_month) as (

    select
        first_month as usage_month,
        last_month
    from bounds
    where first_month <= last_month

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
