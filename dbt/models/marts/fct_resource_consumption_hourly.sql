{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['logs'], 'grain': 'hour', 'publish': 'evidence', 'evidence_days': 62}
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
        {{ hour_of('event_ts') }} as event_hour,
        region,
        tenant_id,
        resource_metric,
        cast(sum(resource_quantity) as decimal(28, 6)) as quantity
    from product_events
    where
        event_name = 'resource.consumed'
        and resource_metric is not null
        and resource_quantity is not null
    group by
        event_date,
        {{ hour_of('event_ts') }},
        region,
        tenant_id,
        resource_metric

)

select * from final
