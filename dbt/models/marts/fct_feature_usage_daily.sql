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
        feature_name,
        coalesce(service_name, '(unknown)') as service_name,
        coalesce(service_version, '(unknown)') as service_version,
        count(*) as uses,
        min(event_ts) as first_used_at,
        max(event_ts) as last_used_at
    from product_events
    where
        event_name = 'feature.used'
        and feature_name is not null
    group by
        event_date,
        region,
        tenant_id,
        feature_name,
        coalesce(service_name, '(unknown)'),
        coalesce(service_version, '(unknown)')

)

select * from final
