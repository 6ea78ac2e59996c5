with

records as (

    select * from {{ source('bronze', 'otel_logs') }}

),

final as (

    select
        record_id,
        load_id,
        region,
        environment,
        received_at,
        event_ts,
        event_date,
        time_source,
        service_name,
        tenant_id,
        event_name,
        severity_number,
        severity_text,
        body,
        body_type,
        trace_id,
        span_id,
        log_attributes,
        resource_attributes,
        scope_name,
        coalesce(severity_number >= 17, false) as is_error,
        {{ json_text('log_attributes', 'error.type') }} as error_type,
        {{ json_text('log_attributes', 'exception.type') }} as exception_type,
        {{ json_text('resource_attributes', 'service.version') }} as service_version
    from records

)

select * from final
