with

extent as (

    select * from {{ ref('int_telemetry_extent') }}

),

digits as (

    {% for digit in range(10) -%}
        select {{ digit }} as digit
        {%- if not loop.last %} union all {% endif %}
    {% endfor %}

),

-- Ten thousand numbers: 27 years of days.
numbers as (

    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as n
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands

),

bounds as (

    select
        min(telemetry_from) as first_day,
        max(as_of_date) as last_day
    from extent

),

days as (

    select
        bounds.last_day,
        {{ days_after('numbers.n', 'bounds.first_day') }} as date_day
    from bounds
    cross join numbers
    where bounds.first_day is not null

),

final as (

    select
        date_day,
        {{ start_of('week', 'date_day') }} as week_start,
        date_day = last_day as is_last
    from days
    where date_day <= last_day

)

select * from final
