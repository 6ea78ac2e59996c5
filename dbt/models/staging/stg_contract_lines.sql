with

contract_lines as (

    select * from {{ source('sources', 'contract_lines') }}

),

final as (

    select
        contract_line_id,
        contract_id,
        account_id,
        product_id,
        plan,
        metric,
        charge,
        amount,
        included,
        hard_limit,
        unit_price,
        currency,
        billing_period,
        billing_timezone,
        valid_from,
        {{ held_until() }} as valid_to,
        first_as_of,
        closed_as_of
    from contract_lines

)

select * from final
