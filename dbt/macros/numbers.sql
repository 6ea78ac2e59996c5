{% macro rounded(value, digits) -%}
    {#- A double, rounded to decimal places. -#}
    {{ return(adapter.dispatch('rounded', 'mainstem')(value, digits)) }}
{%- endmacro %}

{% macro default__rounded(value, digits) -%}
    round({{ value }}, {{ digits }})
{%- endmacro %}

{% macro postgres__rounded(value, digits) -%}
    {#- PostgreSQL rounds numerics alone. -#}
    cast(round(cast({{ value }} as numeric), {{ digits }}) as double precision)
{%- endmacro %}
