{{ config(materialized='view') }}

with

session_days as (

    select * from {{ ref('int_session_days') }}

),

sessions as (

    select
        region,
        tenant_id,
        session_id,
        min(event_date) as event_date,
        max(enduser_pseudo_id) as enduser_pseudo_id,
        cast(sum(events) as bigint) as events,
        cast(sum(uses) as bigint) as uses,
        cast(sum(transformations) as bigint) as transformations,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from session_days
    group by
        region,
        tenant_id,
        session_id

),

final as (

    select
        event_date,
        region,
        tenant_id,
        session_id,
        enduser_pseudo_id,
        events,
        uses,
        transformations,
        started_at,
        ended_at,
        first_event_at,
        last_event_at,
        {{ milliseconds_between('first_event_at', 'last_event_at') }} as duration_ms,
        started_at is not null and ended_at is not null as is_whole
    from sessions

)

select * from final
