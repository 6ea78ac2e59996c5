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
        {{ json_text('span_attributes', 'error.type') }} as error_type,
        {{ json_first('events_json', 'attributes', 'exception.type') }} as exception_type,
        {{ json_text('span_attributes', 'http.request.method') }} as http_method,
        {{ json_text('span_attributes', 'http.route') }} as http_route,
        {{ json_text('span_attributes', 'rpc.method') }} as rpc_method,
        {{ json_text('resource_attributes', 'service.version') }} as service_version
    from records

)

select * from final
