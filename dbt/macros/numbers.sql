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

{% macro divided(numerator, denominator) -%}
    {#- An exact quotient of an amount by a whole number, rounded half away from zero to 2 decimals. -#}
    {{ return(adapter.dispatch('divided', 'mainstem')(numerator, denominator)) }}
{%- endmacro %}

{% macro default__divided(numerator, denominator) -%}
    cast(round(({{ numerator }}) / ({{ denominator }}), 2) as decimal(28, 2))
{%- endmacro %}

{% macro duckdb__divided(numerator, denominator) -%}
    {#- It divides decimals as doubles, which may lie on the wrong side of a half: that is mended. -#}
    {%- set n = "abs(cast(" ~ numerator ~ " as decimal(38, 12)))" -%}
    {%- set d = "cast(" ~ denominator ~ " as decimal(12, 0))" -%}
    {%- set near = "cast(floor(100 * (" ~ n ~ " / " ~ d ~ ")) as decimal(24, 0))" -%}
    cast(
        sign({{ numerator }}) * (
            {{ near }}
            + case
                when 2 * (100 * {{ n }} - {{ near }} * {{ d }}) >= 3 * {{ d }} then 2
                when 2 * (100 * {{ n }} - {{ near }} * {{ d }}) >= {{ d }} then 1
                when 2 * (100 * {{ n }} - {{ near }} * {{ d }}) < -{{ d }} then -1
                else 0
            end
        ) * 0.01 as decimal(28, 2)
    )
{%- endmacro %}
