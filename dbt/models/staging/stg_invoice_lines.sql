with

invoice_lines as (

    select * from {{ source('sources', 'invoice_lines') }}

),

final as (

    select
        invoice_id,
        line_no,
        account_id,
        metric,
        quantity,
        net,
        currency,
        service_from,
        service_to,
        kind,
        invoiced_at,
        first_as_of,
        closed_as_of
    from invoice_lines

)

select * from final
