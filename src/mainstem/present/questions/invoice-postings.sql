-- order: 8
-- question: Does accounting have what was invoiced?
-- about: Invoices and credit notes whose net amount differs from what was posted; what agrees or is not due is left out.
-- empty: Accounting agrees with every invoice that is due.
-- table: invoice_id as invoice, account_id as account, invoiced_on as invoiced on, invoiced_net as invoiced, posted_net as posted, difference, currency, reason
-- others: select reason, count(*) from gold.mart_invoice_postings group by all order by 1
select
    invoice_id,
    account_id,
    debtor_no,
    invoiced_on,
    posted_on,
    currency,
    invoiced_net,
    posted_net,
    postings,
    difference,
    reason
from gold.mart_invoice_postings
where reason not in ('matches', 'not_due')
order by invoiced_on desc nulls last, invoice_id asc
