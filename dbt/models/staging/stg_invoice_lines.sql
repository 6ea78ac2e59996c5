with

invoice_lines as (

    select * from {{ source('sources', 'invoice_lines') }}

),

final as (

    select
        invoice_line_id,
        account_id,
        metric,
        quantity,
        amount,
        currency,
        invoiced_at,
        {{ start_of('month', 'invoice_month') }} as invoice_month
    from invoice_lines

)

select * from final
