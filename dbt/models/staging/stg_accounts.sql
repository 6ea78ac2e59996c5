with

accounts as (

    select * from {{ source('sources', 'accounts') }}

),

final as (

    select
        account_id,
        account_name,
        industry,
        segment,
        tier,
        owner,
        region,
        first_as_of,
        closed_as_of
    from accounts

)

select * from final
