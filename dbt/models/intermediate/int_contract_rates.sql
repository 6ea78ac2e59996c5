{#-
    The rate of the month in which a contract begins, for as long as it lasts: so a rate that moves
    is no growth (docs/answers.md).
-#}
with

contract_terms as (

    select * from {{ ref('int_contract_terms') }}

),

fx_rates as (

    select * from {{ ref('stg_fx_rates') }}

),

contracts as (

    select distinct
        contract_id,
        currency,
        {{ start_of('month', 'contract_from') }} as contract_month
    from contract_terms

),

-- The last rate up to the month's first day, else the first within the month.
candidates as (

    select
        contracts.contract_id,
        contracts.currency,
        fx_rates.rate,
        row_number() over (
            partition by contracts.contract_id, contracts.currency
            order by
                case when fx_rates.valid_from <= contracts.contract_month then 0 else 1 end,
                abs({{ whole_days('fx_rates.valid_from', 'contracts.contract_month') }})
        ) as rate_place
    from contracts
    inner join fx_rates
        on
            contracts.currency = fx_rates.currency
            and fx_rates.base = '{{ var("reporting_currency") }}'
            and fx_rates.closed_as_of is null
            and fx_rates.valid_from < {{ next_start_of('month', 'contracts.contract_month') }}

),

final as (

    select
        contracts.contract_id,
        contracts.currency,
        contracts.contract_month,
        cast('{{ var("reporting_currency") }}' as varchar(3)) as reporting_currency,
        case
            when contracts.currency = '{{ var("reporting_currency") }}'
                then cast(1 as decimal(24, 12))
            else candidates.rate
        end as rate
    from contracts
    left join candidates
        on
            contracts.contract_id = candidates.contract_id
            and contracts.currency = candidates.currency
            and candidates.rate_place = 1

)

select * from final
