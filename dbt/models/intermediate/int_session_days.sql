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
        session_id,
        max(enduser_pseudo_id) as enduser_pseudo_id,
        count(*) as events,
        count(case when event_name = 'feature.used' then 1 end) as uses,
        count(case when event_name = 'transformation.started' then 1 end) as transformations,
        min(case when event_name = 'session.start' then event_ts end) as started_at,
        max(case when event_name = 'session.end' then event_ts end) as ended_at,
        min(event_ts) as first_event_at,
        max(event_ts) as last_event_at
    from product_events
    where session_id is not null
    group by
        event_date,
        region,
        tenant_id,
        session_id

)

select * from final
