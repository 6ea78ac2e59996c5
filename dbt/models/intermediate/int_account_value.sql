{#- Which accounts count as of high value: by the CRM's tier, and by MRR where it gives none. -#}
with

mrr as (

    select * from {{ ref('fct_mrr_monthly') }}

),

accounts as (

    select * from {{ ref('dim_account') }}
    where is_current

),

last_months as (

    select
        account_id,
        max(mrr_month) as mrr_month
    from mrr
    group by account_id

),

newest as (

    select max(mrr_month) as mrr_month from mrr

),

-- Where zones differ, one account's last month may be over and another's not yet.
account_mrr as (

    select
        mrr.account_id,
        mrr.mrr_month,
        case when count(mrr.reporting_mrr) = count(*) then sum(mrr.reporting_mrr) end
            as reporting_mrr,
        max(mrr.reporting_currency) as reporting_currency
    from mrr
    inner join last_months
        on
            mrr.account_id = last_months.account_id
            and mrr.mrr_month = last_months.mrr_month
    cross join newest
    where mrr.mrr_month >= {{ months_after(-1, 'newest.mrr_month') }}
    group by
        mrr.account_id,
        mrr.mrr_month
    having sum(mrr.mrr) > 0

),

ranked as (

    select
        account_mrr.*,
        accounts.account_name,
        accounts.industry,
        accounts.segment,
        accounts.tier,
        accounts.account_region,
        row_number() over (
            order by account_mrr.reporting_mrr desc nulls last, account_mrr.account_id asc
        ) as mrr_place,
        count(account_mrr.reporting_mrr) over () as ranked_accounts
    from account_mrr
    left join accounts on account_mrr.account_id = accounts.account_id

),

final as (

    select
        account_id,
        account_name,
        industry,
        segment,
        tier,
        account_region,
        mrr_month,
        cast(reporting_mrr as decimal(28, 6)) as reporting_mrr,
        reporting_currency,
        case
            when tier is not null then {{ is_high_value_tier('tier') }}
            else reporting_mrr is not null and (mrr_place - 1) * 10 < ranked_accounts
        end as is_high_value,
        case when tier is not null then 'tier' else 'mrr' end as valued_by
    from ranked

)

select * from final
