{#- Reconciles what was invoiced with what accounting posted, net, invoice by invoice. -#}
with

invoice_lines as (

    select * from {{ ref('stg_invoice_lines') }}
    where closed_as_of is null

),

postings as (

    select * from {{ ref('stg_postings') }}
    where closed_as_of is null

),

tenant_accounts as (

    select * from {{ ref('stg_map_tenant_account') }}

),

invoices as (

    select
        invoice_id,
        min(account_id) as account_id,
        min(invoiced_at) as invoiced_at,
        min(currency) as currency,
        min(currency) <> max(currency) as has_mixed_currencies,
        cast(round(sum(net), 2) as decimal(28, 2)) as invoiced_net
    from invoice_lines
    group by invoice_id

),

posted as (

    select
        invoice_id,
        count(*) as postings,
        min(debtor_no) as debtor_no,
        min(posted_on) as posted_on,
        min(currency) as currency,
        min(currency) <> max(currency) as has_mixed_currencies,
        cast(
            round(sum(case when debit_credit = 'H' then -amount else amount end), 2)
            as decimal(28, 2)
        ) as posted_net
    from postings
    group by invoice_id

),

-- Accounting works in batches: what was invoiced after the newest posting is not due yet.
newest as (

    select max(posted_on) as posted_until from postings

),

debtors as (

    select distinct
        account_id,
        debtor_no
    from tenant_accounts
    where debtor_no is not null

),

joined as (

    select
        invoices.account_id,
        invoices.invoiced_at,
        invoices.invoiced_net,
        posted.postings,
        posted.debtor_no,
        posted.posted_on,
        posted.posted_net,
        invoices.invoice_id is not null as is_invoiced,
        coalesce(posted.postings, 0) > 0 as is_posted,
        coalesce(invoices.invoice_id, posted.invoice_id) as invoice_id,
        coalesce(invoices.currency, posted.currency) as currency,
        coalesce(
            invoices.has_mixed_currencies
            or posted.has_mixed_currencies
            or invoices.currency <> posted.currency,
            false
        ) as is_other_currency,
        coalesce(cast(invoices.invoiced_at as date) > newest.posted_until, true) as is_not_due,
        posted.debtor_no in (select debtors.debtor_no from debtors) as is_known_debtor,
        own_debtors.debtor_no is not null as is_own_debtor
    from invoices
    full outer join posted on invoices.invoice_id = posted.invoice_id
    left join newest on true
    left join debtors as own_debtors
        on
            invoices.account_id = own_debtors.account_id
            and posted.debtor_no = own_debtors.debtor_no

),

reasoned as (

    select
        *,
        case
            when not is_invoiced then 'unknown_invoice'
            when not is_posted and is_not_due then 'not_due'
            when not is_posted then 'not_posted'
            when is_other_currency then 'currency_differs'
            when is_known_debtor and not is_own_debtor then 'other_debtor'
            when
                posted_net <> invoiced_net
                and invoiced_net <> 0
                and posted_net = invoiced_net * postings
                then 'posted_twice'
            when posted_net <> invoiced_net then 'amount_differs'
            else 'matches'
        end as reason
    from joined

),

final as (

    select
        invoice_id,
        account_id,
        debtor_no,
        cast(invoiced_at as date) as invoiced_on,
        posted_on,
        currency,
        cast(coalesce(invoiced_net, 0) as decimal(28, 2)) as invoiced_net,
        cast(coalesce(posted_net, 0) as decimal(28, 2)) as posted_net,
        coalesce(postings, 0) as postings,
        case
            when reason not in ('not_due', 'currency_differs')
                then cast(coalesce(posted_net, 0) - coalesce(invoiced_net, 0) as decimal(28, 2))
        end as difference,
        reason
    from reasoned

)

select * from final
