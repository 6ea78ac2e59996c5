with

postings as (

    select * from {{ source('sources', 'postings') }}

),

final as (

    select
        batch,
        line_no,
        invoice_id,
        debtor_no,
        amount,
        gross,
        debit_credit,
        currency,
        posted_on,
        first_as_of,
        closed_as_of
    from postings

)

select * from final
