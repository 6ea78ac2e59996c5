with

releases as (

    select * from {{ source('sources', 'releases') }}

),

final as (

    select
        service,
        version,
        region,
        released_at,
        first_as_of,
        closed_as_of
    from releases

)

select * from final
