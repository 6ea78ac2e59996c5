{#- What was used in the part of a billing period on which a contract line held. -#}
with

billing_periods as (

    select * from {{ ref('int_billing_periods') }}

),

metered_days as (

    select * from {{ ref('int_metered_days') }}

),

-- Levels are taken at their peak by tenant and region, and then added up.
series as (

    select
        billing_periods.contract_line_id,
        billing_periods.period_from,
        metered_days.usage_basis,
        metered_days.tenant_id,
        metered_days.series_region,
        case
            when metered_days.usage_basis = 'peak' then max(metered_days.quantity)
            else sum(metered_days.quantity)
        end as quantity
    from billing_periods
    inner join metered_days
        on
            billing_periods.account_id = metered_days.account_id
            and billing_periods.metric = metered_days.metric
            and billing_periods.active_from <= metered_days.billing_date
            and billing_periods.active_to > metered_days.billing_date
    group by
        billing_periods.contract_line_id,
        billing_periods.period_from,
        metered_days.usage_basis,
        metered_days.tenant_id,
        metered_days.series_region

),

final as (

    select
        contract_line_id,
        period_from,
        usage_basis,
        cast(sum(quantity) as decimal(28, 6)) as quantity
    from series
    group by
        contract_line_id,
        period_from,
        usage_basis

)

select * from final
