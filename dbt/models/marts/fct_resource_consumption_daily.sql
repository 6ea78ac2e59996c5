{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['logs']}
    )
}}

with

product_events as (

    select * from {{ ref('int_product_events') }}
    where {{ in_touched_days(['logs']) }}

),

final as (

    select
        event_date,
        region,
        tenant_id,
        resource_metric,
        count(*) as events,
        cast(sum(resource_quantity) as decimal(28, 6)) as quantity,
        min(event_ts) as first_consumed_at,
        max(event_ts) as last_consumed_at
    from product_events
    where
        event_name = 'resource.consumed'
        and resource_metric is not null
        and resource_quantity is not null
    group by
        event_date,
        region,
        tenant_id,
        resource_metric

)

select * from final
