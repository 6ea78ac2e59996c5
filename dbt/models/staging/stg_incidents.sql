with

incidents as (

    select * from {{ source('sources', 'incidents') }}

),

final as (

    select
        incident_id,
        region,
        service,
        started_at,
        ended_at,
        severity,
        first_as_of,
        closed_as_of
    from incidents

)

select * from final
