{#- A region's bill is split by consumption, and to the cent (docs/answers.md). -#}
with

region_bills as (

    select * from {{ ref('stg_region_bills') }}
    where closed_as_of is null

),

consumption as (

    select * from {{ ref('fct_resource_consumption_daily') }}

),

tenants as (

    select * from {{ ref('dim_tenant') }}

),

tenant_months as (

    select
        region,
        tenant_id,
        resource_metric,
        {{ start_of('month', 'event_date') }} as bill_month,
        sum(quantity) as quantity
    from consumption
    group by
        region,
        tenant_id,
        resource_metric,
        {{ start_of('month', 'event_date') }}
    having sum(quantity) > 0

),

-- Units differ from metric to metric, so each metric is a share, and metrics weigh as the variable
-- cost_weights says: alike, where it says nothing.
metric_shares as (

    select
        region,
        bill_month,
        tenant_id,
        resource_metric,
        cast(quantity as double precision)
        / cast(
            sum(quantity) over (partition by region, bill_month, resource_metric)
            as double precision
        ) as metric_share,
        {{ cost_weight('resource_metric') }} as weight
    from tenant_months

),

metric_weights as (

    select
        region,
        bill_month,
        sum(weight) as weights
    from (
        select distinct
            region,
            bill_month,
            resource_metric,
            weight
        from metric_shares
    ) as metrics
    group by
        region,
        bill_month

),

tenant_shares as (

    select
        metric_shares.region,
        metric_shares.bill_month,
        metric_shares.tenant_id,
        cast(
            sum(metric_shares.metric_share * metric_shares.weight) / max(metric_weights.weights)
            as decimal(18, 12)
        ) as share
    from metric_shares
    inner join metric_weights
        on
            metric_shares.region = metric_weights.region
            and metric_shares.bill_month = metric_weights.bill_month
    where metric_weights.weights > 0
    group by
        metric_shares.region,
        metric_shares.bill_month,
        metric_shares.tenant_id
    having sum(metric_shares.metric_share * metric_shares.weight) > 0

),

-- Cents are dealt out by the running sum of shares, so that none is lost.
running as (

    select
        region_bills.region,
        region_bills.bill_month,
        region_bills.currency,
        region_bills.amount,
        tenant_shares.tenant_id,
        tenant_shares.share,
        sum(tenant_shares.share) over (
            partition by region_bills.region, region_bills.bill_month, region_bills.currency
            order by tenant_shares.tenant_id
        ) as share_until,
        sum(tenant_shares.share) over (
            partition by region_bills.region, region_bills.bill_month, region_bills.currency
        ) as shares
    from region_bills
    left join tenant_shares
        on
            region_bills.region = tenant_shares.region
            and region_bills.bill_month = tenant_shares.bill_month

),

dealt as (

    select
        *,
        case
            when tenant_id is null or share_until = shares
                then cast(round(amount, 2) as decimal(28, 2))
            else
                cast(
                    round(amount * cast(share_until as decimal(18, 12)), 2) as decimal(28, 2)
                )
        end as amount_until
    from running

),

final as (

    select
        dealt.region,
        dealt.bill_month,
        dealt.currency,
        coalesce(dealt.tenant_id, '(unallocated)') as tenant_id,
        tenants.account_id,
        tenants.account_name,
        case
            when dealt.tenant_id is null then '(unallocated)'
            else coalesce(tenants.tenant_class, 'unmapped')
        end as tenant_class,
        {{ rounded('cast(coalesce(dealt.share, 1) as double precision)', 6) }} as consumption_share,
        cast(round(dealt.amount, 2) as decimal(28, 2)) as bill_amount,
        cast(
            dealt.amount_until - coalesce(
                lag(dealt.amount_until) over (
                    partition by dealt.region, dealt.bill_month, dealt.currency
                    order by dealt.tenant_id
                ), 0
            ) as decimal(28, 2)
        ) as allocated_amount
    from dealt
    left join tenants on dealt.tenant_id = tenants.tenant_id

)

select * from final
