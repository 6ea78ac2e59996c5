{% macro student_t_975(degrees_of_freedom) -%}
    {#- Student's 97.5 % quantile; a projection has 3 to 14 days, so 1 to 12 degrees. -#}
    case {{ degrees_of_freedom }}
    {%- for quantile in [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788
    ] %}
        when {{ loop.index }} then {{ quantile }}
    {%- endfor %}
        else 1.96
    end
{%- endmacro %}
