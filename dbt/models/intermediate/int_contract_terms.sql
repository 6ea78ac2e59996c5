{#- Contract lines with what follows: months in a period, where periods begin, the limit. -#}
with

contract_lines as (

    select * from {{ ref('stg_contract_lines') }}

),

contracts as (

    select * from {{ ref('stg_contracts') }}

),

-- A contract that is not in the CRM's extract begins with its first line.
first_lines as (

    select
        contract_id,
        min(valid_from) as first_line_from
    from contract_lines
    group by contract_id

),

begun as (

    select
        contract_lines.*,
        least(
            first_lines.first_line_from,
            coalesce(contracts.valid_from, first_lines.first_line_from)
        ) as contract_from
    from contract_lines
    inner join first_lines on contract_lines.contract_id = first_lines.contract_id
    left join contracts on contract_lines.contract_id = contracts.contract_id
    where contract_lines.valid_from < contract_lines.valid_to

),

final as (

    select
        contract_line_id,
        contract_id,
        account_id,
        product_id,
        plan,
        charge,
        amount,
        included,
        hard_limit,
        unit_price,
        currency,
        billing_period,
        billing_timezone,
        valid_from,
        valid_to,
        contract_from,
        coalesce(metric, '(no metric)') as metric,
        coalesce(hard_limit, included) as license_limit,
        case billing_period when 'year' then 12 when 'quarter' then 3 else 1 end as period_months,
        case
            when
                billing_period <> 'month'
                and '{{ var("billing_periods_from") }}' = 'contract'
                then contract_from
            when billing_period = 'year' then {{ start_of('year', 'valid_from') }}
            when billing_period = 'quarter' then {{ start_of('quarter', 'valid_from') }}
            else {{ start_of('month', 'valid_from') }}
        end as first_period_from
    from begun

)

select * from final
