with

contract_lines as (

    select * from {{ source('sources', 'contract_lines') }}

),

final as (

    select
        contract_line_id,
        account_id,
        plan,
        metric,
        included_limit,
        price_per_month,
        currency,
        valid_from,
        coalesce(overage_price, 0) as overage_price,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from contract_lines

)

select * from final
