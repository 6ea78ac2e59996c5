with

invoice_lines as (

    select
        account_id,
        metric,
        quantity,
        currency,
        net as amount,
        {{ start_of('month', 'service_from') }} as invoice_month
    from {{ ref('stg_invoice_lines') }}
    where closed_as_of is null and metric is not null

),

months as (

    select * from {{ ref('int_months') }}

),

repeats as (

    select
        *,
        count(*) over (
            partition by account_id, invoice_month, metric, quantity, amount
        ) as equal_lines
    from invoice_lines

),

final as (

    select
        repeats.account_id,
        repeats.invoice_month as usage_month,
        repeats.metric,
        count(*) as invoice_lines,
        cast(sum(repeats.quantity) as decimal(28, 6)) as quantity,
        cast(round(sum(repeats.amount), 2) as decimal(18, 2)) as amount,
        min(repeats.currency) as currency,
        min(repeats.currency) <> max(repeats.currency) as has_mixed_currencies,
        max(repeats.equal_lines) > 1 as has_equal_lines
    from repeats
    inner join months on repeats.invoice_month = months.usage_month
    group by
        repeats.account_id,
        repeats.invoice_month,
        repeats.metric

)

select * from final
