with

region_bills as (

    select * from {{ source('sources', 'region_bills') }}

),

final as (

    select
        region,
        {{ start_of('month', 'bill_month') }} as bill_month,
        currency,
        amount,
        first_as_of,
        closed_as_of
    from region_bills

)

select * from final
