{% macro days_between(earlier, later) -%}
    {#- How many days, as a double, lie between two timestamps. -#}
    {{ return(adapter.dispatch('days_between', 'mainstem')(earlier, later)) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    (cast(extract(epoch from {{ later }} - {{ earlier }}) as double precision) / 86400.0)
{%- endmacro %}

{% macro duckdb__days_between(earlier, later) -%}
    ((epoch_us({{ later }}) - epoch_us({{ earlier }})) / 86400000000.0)
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    ((unix_micros({{ later }}) - unix_micros({{ earlier }})) / 86400000000.0)
{%- endmacro %}

{% macro milliseconds_between(earlier, later) -%}
    {#- How many whole milliseconds lie between two timestamps. -#}
    {{ return(adapter.dispatch('milliseconds_between', 'mainstem')(earlier, later)) }}
{%- endmacro %}

{% macro default__milliseconds_between(earlier, later) -%}
    cast(floor(extract(epoch from {{ later }} - {{ earlier }}) * 1000) as bigint)
{%- endmacro %}

{% macro duckdb__milliseconds_between(earlier, later) -%}
    cast(floor((epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1000) as bigint)
{%- endmacro %}

{% macro spark__milliseconds_between(earlier, later) -%}
    cast(floor((unix_micros({{ later }}) - unix_micros({{ earlier }})) / 1000) as bigint)
{%- endmacro %}

{% macro date_after(moment, days) -%}
    {#- The day on which a number of days (a double) after a timestamp falls. -#}
    {{ return(adapter.dispatch('date_after', 'mainstem')(moment, days)) }}
{%- endmacro %}

{% macro default__date_after(moment, days) -%}
    cast({{ moment }} + {{ days }} * interval '1 day' as date)
{%- endmacro %}

{% macro duckdb__date_after(moment, days) -%}
    cast({{ moment }} + to_microseconds(cast({{ days }} * 86400000000 as bigint)) as date)
{%- endmacro %}

{% macro spark__date_after(moment, days) -%}
    cast(timestamp_micros(unix_micros({{ moment }}) + cast({{ days }} * 86400000000 as bigint)) as date)
{%- endmacro %}

{% macro days_before(day, days) -%}
    {#- The date that lies a whole number of days before another. -#}
    cast({{ dbt.dateadd('day', -days, day) }} as date)
{%- endmacro %}

{% macro days_after(days, day) -%}
    {#- The date that lies a whole number of days after another. -#}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{% macro months_after(months, day) -%}
    {#-
        The same day of the month, a number of months (may be a column) later; the month's last day
        where it has no such day.
    -#}
    cast({{ dbt.dateadd('month', months, day) }} as date)
{%- endmacro %}

{% macro whole_days(first_day, end_day) -%}
    {#- How many days the half open interval from one date to another has. -#}
    {{ return(adapter.dispatch('whole_days', 'mainstem')(first_day, end_day)) }}
{%- endmacro %}

{% macro default__whole_days(first_day, end_day) -%}
    cast(cast({{ end_day }} as date) - cast({{ first_day }} as date) as bigint)
{%- endmacro %}

{% macro spark__whole_days(first_day, end_day) -%}
    cast(datediff({{ end_day }}, {{ first_day }}) as bigint)
{%- endmacro %}

{% macro start_of(period, day) -%}
    {#- The first day of the day, week (ISO: Monday), month or year that a date lies in. -#}
    cast({{ dbt.date_trunc(period, day) }} as date)
{%- endmacro %}

{% macro next_start_of(period, day) -%}
    cast({{ dbt.dateadd(period, 1, dbt.date_trunc(period, day)) }} as date)
{%- endmacro %}

{% macro hour_of(moment) -%}
    {#- The hour of the day, 0 to 23, that a UTC timestamp lies in. -#}
    cast(extract(hour from {{ moment }}) as integer)
{%- endmacro %}
