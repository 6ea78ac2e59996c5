{#- Usage, the contracted amount and each reason are defined in docs/answers.md. -#}
with

metered_days as (

    select * from {{ ref('int_metered_days') }}

),

contracted_periods as (

    select * from {{ ref('int_contracted_periods') }}

),

invoiced_periods as (

    select * from {{ ref('int_invoiced_periods') }}

),

account_zones as (

    select * from {{ ref('int_account_zones') }}

),

accounts as (

    select * from {{ ref('dim_account') }}
    where is_current

),

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

extent as (

    select * from {{ ref('int_telemetry_extent') }}

),

as_of as (

    select distinct
        telemetry_from,
        as_of_date
    from extent

),

-- The quantity of a level is not compared: invoices tell seats as signed, or a peak by plan.
consumed_metrics as (

    select distinct metric as consumed_metric from metered_days
    where usage_basis = 'consumed'

),

-- Use on a day on which no contract line holds belongs to the calendar month.
placed_days as (

    select
        metered_days.*,
        coalesce(
            contracted_periods.period_from, {{ start_of('month', 'metered_days.billing_date') }}
        ) as period_from,
        coalesce(
            contracted_periods.period_to, {{ next_start_of('month', 'metered_days.billing_date') }}
        ) as period_to
    from metered_days
    left join contracted_periods
        on
            metered_days.account_id = contracted_periods.account_id
            and metered_days.metric = contracted_periods.metric
            and metered_days.billing_date >= contracted_periods.period_from
            and metered_days.billing_date < contracted_periods.period_to

),

period_series as (

    select
        placed_days.customer_key,
        placed_days.account_id,
        placed_days.metric,
        placed_days.period_from,
        placed_days.period_to,
        placed_days.usage_basis,
        placed_days.tenant_id,
        placed_days.series_region,
        case
            when placed_days.usage_basis = 'peak' then max(placed_days.quantity)
            else sum(placed_days.quantity)
        end as quantity,
        case
            when placed_days.usage_basis = 'peak' then 0
            else
                sum(
                    case
                        when placed_days.received_on > invoiced_periods.first_invoiced_on
                            then placed_days.quantity
                        else 0
                    end
                )
        end as late_quantity
    from placed_days
    left join invoiced_periods
        on
            placed_days.account_id = invoiced_periods.account_id
            and placed_days.metric = invoiced_periods.metric
            and placed_days.period_from = invoiced_periods.period_from
            and placed_days.period_to = invoiced_periods.period_to
    group by
        placed_days.customer_key,
        placed_days.account_id,
        placed_days.metric,
        placed_days.period_from,
        placed_days.period_to,
        placed_days.usage_basis,
        placed_days.tenant_id,
        placed_days.series_region

),

metered_periods as (

    select
        customer_key,
        account_id,
        metric,
        period_from,
        period_to,
        usage_basis,
        case when account_id is null then max(tenant_id) end as tenant_id,
        count(distinct tenant_id) as tenants,
        sum(quantity) as quantity,
        sum(late_quantity) as late_quantity
    from period_series
    group by
        customer_key,
        account_id,
        metric,
        period_from,
        period_to,
        usage_basis
    having sum(quantity) > 0

),

billing_keys as (

    select
        customer_key,
        account_id,
        tenant_id,
        metric,
        period_from,
        period_to
    from metered_periods

    union

    select
        account_id as customer_key,
        account_id,
        cast(null as varchar(255)) as tenant_id,
        metric,
        period_from,
        period_to
    from contracted_periods

    union

    select
        account_id as customer_key,
        account_id,
        cast(null as varchar(255)) as tenant_id,
        metric,
        period_from,
        period_to
    from invoiced_periods

),

keys_in_reach as (

    select
        billing_keys.*,
        as_of.telemetry_from,
        as_of.as_of_date
    from billing_keys
    cross join as_of
    where
        billing_keys.period_to > as_of.telemetry_from
        and billing_keys.period_from <= as_of.as_of_date

),

-- Two periods of one account and metric share days only where lines are billed by different ones.
neighbours as (

    select
        *,
        max(period_to) over (
            partition by customer_key, metric
            order by period_from, period_to
            rows between unbounded preceding and 1 preceding
        ) as period_to_before,
        min(period_from) over (
            partition by customer_key, metric
            order by period_from, period_to
            rows between 1 following and unbounded following
        ) as period_from_after
    from keys_in_reach

),

-- Accounts that have tests and internal tenants alone are not billed for what they use.
other_accounts as (

    select tenant_accounts.account_id
    from tenant_accounts
    cross join as_of
    where tenant_accounts.valid_from <= as_of.as_of_date
    group by tenant_accounts.account_id
    having max(case when tenant_accounts.environment = 'production' then 1 else 0 end) = 0

),

joined as (

    select
        neighbours.customer_key,
        neighbours.account_id,
        neighbours.tenant_id,
        neighbours.metric,
        neighbours.period_from,
        neighbours.period_to,
        neighbours.telemetry_from,
        neighbours.as_of_date,
        accounts.account_name,
        accounts.account_region,
        contracted_periods.plan,
        contracted_periods.contract_lines,
        contracted_periods.contracted_from,
        contracted_periods.contracted_amount,
        contracted_periods.overage_amount,
        contracted_periods.currency as contract_currency,
        coalesce(contracted_periods.is_prorated, false) as is_prorated,
        coalesce(contracted_periods.has_mixed_currencies, false) as has_mixed_terms,
        invoiced_periods.currency as invoice_currency,
        invoiced_periods.posted_net,
        coalesce(invoiced_periods.has_mixed_currencies, false) as has_mixed_currencies,
        coalesce(invoiced_periods.has_equal_lines, false) as has_equal_lines,
        coalesce(invoiced_periods.has_posting_trouble, false) as has_posting_trouble,
        coalesce(metered_periods.usage_basis, 'none') as usage_basis,
        coalesce(metered_periods.tenants, 0) as tenants,
        coalesce(metered_periods.quantity, 0) as metered_quantity,
        coalesce(metered_periods.late_quantity, 0) as late_quantity,
        coalesce(invoiced_periods.invoice_lines, 0) as invoice_lines,
        coalesce(invoiced_periods.quantity, 0) as invoiced_quantity,
        coalesce(invoiced_periods.invoiced_net, 0) as invoiced_net,
        coalesce(invoiced_periods.credited_net, 0) as credited_net,
        coalesce(invoiced_periods.invoiced_net, 0) + coalesce(invoiced_periods.credited_net, 0)
            as billed_net,
        coalesce(contracted_periods.billing_timezone, account_zones.billing_timezone, 'UTC')
            as billing_timezone,
        accounts.account_id is not null as is_known_account,
        other_accounts.account_id is not null as is_other_account,
        consumed_metrics.consumed_metric is not null as is_consumed,
        accounts.account_region in (select extent.region from extent) as is_here,
        coalesce(
            neighbours.period_to_before > neighbours.period_from
            or neighbours.period_from_after < neighbours.period_to,
            false
        ) as shares_days
    from neighbours
    left join metered_periods
        on
            neighbours.customer_key = metered_periods.customer_key
            and neighbours.metric = metered_periods.metric
            and neighbours.period_from = metered_periods.period_from
            and neighbours.period_to = metered_periods.period_to
    left join contracted_periods
        on
            neighbours.account_id = contracted_periods.account_id
            and neighbours.metric = contracted_periods.metric
            and neighbours.period_from = contracted_periods.period_from
            and neighbours.period_to = contracted_periods.period_to
    left join invoiced_periods
        on
            neighbours.account_id = invoiced_periods.account_id
            and neighbours.metric = invoiced_periods.metric
            and neighbours.period_from = invoiced_periods.period_from
            and neighbours.period_to = invoiced_periods.period_to
    left join accounts on neighbours.account_id = accounts.account_id
    left join consumed_metrics on neighbours.metric = consumed_metrics.consumed_metric
    left join other_accounts on neighbours.account_id = other_accounts.account_id
    left join account_zones
        on
            neighbours.account_id = account_zones.account_id
            and neighbours.period_from >= account_zones.valid_from
            and neighbours.period_from < account_zones.valid_to

),

-- A period is over when it is over in its zone at the moment at which the data date begins in UTC.
dated as (

    select
        *,
        period_to > {{ local_date('cast(as_of_date as timestamp)', 'billing_timezone') }}
            as is_open_period,
        telemetry_from > greatest(period_from, coalesce(contracted_from, period_from))
        and metric <> '(no metric)' as begins_within
    from joined
    where not is_other_account

),

reasoned as (

    select
        *,
        case
            when account_id is null then 'unmapped'
            when not is_known_account then 'unknown_account'
            when not is_here then 'usage_elsewhere'
            when is_open_period then 'open_period'
            when contract_lines is null then 'no_contract'
            when shares_days then 'overlapping_periods'
            when has_mixed_terms then 'mixed_currencies'
            when begins_within then 'partial_usage'
            when invoice_lines = 0 and contracted_amount > 0 then 'missing_invoice'
            when
                invoice_lines > 0
                and (has_mixed_currencies or invoice_currency <> contract_currency)
                then 'currency_differs'
            when has_equal_lines and billed_net > contracted_amount then 'duplicate_invoice'
            when
                late_quantity > 0
                and billed_net <> contracted_amount
                and invoiced_quantity = metered_quantity - late_quantity
                then 'late_usage'
            when billed_net > contracted_amount then 'over_billed'
            when billed_net < contracted_amount then 'under_billed'
            when
                invoice_lines > 0
                and is_consumed
                and invoiced_quantity <> metered_quantity
                then 'quantity_differs'
            when has_posting_trouble then 'not_posted'
            else 'matches'
        end as reason
    from dated

),

compared as (

    select
        *,
        reason in (
            'missing_invoice',
            'duplicate_invoice',
            'late_usage',
            'over_billed',
            'under_billed',
            'quantity_differs',
            'not_posted',
            'matches'
        ) as is_compared
    from reasoned

),

final as (

    select
        customer_key,
        account_id,
        tenant_id,
        metric,
        period_from,
        period_to,
        billing_timezone,
        account_name,
        account_region,
        plan,
        tenants,
        usage_basis,
        cast(metered_quantity as decimal(28, 6)) as metered_quantity,
        cast(late_quantity as decimal(28, 6)) as late_quantity,
        contract_lines,
        is_prorated,
        contracted_amount,
        overage_amount,
        invoice_lines,
        cast(invoiced_quantity as decimal(28, 6)) as invoiced_quantity,
        cast(invoiced_net as decimal(28, 2)) as invoiced_net,
        cast(credited_net as decimal(28, 2)) as credited_net,
        posted_net,
        coalesce(invoice_currency, contract_currency) as currency,
        case
            when is_compared and is_consumed
                then cast(invoiced_quantity - metered_quantity as decimal(28, 6))
        end as quantity_difference,
        case when is_compared then cast(billed_net - contracted_amount as decimal(28, 2)) end
            as amount_difference,
        reason,
        as_of_date
    from compared

)

select * from final
