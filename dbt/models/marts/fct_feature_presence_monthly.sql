{#- Months that decay has put together, and those that its days still tell (docs/decay.md). -#}
{{ config(materialized='view') }}

with

presence as (

    select * from {{ ref('fct_feature_presence_daily') }}

),

presence_months as (

    select * from {{ source('bronze', 'presence_months') }}

),

parts as (

    select
        {{ start_of('month', 'event_date') }} as month_start,
        region,
        tenant_id,
        feature_name,
        enduser_pseudo_id,
        uses
    from presence

    union all

    select
        month_start,
        region,
        tenant_id,
        feature_name,
        enduser_pseudo_id,
        uses
    from presence_months

),

final as (

    select
        month_start,
        region,
        tenant_id,
        feature_name,
        enduser_pseudo_id,
        cast(sum(uses) as bigint) as uses
    from parts
    group by
        month_start,
        region,
        tenant_id,
        feature_name,
        enduser_pseudo_id

)

select * from final
