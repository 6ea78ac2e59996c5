with

accounts as (

    select * from {{ source('sources', 'accounts') }}

),

final as (

    select
        account_id,
        account_name,
        industry,
        plan,
        region as account_region
    from accounts

)

select * from final
