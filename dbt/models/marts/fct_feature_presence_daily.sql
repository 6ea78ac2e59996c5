{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'signals': ['logs'], 'grain': 'presence'}
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
        enduser_pseudo_id,
        count(*) as uses
    from product_events
    where
        event_name = 'feature.used'
        and feature_name is not null
        and enduser_pseudo_id is not null
    group by
        event_date,
        region,
        tenant_id,
        feature_name,
        enduser_pseudo_id

)

select * from final
