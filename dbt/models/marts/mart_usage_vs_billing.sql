{#- Usage, the expected amount and each reason are defined in docs/answers.md. -#}
with

monthly_usage as (

    select * from {{ ref('int_monthly_usage') }}

),

contract_months as (

    select * from {{ ref('int_contract_months') }}

),

invoice_months as (

    select * from {{ ref('int_invoice_months') }}

),

months as (

    select * from {{ ref('int_months') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}
    where closed_as_of is null

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

billing_keys as (

    select
        customer_key,
        account_id,
        tenant_id,
        usage_month,
        metric
    from monthly_usage

    union

    select
        account_id as customer_key,
        account_id,
        cast(null as varchar(255)) as tenant_id,
        usage_month,
        metric
    from contract_months

    union

    select
        account_id as customer_key,
        account_id,
        cast(null as varchar(255)) as tenant_id,
        usage_month,
        metric
    from invoice_months

),

joined as (

    select
        billing_keys.customer_key,
        billing_keys.account_id,
        billing_keys.tenant_id,
        billing_keys.usage_month,
        billing_keys.metric,
        accounts.account_name,
        accounts.region as account_region,
        contract_months.contract_line_id,
        contract_months.plan,
        contract_months.included_limit,
        contract_months.valid_from,
        contract_months.currency as contract_currency,
        invoice_months.currency as invoice_currency,
        as_of.as_of_date,
        accounts.account_id is not null as is_known_account,
        accounts.region in (select extent.region from extent) as is_here,
        months.next_month > as_of.as_of_date as is_open_month,
        as_of.telemetry_from > billing_keys.usage_month
        and as_of.telemetry_from < months.next_month as begins_in_month,
        as_of.telemetry_from,
        coalesce(monthly_usage.usage_basis, 'none') as usage_basis,
        coalesce(monthly_usage.quantity, 0) as used_quantity,
        cast(
            round(
                contract_months.price_per_month
                + greatest(
                    coalesce(
                        coalesce(monthly_usage.quantity, 0) - contract_months.included_limit, 0
                    ), 0
                ) * contract_months.overage_price, 2
            ) as decimal(28, 2)
        ) as expected_amount,
        coalesce(invoice_months.invoice_lines, 0) as invoice_lines,
        coalesce(invoice_months.quantity, 0) as invoiced_quantity,
        coalesce(invoice_months.amount, 0) as invoiced_amount,
        coalesce(invoice_months.has_equal_lines, false) as has_equal_lines,
        coalesce(invoice_months.has_mixed_currencies, false) as has_mixed_currencies
    from billing_keys
    inner join months on billing_keys.usage_month = months.usage_month
    cross join as_of
    left join monthly_usage
        on
            billing_keys.customer_key = monthly_usage.customer_key
            and billing_keys.usage_month = monthly_usage.usage_month
            and billing_keys.metric = monthly_usage.metric
    left join contract_months
        on
            billing_keys.account_id = contract_months.account_id
            and billing_keys.usage_month = contract_months.usage_month
            and billing_keys.metric = contract_months.metric
    left join invoice_months
        on
            billing_keys.account_id = invoice_months.account_id
            and billing_keys.usage_month = invoice_months.usage_month
            and billing_keys.metric = invoice_months.metric
    left join accounts on billing_keys.account_id = accounts.account_id

),

reasoned as (

    select
        *,
        case
            when account_id is null then 'unknown_tenant'
            when not is_known_account then 'unknown_account'
            when not is_here then 'usage_elsewhere'
            when is_open_month then 'open_month'
            when contract_line_id is null then 'no_contract'
            when begins_in_month and telemetry_from > valid_from then 'partial_usage'
            when invoice_lines = 0 and expected_amount > 0 then 'missing_invoice'
            when
                invoice_lines > 0
                and (has_mixed_currencies or invoice_currency <> contract_currency)
                then 'currency_differs'
            when has_equal_lines and invoiced_amount > expected_amount then 'duplicate_invoice'
            when invoiced_amount > expected_amount then 'over_billed'
            when invoiced_amount < expected_amount then 'under_billed'
            when invoice_lines > 0 and invoiced_quantity <> used_quantity then 'quantity_differs'
            else 'matches'
        end as reason
    from joined

),

compared as (

    select
        *,
        reason in (
            'missing_invoice',
            'duplicate_invoice',
            'over_billed',
            'under_billed',
            'quantity_differs',
            'matches'
        ) as is_compared
    from reasoned

),

final as (

    select
        customer_key,
        account_id,
        tenant_id,
        usage_month,
        metric,
        account_name,
        account_region,
        plan,
        usage_basis,
        cast(used_quantity as decimal(28, 6)) as used_quantity,
        included_limit,
        expected_amount,
        invoice_lines,
        cast(invoiced_quantity as decimal(28, 6)) as invoiced_quantity,
        cast(invoiced_amount as decimal(28, 2)) as invoiced_amount,
        coalesce(invoice_currency, contract_currency) as currency,
        case when is_compared then cast(invoiced_quantity - used_quantity as decimal(28, 6)) end
            as quantity_difference,
        case when is_compared then cast(invoiced_amount - expected_amount as decimal(28, 2)) end
            as amount_difference,
        reason,
        as_of_date
    from compared

)

select * from final
