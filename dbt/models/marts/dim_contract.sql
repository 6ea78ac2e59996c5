with

contract_terms as (

    select * from {{ ref('int_contract_terms') }}

),

contracts as (

    select * from {{ ref('stg_contracts') }}

),

contract_rates as (

    select * from {{ ref('int_contract_rates') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

placed as (

    select
        contract_terms.*,
        extent.as_of_date >= contract_terms.valid_from
        and extent.as_of_date < contract_terms.valid_to as holds_now,
        row_number() over (
            partition by contract_terms.contract_id, contract_terms.currency
            order by
                case when contract_terms.charge = 'recurring' then 0 else 1 end asc,
                contract_terms.valid_from desc,
                contract_terms.contract_line_id desc
        ) as line_place
    from contract_terms
    left join extent on true

),

summed as (

    select
        contract_id,
        currency,
        max(account_id) as account_id,
        max(case when line_place = 1 then plan end) as plan,
        max(case when line_place = 1 then billing_period end) as billing_period,
        max(case when line_place = 1 then billing_timezone end) as billing_timezone,
        min(contract_from) as contract_from,
        max(valid_to) as lines_to,
        count(*) as contract_lines,
        cast(
            sum(
                case
                    when holds_now and charge = 'recurring'
                        then cast(amount / period_months as decimal(18, 6))
                    else 0
                end
            ) as decimal(28, 6)
        ) as recurring_per_month
    from placed
    group by
        contract_id,
        currency

),

final as (

    select
        summed.contract_id,
        summed.currency,
        coalesce(contracts.account_id, summed.account_id) as account_id,
        contracts.status,
        summed.plan,
        summed.billing_period,
        summed.billing_timezone,
        summed.contract_from as valid_from,
        coalesce(contracts.valid_to, summed.lines_to) as valid_to,
        summed.contract_lines,
        summed.recurring_per_month,
        contract_rates.contract_month,
        contract_rates.reporting_currency,
        contract_rates.rate as reporting_rate
    from summed
    left join contracts on summed.contract_id = contracts.contract_id
    left join contract_rates
        on
            summed.contract_id = contract_rates.contract_id
            and summed.currency = contract_rates.currency

)

select * from final
