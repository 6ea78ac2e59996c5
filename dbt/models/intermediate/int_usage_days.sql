{{ config(materialized='table') }}

with

feature_usage as (

    select * from {{ ref('fct_feature_usage_daily') }}

),

resource_consumption as (

    select * from {{ ref('fct_resource_consumption_daily') }}

),

days as (

    select * from {{ ref('int_days') }}

),

-- Uses and quantities of one metric add up over regions; numbers of different metrics do not.
usage as (

    select
        tenant_id,
        'feature.used' as usage_metric,
        event_date,
        cast(uses as double precision) as quantity
    from feature_usage

    union all

    select
        tenant_id,
        resource_metric as usage_metric,
        event_date,
        cast(quantity as double precision) as quantity
    from resource_consumption

),

daily as (

    select
        tenant_id,
        usage_metric,
        event_date,
        sum(quantity) as quantity
    from usage
    where tenant_id <> '(unknown)'
    group by
        tenant_id,
        usage_metric,
        event_date

),

series as (

    select
        tenant_id,
        usage_metric,
        min(event_date) as first_day
    from daily
    group by
        tenant_id,
        usage_metric

),

-- A day without events is a day of no use; the data date may not be over, and so is left out.
final as (

    select
        series.tenant_id,
        series.usage_metric,
        days.date_day as event_date,
        days.week_start,
        coalesce(daily.quantity, 0) as quantity
    from series
    inner join days
        on
            series.first_day <= days.date_day
            and not days.is_last
    left join daily
        on
            series.tenant_id = daily.tenant_id
            and series.usage_metric = daily.usage_metric
            and days.date_day = daily.event_date

)

select * from final
