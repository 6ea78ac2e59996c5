{% test at_least(model, column_name, minimum=0) %}
    {#- Fails with each row whose value lies below the minimum. -#}
    select * from {{ model }}
    where {{ column_name }} < {{ minimum }}
{% endtest %}
