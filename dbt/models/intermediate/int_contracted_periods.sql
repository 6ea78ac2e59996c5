{#- What contracts say that billing periods cost; proration is defined in docs/answers.md. -#}
with

billing_periods as (

    select * from {{ ref('int_billing_periods') }}

),

terms as (

    select * from {{ ref('int_contract_terms') }}

),

metered_segments as (

    select * from {{ ref('int_metered_segments') }}

),

segments as (

    select
        billing_periods.*,
        terms.charge,
        terms.plan,
        terms.currency,
        terms.amount,
        terms.billing_timezone,
        terms.valid_from,
        coalesce(terms.included, 0) as included,
        coalesce(terms.unit_price, 0) as unit_price,
        coalesce(metered_segments.quantity, 0) as quantity,
        metered_segments.usage_basis
    from billing_periods
    inner join terms on billing_periods.contract_line_id = terms.contract_line_id
    left join metered_segments
        on
            billing_periods.contract_line_id = metered_segments.contract_line_id
            and billing_periods.period_from = metered_segments.period_from

),

-- Both are still to be divided by the days of the period. Of what is consumed, units are included
-- by the day; a level that stands above what is included costs for its days.
day_amounts as (

    select
        *,
        case when charge = 'recurring' then amount * active_days else 0 end as recurring_days,
        case
            when usage_basis = 'peak'
                then greatest(quantity - included, 0) * unit_price * active_days
            else greatest(quantity * period_days - included * active_days, 0) * unit_price
        end as overage_days,
        case when charge = 'one_off' and active_from = valid_from then amount else 0 end as one_off
    from segments

),

priced as (

    select
        *,
        {{ divided('recurring_days + overage_days', 'period_days') }}
        + cast(round(one_off, 2) as decimal(28, 2)) as contracted_amount,
        {{ divided('overage_days', 'period_days') }} as overage_amount,
        row_number() over (
            partition by account_id, metric, period_from, period_to
            order by valid_from desc, contract_line_id desc
        ) as line_from_last
    from day_amounts

),

final as (

    select
        account_id,
        metric,
        period_from,
        period_to,
        max(case when line_from_last = 1 then plan end) as plan,
        max(case when line_from_last = 1 then billing_timezone end) as billing_timezone,
        min(currency) as currency,
        min(currency) <> max(currency) as has_mixed_currencies,
        count(*) as contract_lines,
        min(active_from) as contracted_from,
        sum(case when active_days < period_days then 1 else 0 end) > 0 as is_prorated,
        cast(sum(contracted_amount) as decimal(28, 2)) as contracted_amount,
        cast(sum(overage_amount) as decimal(28, 2)) as overage_amount
    from priced
    group by
        account_id,
        metric,
        period_from,
        period_to

)

select * from final
