"""Accounts by address, and the conditional create that everything written once rests on."""

from __future__ import annotations

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mainstem.errors import UsageError
from mainstem.store import (
    Account,
    ContainerMissing,
    ContentConflict,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)
from mainstem.store.azure import AzureAccount


@pytest.fixture(params=["file", "memory", "azurite"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Account:
    match request.param:
        case "file":
            return Account.open("file:store", tmp_path)
        case "memory":
            return Account.open(f"memory://{tmp_path}")
        case _:
            return Account.open(request.getfixturevalue("azurite_account"))


def test_created_objects_are_listed_in_order_and_read_back(account: Account) -> None:
    account.ensure_container("logs")
    logs = account.container("logs")
    names = ["2026/11/24/b.json", "2026/11/24/a-1.json", "2026/11/23/c.json", "x.json"]
    for name in names:
        assert logs.create(name, name.encode())
    assert [info.name for info in logs.list()] == sorted(names)
    assert [info.name for info in logs.list("2026")] == sorted(names)[:3]
    assert [info.name for info in logs.list(after="2026/11/24/a-1.json")] == [
        "2026/11/24/b.json",
        "x.json",
    ]
    assert logs.read("x.json") == b"x.json"
    found = logs.head("x.json")
    assert found is not None
    assert found.bytes == 6
    assert logs.head("y.json") is None
    with pytest.raises(ObjectMissing, match=r"logs/y\.json"):
        logs.read("y.json")


def test_a_name_is_written_once(account: Account) -> None:
    account.ensure_container("logs")
    logs = account.container("logs")
    assert logs.create("a.json", b"one") is True
    assert logs.create("a.json", b"one") is False
    with pytest.raises(ContentConflict, match="nothing was overwritten"):
        logs.create("a.json", b"two")
    assert logs.read("a.json") == b"one"


def test_of_racing_creators_one_writes(account: Account) -> None:
    account.ensure_container("logs")
    logs = account.container("logs")
    with ThreadPoolExecutor(8) as threads:
        written = list(threads.map(lambda _: logs.create("a.json", b"same"), range(8)))
    assert sorted(written) == [False] * 7 + [True]


def test_a_container_is_created_once(azurite_account: str) -> None:
    account = Account.open(azurite_account)
    with pytest.raises(ContainerMissing, match="az storage container create --name logs"):
        account.container("logs").create("a.json", b"x")
    assert list(account.container("logs").list()) == []
    assert account.ensure_container("logs") is True
    assert account.ensure_container("logs") is False
    assert account.container("logs").create("a.json", b"x")


def test_forbidden_creation_names_the_command(azurite_account: str) -> None:
    key = next(part for part in azurite_account.split(";") if part.startswith("AccountKey="))
    account = Account.open(azurite_account.replace(key, "AccountKey=d3Jvbmc="))
    with pytest.raises(ContainerMissing, match=r"az storage container create --name logs \\?"):
        account.ensure_container("logs")


def test_who_may_create_no_container_goes_on_with_one_that_is_there(azurite_account: str) -> None:
    Account.open(azurite_account).ensure_container("logs")
    parts = dict(part.split("=", 1) for part in azurite_account.strip(";").split(";"))
    sas = signature(parts["AccountName"], parts["AccountKey"])
    account = Account.open(f"BlobEndpoint={parts['BlobEndpoint']};SharedAccessSignature={sas}")
    assert account.ensure_container("logs") is False
    with pytest.raises(StoreRefused, match="Storage Blob Data Contributor"):
        account.container("logs").create("a.json", b"x")
    with pytest.raises(ContainerMissing, match="az storage container create --name traces"):
        account.ensure_container("traces")


def signature(account: str, key: str) -> str:
    """Sign an account signature that may read and list, and so creates no container.

    https://learn.microsoft.com/rest/api/storageservices/create-account-sas
    """
    ends = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    version = "2021-12-02"
    text = "\n".join([account, "rl", "b", "co", "", ends, "", "", version, "", ""])
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return urlencode(
        {
            "sp": "rl",
            "ss": "b",
            "srt": "co",
            "se": ends,
            "sv": version,
            "sig": base64.b64encode(digest).decode(),
        }
    )


def test_reading_a_folder_does_not_make_it(tmp_path: Path) -> None:
    container = Account.open("file:store", tmp_path).container("logs")
    assert list(container.list()) == []
    assert container.head("a") is None
    with pytest.raises(ObjectMissing):
        container.read("a")
    assert not (tmp_path / "store").exists()


def test_errors_hold_no_query_string() -> None:
    account = Account.open("https://nobody.blob.core.windows.net.invalid/?sv=1&sig=SECRET")
    with pytest.raises(StoreUnavailable) as caught:
        account.ensure_container("logs")
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "SECRET" not in repr(
        AzureAccount.from_url("https://n.blob.core.windows.net/?sig=SECRET")
    )


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("file:./stores/euc", "file:/base/stores/euc"),
        ("file:///srv/euc", "file:/srv/euc"),
        ("az://contosoeuc", "az://contosoeuc"),
        ("AccountName=contoso;AccountKey=a2V5", "az://contoso"),
        ("UseDevelopmentStorage=true", "az://devstoreaccount1"),
        (
            "BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=?sv=1",
            "az://a",
        ),
        ("s3://bucket/prefix", "s3://bucket"),
        ("gs://bucket", "gs://bucket"),
    ],
)
def test_addresses(address: str, label: str) -> None:
    assert Account.open(address, Path("/base")).label == label


@pytest.mark.parametrize(
    "address", ["", "stores/euc", "ftp://x", "file:", "az://", "AccountName=a", "BlobEndpoint=x"]
)
def test_unknown_addresses_are_refused(address: str) -> None:
    with pytest.raises(UsageError):
        Account.open(address)


def test_connection_string_gives_the_public_endpoint() -> None:
    account = AzureAccount.from_connection_string(
        "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5==;"
        "EndpointSuffix=core.chinacloudapi.cn"
    )
    assert account.endpoint == "https://contoso.blob.core.chinacloudapi.cn"
    assert account.config == {"account_key": "a2V5=="}
