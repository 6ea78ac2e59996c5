{#- The billing periods of each contract line that had begun on the data date. -#}
with recursive

terms as (

    select * from {{ ref('int_contract_terms') }}

),

extent as (

    select distinct as_of_date from {{ ref('int_telemetry_extent') }}

),

-- The data date is a day in UTC: somewhere on Earth the day after has begun.
horizon as (

    select
        terms.contract_line_id,
        terms.account_id,
        terms.metric,
        terms.period_months,
        terms.first_period_from,
        terms.valid_from,
        terms.valid_to,
        least(terms.valid_to, {{ days_after(2, 'extent.as_of_date') }}) as last_before
    from terms
    cross join extent

),

numbered (contract_line_id, period_number, first_period_from, period_months, last_before) as (

    select
        contract_line_id,
        0 as period_number,
        first_period_from,
        period_months,
        last_before
    from horizon
    where first_period_from < last_before

    union all

    select
        contract_line_id,
        period_number + 1 as period_number,
        first_period_from,
        period_months,
        last_before
    from numbered
    where
        last_before
        > {{ months_after('(period_number + 1) * period_months', 'first_period_from') }}

),

periods as (

    select
        contract_line_id,
        {{ months_after('period_number * period_months', 'first_period_from') }} as period_from,
        {{ months_after('(period_number + 1) * period_months', 'first_period_from') }} as period_to
    from numbered

),

final as (

    select
        horizon.contract_line_id,
        horizon.account_id,
        horizon.metric,
        periods.period_from,
        periods.period_to,
        greatest(periods.period_from, horizon.valid_from) as active_from,
        least(periods.period_to, horizon.valid_to) as active_to,
        {{ whole_days('periods.period_from', 'periods.period_to') }} as period_days,
        {{ whole_days(
            'greatest(periods.period_from, horizon.valid_from)',
            'least(periods.period_to, horizon.valid_to)'
        ) }} as active_days
    from horizon
    inner join periods on horizon.contract_line_id = periods.contract_line_id
    where
        periods.period_from < horizon.valid_to
        and periods.period_to > horizon.valid_from

)

select * from final
