with

products as (

    select * from {{ source('sources', 'products') }}

),

final as (

    select
        product_id,
        product_name,
        family,
        plan,
        first_as_of,
        closed_as_of
    from products

)

select * from final
