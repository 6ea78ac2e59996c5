{% test one_row_per(model, columns, rebuilt_days_only=false) %}
    {#- Fails with each combination of the columns that occurs more than once. -#}
    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    {% if rebuilt_days_only %}where {{ days_of_last_build(model.identifier) }}{% endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
