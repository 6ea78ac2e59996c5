{#-
    Invoice lines in the billing periods that they bill: whole where that is one, by days where it is
    several, in the calendar month in which their service begins where no contract has a period.
-#}
with

invoice_lines as (

    select
        *,
        coalesce(metric, '(no metric)') as billed_metric,
        greatest(service_to, {{ days_after(1, 'service_from') }}) as service_until
    from {{ ref('stg_invoice_lines') }}
    where closed_as_of is null

),

contracted_periods as (

    select * from {{ ref('int_contracted_periods') }}

),

invoice_postings as (

    select * from {{ ref('mart_invoice_postings') }}

),

repeats as (

    select
        *,
        count(*) over (
            partition by
                account_id, billed_metric, kind, service_from, service_to, quantity, net, currency
        ) as equal_lines
    from invoice_lines

),

in_periods as (

    select
        repeats.*,
        coalesce(contracted_periods.period_from, {{ start_of('month', 'repeats.service_from') }})
            as period_from,
        coalesce(contracted_periods.period_to, {{ next_start_of('month', 'repeats.service_from') }})
            as period_to,
        case
            when contracted_periods.period_from is null then 1
            else
                {{ whole_days(
                    'greatest(contracted_periods.period_from, repeats.service_from)',
                    'least(contracted_periods.period_to, repeats.service_until)'
                ) }}
        end as overlap_days
    from repeats
    left join contracted_periods
        on
            repeats.account_id = contracted_periods.account_id
            and repeats.billed_metric = contracted_periods.metric
            and repeats.service_from < contracted_periods.period_to
            and repeats.service_until > contracted_periods.period_from

),

-- Cents are dealt out by the running sum, so that none is lost.
running as (

    select
        *,
        cast(
            sum(overlap_days) over (
                partition by invoice_id, line_no
                order by period_from, period_to
            ) as bigint
        ) as days_until,
        cast(sum(overlap_days) over (partition by invoice_id, line_no) as bigint) as days_in_all
    from in_periods

),

dealt as (

    select
        *,
        case
            when days_in_all = overlap_days then cast(round(net, 2) as decimal(28, 2))
            else
                {{ divided('net * days_until', 'days_in_all') }}
                - {{ divided('net * (days_until - overlap_days)', 'days_in_all') }}
        end as period_net,
        case
            when days_in_all = overlap_days then quantity
            else cast(quantity * overlap_days / days_in_all as decimal(28, 6))
        end as period_quantity
    from running

),

posted as (

    select
        dealt.*,
        invoice_postings.reason as posting_reason,
        case
            when invoice_postings.reason = 'not_due' then null
            when invoice_postings.posted_net = invoice_postings.invoiced_net then dealt.period_net
            when invoice_postings.invoiced_net = 0 then 0
            else
                cast(
                    round(
                        dealt.period_net
                        * invoice_postings.posted_net
                        / invoice_postings.invoiced_net,
                        2
                    ) as decimal(28, 2)
                )
        end as posted_net
    from dealt
    left join invoice_postings on dealt.invoice_id = invoice_postings.invoice_id

),

final as (

    select
        account_id,
        billed_metric as metric,
        period_from,
        period_to,
        count(*) as invoice_lines,
        cast(sum(period_quantity) as decimal(28, 6)) as quantity,
        cast(sum(case when kind = 'invoice' then period_net else 0 end) as decimal(28, 2))
            as invoiced_net,
        cast(sum(case when kind = 'credit_note' then period_net else 0 end) as decimal(28, 2))
            as credited_net,
        cast(sum(posted_net) as decimal(28, 2)) as posted_net,
        min(currency) as currency,
        min(currency) <> max(currency) as has_mixed_currencies,
        max(case when kind = 'invoice' then equal_lines else 1 end) > 1 as has_equal_lines,
        max(case when posting_reason in ('matches', 'not_due') then 0 else 1 end) = 1
            as has_posting_trouble,
        cast(min(case when kind = 'invoice' then invoiced_at end) as date) as first_invoiced_on
    from posted
    group by
        account_id,
        billed_metric,
        period_from,
        period_to

)

select * from final
