{#-
    What tenants used, in parts that add up: by the day in UTC that storage and loads know, the day
    of the account's billing zone that business knows, and the day of receipt. A billing day in
    Adelaide lies on two days in UTC and has a part for each.
-#}
{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days_and_zones',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['logs']}
    )
}}

with

product_events as (

    select * from {{ ref('int_product_events') }}
    where {{ in_touched_days(['logs']) }} or {{ in_days_of_changed_zones() }}

),

tenant_accounts as (

    select * from {{ ref('int_tenant_accounts') }}

),

metered_events as (

    select
        record_id,
        event_date,
        region,
        event_ts,
        received_at,
        tenant_id,
        license_metric as metric,
        'level' as usage_kind,
        license_used as quantity,
        license_limit as reported_limit,
        case when license_period in ('day', 'month', 'year') then license_period else 'total' end
            as license_period
    from product_events
    where
        event_name = 'license.usage'
        and license_metric is not null
        and license_used is not null

    union all

    select
        record_id,
        event_date,
        region,
        event_ts,
        received_at,
        tenant_id,
        resource_metric as metric,
        'delta' as usage_kind,
        resource_quantity as quantity,
        cast(null as decimal(28, 6)) as reported_limit,
        cast(null as varchar(255)) as license_period
    from product_events
    where
        event_name = 'resource.consumed'
        and resource_metric is not null
        and resource_quantity is not null

),

zoned as (

    select
        metered_events.*,
        cast(metered_events.received_at as date) as received_on,
        coalesce(tenant_accounts.billing_timezone, 'UTC') as billing_timezone,
        {{ local_date(
            'metered_events.event_ts', "coalesce(tenant_accounts.billing_timezone, 'UTC')"
        ) }} as billing_date
    from metered_events
    left join tenant_accounts
        on
            metered_events.tenant_id = tenant_accounts.tenant_id
            and metered_events.event_ts >= tenant_accounts.starts_at
            and metered_events.event_ts < tenant_accounts.ends_at

),

ordered as (

    select
        *,
        row_number() over (
            partition by
                event_date, region, tenant_id, metric, usage_kind, billing_date, billing_timezone,
                received_on
            order by event_ts desc, record_id desc
        ) as event_from_last
    from zoned

),

final as (

    select
        event_date,
        region,
        tenant_id,
        metric,
        usage_kind,
        billing_date,
        billing_timezone,
        received_on,
        count(*) as events,
        max(case when event_from_last = 1 then quantity end) as used_last,
        max(quantity) as used_max,
        cast(sum(quantity) as decimal(28, 6)) as used_sum,
        max(case when event_from_last = 1 then reported_limit end) as reported_limit,
        min(reported_limit) as reported_limit_min,
        max(reported_limit) as reported_limit_max,
        max(case when event_from_last = 1 then license_period end) as license_period,
        max(event_ts) as last_reported_at,
        max(case when event_from_last = 1 then record_id end) as last_record_id
    from ordered
    group by
        event_date,
        region,
        tenant_id,
        metric,
        usage_kind,
        billing_date,
        billing_timezone,
        received_on

)

select * from final
