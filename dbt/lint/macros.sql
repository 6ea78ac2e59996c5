{#- What sqlfluff puts in for the project's macros, which need a running dbt. -#}
{% macro json_text(column, key) %}{{ column }}{% endmacro %}
{% macro json_number(column, key) %}{{ column }}{% endmacro %}
{% macro days_between(earlier, later) %}({{ later }} - {{ earlier }}){% endmacro %}
{% macro date_after(moment, days) %}({{ moment }} + {{ days }}){% endmacro %}
{% macro days_before(day, days) %}({{ day }} - {{ days }}){% endmacro %}
{% macro start_of(period, day) %}cast({{ day }} as date){% endmacro %}
{% macro next_start_of(period, day) %}cast({{ day }} as date){% endmacro %}
{% macro student_t_975(degrees_of_freedom) %}({{ degrees_of_freedom }}){% endmacro %}
{% macro rounded(value, digits) %}round({{ value }}, {{ digits }}){% endmacro %}
{% macro in_touched_days(signals) %}true{% endmacro %}
{% macro record_model_build() %}{% endmacro %}
{% macro json_first(column, outer, key) %}{{ column }}{% endmacro %}
{% macro log_bucket(value) %}({{ value }}){% endmacro %}
{% macro bucket_estimate(bucket) %}({{ bucket }}){% endmacro %}
{% macro milliseconds_between(earlier, later) %}({{ later }} - {{ earlier }}){% endmacro %}
{% macro median(value) %}median({{ value }}){% endmacro %}
{% macro held_until() %}valid_to{% endmacro %}
{% macro days_after(days, day) %}({{ day }} + {{ days }}){% endmacro %}
{% macro whole_days(first_day, end_day) %}({{ end_day }} - {{ first_day }}){% endmacro %}
{% macro hour_of(moment) %}({{ moment }}){% endmacro %}
{% macro local_date(moment, zone) %}cast({{ moment }} as date){% endmacro %}
{% macro start_of_local_day(day, zone) %}cast({{ day }} as timestamp){% endmacro %}
{% macro months_after(months, day) %}({{ day }} + {{ months }}){% endmacro %}
{% macro in_days_of_changed_zones() %}false{% endmacro %}
{% macro carried(column) %}max({{ column }}) over (partition by value_number){% endmacro %}
{% macro adds_up_over_regions(metric) %}true{% endmacro %}
{% macro divided(numerator, denominator) %}round({{ numerator }} / {{ denominator }}, 2){% endmacro %}
{% macro cost_weight(metric) %}cast(1 as double precision){% endmacro %}
{% macro is_high_value_tier(tier) %}({{ tier }} = ''){% endmacro %}
