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

{% macro median(value) -%}
    {#- The median of a group as a double; between the middle two where they are an even number. -#}
    {{ return(adapter.dispatch('median', 'mainstem')(value)) }}
{%- endmacro %}

{% macro default__median(value) -%}
    median(cast({{ value }} as double precision))
{%- endmacro %}

{% macro postgres__median(value) -%}
    percentile_cont(0.5) within group (order by cast({{ value }} as double precision))
{%- endmacro %}

{% macro spark__median(value) -%}
    percentile(cast({{ value }} as double), 0.5)
{%- endmacro %}
