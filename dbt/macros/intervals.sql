{% macro held_until() -%}
    {#-
        The day after the last on which a row of a business table with dates of its own held: its own
        valid_to, or the day on which its source no longer had it.
    -#}
    greatest(
        valid_from,
        least(
            coalesce(valid_to, date '9999-12-31'),
            coalesce(cast(closed_as_of as date), date '9999-12-31')
        )
    )
{%- endmacro %}
