{% test true_for_every_row(model, condition) %}
    {#- Fails with each row for which the condition is false; null passes. -#}
    select * from {{ model }}
    where not ({{ condition }})
{% endtest %}
