with

records as (

    select * from {{ source('bronze', 'otel_spans') }}

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
        trace_id,
        span_id,
        parent_span_id,
        name as span_name,
        kind as span_kind,
        duration_time_unix_nano as duration_ns,
        status_code,
        status_message,
        span_attributes,
        resource_attributes,
        scope_name,
        coalesce(status_code = 2, false) as is_error,
        {{ json_text('span_attributes', 'error.type') }} as error_type
    from records

)

select * from final
