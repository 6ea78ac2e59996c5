{% macro carried(column) -%}
    {#- The last known value of a series of days, put where value_number counts the known ones. -#}
    max({{ column }}) over (
        partition by customer_key, metric, tenant_id, series_region, value_number
    )
{%- endmacro %}

{% macro adds_up_over_regions(metric) -%}
    {#-
        Whether a level counts what one region has, so that regions add up; one of the variable
        tenant_scoped_metrics counts the whole tenant wherever it is reported.
    -#}
    {%- set scoped = var('tenant_scoped_metrics') -%}
    {%- if scoped -%}
    {{ metric }} not in ('{{ scoped | join("', '") }}')
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{% macro cost_weight(metric) -%}
    {#- How much a metric weighs in a region's bill (the variable cost_weights); alike by default. -#}
    {%- if var('cost_weights') -%}
    cast(
        case {{ metric }}
            {%- for name, weight in var('cost_weights').items() %}
            when '{{ name }}' then {{ weight }}
            {%- endfor %}
            else 0
        end as double precision
    )
    {%- else -%}
    cast(1 as double precision)
    {%- endif -%}
{%- endmacro %}

{% macro is_high_value_tier(tier) -%}
    {#- Whether the CRM's tier is one of the variable high_value_tiers, in any case. -#}
    lower({{ tier }}) in ('{{ var('high_value_tiers') | map('lower') | join("', '") }}')
{%- endmacro %}
