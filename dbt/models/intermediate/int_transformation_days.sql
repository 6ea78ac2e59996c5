{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'publish': none, 'signals': ['logs'], 'grain': 'presence'}
    )
}}

with

product_events as (

    select * from {{ ref('int_product_events') }}
    where {{ in_touched_days(['logs']) }}

),

transformation_events as (

    select
        *,
        event_name = 'transformation.started' as is_start,
        event_name = 'transformation.completed' as is_completion,
        event_name = 'transformation.failed' as is_failure
    from product_events
    where
        event_name in (
            'transformation.started', 'transformation.completed', 'transformation.failed'
        )
        and transformation_id is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by event_date, region, tenant_id, transformation_id, is_failure
            order by event_ts desc, record_id desc
        ) as events_from_last
    from transformation_events

),

final as (

    select
        event_date,
        region,
        tenant_id,
        transformation_id,
        max(transformation_kind) as transformation_kind,
        max(service_name) as service_name,
        max(service_version) as service_version,
        count(case when is_start then 1 end) as starts,
        count(case when is_completion then 1 end) as completions,
        count(case when is_failure then 1 end) as failures,
        min(case when is_start then event_ts end) as first_started_at,
        max(case when is_completion then event_ts end) as last_completed_at,
        max(case when is_failure then event_ts end) as last_failed_at,
        max(case when is_failure and events_from_last = 1 then error_type end) as last_error_type,
        max(case when not is_completion then transformation_records end) as records_in,
        max(case when is_completion then transformation_records end) as records_out
    from ranked
    group by
        event_date,
        region,
        tenant_id,
        transformation_id

)

select * from final
