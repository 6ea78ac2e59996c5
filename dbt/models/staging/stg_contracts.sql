with

contracts as (

    select * from {{ source('sources', 'contracts') }}

),

final as (

    select
        contract_id,
        account_id,
        valid_from,
        {{ held_until() }} as valid_to,
        status,
        first_as_of,
        closed_as_of
    from contracts

)

select * from final
