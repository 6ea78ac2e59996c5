with usage as (

    select * from {{ ref('mainstem', 'fct_license_usage_daily') }}

),

final as (

    select
        region,
        tenant_id,
        cast(count(*) as bigint) as reports
    from usage
    group by region, tenant_id

)

select * from final
