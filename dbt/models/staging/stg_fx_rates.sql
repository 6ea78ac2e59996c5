with

fx_rates as (

    select * from {{ source('sources', 'fx_rates') }}

),

final as (

    select
        currency,
        base,
        valid_from,
        rate,
        first_as_of,
        closed_as_of
    from fx_rates

)

select * from final
