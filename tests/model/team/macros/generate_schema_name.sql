{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ mainstem.generate_schema_name(custom_schema_name, node) }}
{%- endmacro %}
