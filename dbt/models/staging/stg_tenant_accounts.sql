with

tenant_accounts as (

    select * from {{ source('sources', 'tenant_accounts') }}

),

final as (

    select
        tenant_id,
        account_id
    from tenant_accounts

)

select * from final
