{{
    config(
        materialized='incremental',
        incremental_strategy='touched_days',
        on_schema_change='append_new_columns',
        post_hook="{{ record_model_build() }}",
        meta={'publish': 'evidence', 'evidence_days': 62, 'signals': ['logs'], 'grain': 'detail'}
    )
}}

with

logs as (

    select * from {{ ref('stg_logs') }}
    where {{ in_touched_days(['logs']) }}

),

final as (

    select
        record_id,
        load_id,
        event_date,
        region,
        event_ts,
        received_at,
        service_name,
        service_version,
        event_name,
        error_type,
        {{ json_text('log_attributes', 'feature.name') }} as feature_name,
        {{ json_text('log_attributes', 'license.metric') }} as license_metric,
        {{ json_number('log_attributes', 'license.used') }} as license_used,
        {{ json_number('log_attributes', 'license.limit') }} as license_limit,
        {{ json_text('log_attributes', 'license.period') }} as license_period,
        {{ json_text('log_attributes', 'resource.metric') }} as resource_metric,
        {{ json_number('log_attributes', 'resource.quantity') }} as resource_quantity,
        {{ json_text('log_attributes', 'resource.unit') }} as resource_unit,
        {{ json_text('log_attributes', 'transformation.id') }} as transformation_id,
        {{ json_text('log_attributes', 'transformation.kind') }} as transformation_kind,
        {{ json_number('log_attributes', 'transformation.records') }} as transformation_records,
        {{ json_text('log_attributes', 'session.id') }} as session_id,
        {{ json_text('log_attributes', 'enduser.pseudo.id') }} as enduser_pseudo_id,
        coalesce(tenant_id, '(unknown)') as tenant_id
    from logs
    where
        event_name in (
            'feature.used',
            'license.usage',
            'resource.consumed',
            'transformation.started',
            'transformation.completed',
            'transformation.failed',
            'session.start',
            'session.end'
        )

)

select * from final
