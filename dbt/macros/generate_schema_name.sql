{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- Schemas are layers (silver, gold), the same in every environment: a warehouse is one. -#}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
