"""The packaged vocabulary is whole, and says what the rooms that read it rely on."""

import json
from importlib.resources import files

import jsonschema
import pytest
from ruamel.yaml import YAML

from mainstem.vocabulary import load_vocabulary


@pytest.fixture(scope="module")
def vocabulary():
    return load_vocabulary()


def test_the_file_fits_its_schema():
    package = files("mainstem")
    schema = json.loads(package.joinpath("vocabulary.schema.json").read_text(encoding="utf-8"))
    document = YAML(typ="safe", pure=True).load(
        package.joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    )
    jsonschema.validate(document, schema)


def test_events_use_defined_attributes_only(vocabulary):
    for event in vocabulary.events.values():
        assert set(event.required) | set(event.optional) <= set(vocabulary.attributes), event.name


def test_every_key_means_one_attribute(vocabulary):
    keys = [key for attribute in vocabulary.attributes.values() for key in attribute.keys]
    assert len(keys) == len(set(keys))


def test_tenant_aliases_come_after_the_key_itself(vocabulary):
    assert vocabulary.promoted("tenant.id") == [
        "tenant.id",
        "customer.id",
        "account.id",
        "organization.id",
    ]


def test_identifiers_hold_aliases_and_no_person(vocabulary):
    assert {"tenant.id", "customer.id", "feature.name"} <= set(vocabulary.identifiers)
    assert not {"session.id", "enduser.pseudo.id"} & set(vocabulary.identifiers)


def test_business_keys_are_columns(vocabulary):
    for table in vocabulary.business.values():
        columns = {column.name for column in table.columns}
        assert columns >= {*table.key, *(table.interval or ())}, table.name
