with

months as (

    select * from {{ ref('int_months') }}

),

contract_lines as (

    select * from {{ ref('stg_contract_lines') }}
    where metric is not null and charge <> 'one_off'

),

lines_in_month as (

    select
        months.usage_month,
        contract_lines.*,
        row_number() over (
            partition by months.usage_month, contract_lines.account_id, contract_lines.metric
            order by contract_lines.valid_from desc, contract_lines.contract_line_id desc
        ) as line_from_last
    from months
    inner join contract_lines
        on
            months.next_month > contract_lines.valid_from
            and months.usage_month < contract_lines.valid_to

),

final as (

    select
        usage_month,
        account_id,
        metric,
        contract_line_id,
        plan,
        included as included_limit,
        {{ per_month('amount', 'billing_period') }} as price_per_month,
        coalesce(unit_price, 0) as overage_price,
        currency,
        valid_from
    from lines_in_month
    where line_from_last = 1

)

select * from final
