"""Values with their labels, and values that only look like them; one seed, always the same."""

from __future__ import annotations

import base64
import hashlib
import string
from random import Random

WORDS = [
    "import",
    "export",
    "order",
    "customer",
    "license",
    "report",
    "batch",
    "sync",
    "invoice",
    "cache",
    "worker",
    "profile",
    "session",
]
NAMES = [
    "anna",
    "bert",
    "carla",
    "dmitri",
    "elena",
    "farid",
    "greta",
    "hiro",
    "ines",
    "jonas",
    "kofi",
    "lena",
]
HOSTS = ["app-7", "web-2", "db-1", "cache-3", "ingest-4", "edge-9"]
DOMAINS = [
    "contoso.com",
    "fabrikam.de",
    "northwind.ca",
    "tailspin.com.au",
    "adatum.io",
    "mail.example.org",
]


def label(detector: str, text: str) -> str:
    """Mark a text as what a detector should find."""
    return f"⟦{detector}|{text}⟧"


class Values:
    """Draws values; a method's name says what, and `not_` what it only looks like."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def word(self) -> str:
        return self.pick(*WORDS)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def digits(self, count: int) -> str:
        return "".join(self.random.choices(string.digits, k=count))

    def hexa(self, count: int) -> str:
        return "".join(self.random.choices("0123456789abcdef", k=count))

    def letters(self, count: int) -> str:
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=count))

    # -- addresses

    def ipv4(self) -> str:
        net = self.pick("203.0.113", "198.51.100", "192.0.2", "10.12.7", "172.18.4", "192.168.1")
        return label("ipv4", f"{net}.{self.number(1, 254)}")

    def not_ipv4(self) -> str:
        return self.pick(
            f"v{self.number(1, 9)}.{self.number(0, 20)}.{self.number(0, 9)}.{self.number(0, 99)}",
            f"10.0.{self.number(19000, 26100)}.{self.number(1, 5000)}",
            f"Chrome/{self.number(100, 140)}.0.0.0",
            f"Chrome/{self.number(100, 140)}.0.{self.number(4000, 7000)}.{self.number(10, 200)}",
            f"1.3.6.1.4.1.{self.number(300, 9000)}",
            f"10.{self.number(0, 9)}.0.0/16",
            f"{self.number(1, 9)}.{self.number(0, 9)}.{self.number(0, 9)}",
            f"release {self.number(1, 9)}.{self.number(0, 9)}.{self.number(0, 9)}.{self.number(0, 9)}",
        )

    def ipv6(self) -> str:
        h = self.hexa
        return label(
            "ipv6",
            self.pick(
                f"2001:db8:{h(4)}::{h(3)}1",
                f"2001:db8:{h(4)}:{h(4)}:{h(4)}:{h(4)}:{h(4)}:{h(3)}7",
                f"fe80::{h(4)}:{h(4)}:{h(4)}:{h(3)}2",
                f"::ffff:{self.ipv4()}",
            ),
        )

    def not_ipv6(self) -> str:
        return self.pick(
            "std::vec::Vec",
            "Billing::Invoice::Line",
            f"{self.number(10, 23)}:{self.number(10, 59)}:{self.number(10, 59)}",
            "ns::a1",
            "a::b",
            "Module::Class#call",
        )

    def mac(self) -> str:
        pairs = [f"{self.number(0, 255):02x}" for _ in range(6)]
        pairs[0] = "0" + self.pick("0", "2", "4", "a")
        pairs[3] = self.pick("a", "b", "c") + self.pick("1", "7")
        plain = "".join(pairs)
        shown = self.pick(
            ":".join(pairs),
            ":".join(pairs).upper(),
            "-".join(pairs).upper(),
            f"{plain[:4]}.{plain[4:8]}.{plain[8:]}",
        )
        return label("mac", shown)

    def not_mac(self) -> str:
        return self.pick(
            ":".join(f"{self.number(0, 255):02x}" for _ in range(16)),
            ":".join(f"{self.number(0, 255):02x}" for _ in range(20)),
            f"26-11-{self.number(10, 28)}-{self.number(10, 23)}-{self.number(10, 59)}-00",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            f"{self.hexa(4)}-{self.hexa(4)}-{self.hexa(4)}",
        )

    # -- persons

    def email(self) -> str:
        name = self.pick(*NAMES)
        local = self.pick(
            name, f"{name}.{self.pick(*NAMES)}", f"{name}+{self.word()}", f"{name}_{self.digits(2)}"
        )
        return label("email", f"{local}@{self.pick(*DOMAINS)}")

    def encoded_email(self) -> str:
        return label("email", f"{self.pick(*NAMES)}%40{self.pick(*DOMAINS)}")

    def not_email(self) -> str:
        return self.pick(
            f"{self.pick(*NAMES)}@localhost",
            f"@contoso/{self.word()}@{self.number(1, 9)}.{self.number(0, 20)}.{self.number(0, 9)}",
            f"lodash@4.17.{self.number(10, 30)}",
            "git@github.com:contoso/app.git",
            f"root@{self.pick(*HOSTS)}",
            f"java.lang.Object@{self.hexa(8)}",
            f"deploy@{self.pick(*HOSTS)}.internal.contoso",
        )

    def phone(self) -> str:
        n, d = self.number, self.digits
        return label(
            "phone",
            self.pick(
                f"+49 {n(30, 89)} {n(1, 9)}{d(6)}",
                f"+1-{n(212, 989)}-{n(200, 999)}-{d(4)}",
                f"+1 ({n(212, 989)}) {n(220, 999)}-{d(4)}",
                f"+61 4{d(2)} {d(3)} {d(3)}",
                f"+44{n(7000, 7999)}{d(6)}",
                f"({n(212, 310)}) {n(220, 999)}-{d(4)}",
                f"{n(212, 310)}-{n(220, 310)}-{d(4)}",
                f"030 {n(2, 9)}{d(7)}",
                f"089/{n(2, 9)}{d(6)}",
                f"0171 {n(1, 9)}{d(6)}",
                f"04{d(2)} {n(100, 999)} {d(3)}",
                f"(02) 9{d(3)} {d(4)}",
                f"0049 {n(40, 69)} {n(1, 9)}{d(6)}",
            ),
        )

    def not_phone(self) -> str:
        n, d = self.number, self.digits
        return self.pick(
            f"17{n(10, 99)}{d(6)}",
            f"2026-11-{n(10, 28)}",
            f"+0{n(1, 9)}00",
            f"0x{self.hexa(10)}",
            f"{n(10, 99)}-{n(100, 999)}-{d(5)}",
            f"{n(100, 199)}-{n(100, 999)}-{d(4)}",
            f"seq={d(10)}",
            f"0{n(1, 9)}-{n(10, 12)}-2026",
            f"{d(3)}.{d(3)}.{d(3)}",
            f"+{n(100, 999)}ms",
            f"00{n(1, 9)}{d(9)}",
        )

    def us_ssn(self) -> str:
        area = self.number(100, 665)
        return label("us_ssn", f"{area:03}-{self.number(10, 99)}-{self.number(1000, 9999)}")

    def bare_ssn(self) -> str:
        return self.pick("SSN: ", "ssn=", "social security number ") + label(
            "us_ssn", f"{self.number(100, 665)}{self.number(10, 99)}{self.number(1000, 9999)}"
        )

    def not_us_ssn(self) -> str:
        return self.pick(
            f"9{self.digits(2)}-{self.number(10, 99)}-{self.digits(4)}",
            f"000-{self.number(10, 99)}-{self.digits(4)}",
            f"{self.number(100, 665)}-00-{self.digits(4)}",
            f"{self.digits(9)}",
            f"1{self.digits(2)}-{self.digits(3)}-{self.digits(4)}",
            f"{self.number(100, 665)}-{self.number(10, 99)}-{self.digits(4)}-{self.digits(2)}",
            f"part {self.number(100, 665)}-{self.number(10, 99)}-{self.digits(3)}",
        )

    def _nine(self, valid: bool, kind: str) -> str:
        while True:
            number = str(self.number(100_000_000, 799_999_999))
            good = luhn(number) if kind == "sin" else tfn(number)
            other = tfn(number) if kind == "sin" else luhn(number)
            if good == valid and not other:
                return number

    def ca_sin(self) -> str:
        number = self._nine(True, "sin")
        grouped = f"{number[:3]} {number[3:6]} {number[6:]}"
        return self.pick(
            "SIN " + label("ca_sin", grouped),
            label("ca_sin", grouped.replace(" ", "-")),
            "sin=" + label("ca_sin", number),
        )

    def not_ca_sin(self) -> str:
        number = self._nine(False, "sin")
        return self.pick(f"{number[:3]} {number[3:6]} {number[6:]}", number, f"{number}0")

    def au_tfn(self) -> str:
        number = self._nine(True, "tfn")
        grouped = f"{number[:3]} {number[3:6]} {number[6:]}"
        return self.pick(
            "TFN " + label("au_tfn", grouped),
            label("au_tfn", grouped),
            "TFN: " + label("au_tfn", number),
        )

    def not_au_tfn(self) -> str:
        number = self._nine(False, "tfn")
        return self.pick(f"{number[:3]} {number[3:6]} {number[6:]}", number)

    def de_tax_id(self) -> str:
        number = tax_id(self.random)
        return label(
            "de_tax_id",
            self.pick(number, f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"),
        )

    def not_de_tax_id(self) -> str:
        number = tax_id(self.random)
        return self.pick(
            number[:10] + str((int(number[10]) + self.number(1, 9)) % 10),
            self.digits(11),
            f"{self.digits(12)}",
            "12345678901",
        )

    # -- money

    def card(self) -> str:
        first = self.pick("4111", "4532", "5500", "5425", "2223", "6011", "3782")
        length = 15 if first == "3782" else 16
        number = first + self.digits(length - 5)
        number += check_digit(number)
        if length == 15:
            shown = self.pick(number, f"{number[:4]} {number[4:10]} {number[10:]}")
        else:
            groups = [number[i : i + 4] for i in range(0, 16, 4)]
            shown = self.pick(number, " ".join(groups), "-".join(groups))
        return label("payment_card", shown)

    def not_card(self) -> str:
        number = "4" + self.digits(14)
        wrong = number + str((int(check_digit(number)) + self.number(1, 9)) % 10)
        return self.pick(
            wrong,
            f"17{self.digits(14)}",
            f"17{self.digits(17)}",
            f"0.{self.digits(16)}",
            f"{self.hexa(8)}{self.digits(16)}",
            f"4{self.digits(15)}",
            f"9{self.digits(15)}",
        )

    def iban(self) -> str:
        country, bban = self.random.choice(
            [
                ("DE", self.digits(18)),
                ("GB", "WEST" + self.digits(14)),
                ("FR", self.digits(23)),
                ("NL", "ABNA" + self.digits(10)),
                ("NO", self.digits(11)),
            ]
        )
        checked = "".join(str(int(c, 36)) for c in f"{bban}{country}00")
        number = f"{country}{98 - int(checked) % 97:02}{bban}"
        groups = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
        return label("iban", self.pick(number, groups))

    def not_iban(self) -> str:
        return self.pick(
            f"DE{self.digits(20)}",
            f"PO{self.digits(18)}",
            f"NO{self.digits(10)}",
            f"{self.hexa(2).upper()}{self.digits(20)}",
            f"GB{self.digits(2)}{self.word().upper()}{self.digits(9)}",
        )

    # -- tokens

    def jwt(self) -> str:
        def part(text: str) -> str:
            return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

        token = ".".join(
            [part('{"alg":"HS256"}'), part(f'{{"sub":"{self.digits(6)}"}}'), self.letters(43)]
        )
        return label("jwt", token)

    def not_jwt(self) -> str:
        return self.pick(
            base64.b64encode(f'{{"page":{self.number(1, 99)}}}'.encode()).decode(),
            f"eyJ{self.letters(20)}",
            f"com.contoso.{self.word()}.{self.word()}",
        )

    def bearer(self) -> str:
        return self.pick("Bearer ", "bearer ") + label(
            "bearer_token", self.letters(self.number(24, 40))
        )

    def not_bearer(self) -> str:
        return self.pick(
            "bearer tokens expired", "basic plan", "Basic authentication is off", "bearer of news"
        )

    def cloud_key(self) -> str:
        return label(
            "cloud_key",
            self.pick(
                "AKIA" + self.letters(16).upper(),
                f"ghp_{self.letters(36)}",
                f"glpat-{self.letters(20)}",
                f"AIza{self.letters(35)}",
                f"xoxb-{self.digits(12)}-{self.letters(24)}",
                f"sk_live_{self.letters(24)}",
                f"sk-proj-{self.letters(40)}",
            ),
        )

    def not_cloud_key(self) -> str:
        return self.pick(
            "AKIA",
            "sk-circle-fade-dot-animation-container",
            f"sha256-{self.letters(43)}=",
            f"gh_{self.word()}_pages",
            f"ask_live_{self.word()}",
            self.hexa(40),
        )

    def connection_string(self) -> str:
        key = base64.b64encode(self.letters(32).encode()).decode()
        return self.pick(
            f"AccountName=acme;AccountKey={label('connection_string', key)};EndpointSuffix=core",
            f"Endpoint=sb://hub/;SharedAccessKey={label('connection_string', key)}",
            f"https://acme.blob/c?sv={label('query_string', '2024')}&sig="
            + label("query_string", label("connection_string", self.letters(43) + "%3D")),
        )

    def url_credentials(self) -> str:
        scheme = self.pick("https", "amqp", "redis", "postgresql")
        held = label("url_credentials", f"{self.pick(*NAMES)}:{self.letters(10)}")
        return f"{scheme}://{held}@{self.pick(*HOSTS)}:5432"

    def not_url_credentials(self) -> str:
        return self.pick(
            f"https://social.example/@{self.pick(*NAMES)}",
            f"https://cdn.example/npm/vue@3.{self.number(1, 5)}",
            "http://app:8080/health",
        )

    def secret(self) -> str:
        return self.pick(
            f"password={label('secret', self.letters(12))}",
            f"api_key: {label('secret', self.letters(24))}",
            f"token={label('secret', self.letters(20))}",
            f"client_secret='{label('secret', self.letters(16))}'",
            f"db_pwd={label('secret', self.letters(8))}",
        )

    def not_secret(self) -> str:
        return self.pick(
            f"max_tokens={self.number(100, 4000)}",
            "password reset requested",
            "token_type=access",
            "secretary notified",
            "password: must not be empty",
            "unexpected token: end of file",
            "tokens: 3 read",
        )

    def private_key(self) -> str:
        kind = self.pick("RSA ", "EC ", "")
        body = "⏎".join(self.letters(64) for _ in range(2))
        return label(
            "private_key",
            f"-----BEGIN {kind}PRIVATE KEY-----⏎{body}⏎-----END {kind}PRIVATE KEY-----",
        )

    def not_private_key(self) -> str:
        body = self.letters(64)
        return self.pick(
            f"-----BEGIN CERTIFICATE-----⏎{body}⏎-----END CERTIFICATE-----",
            f"-----BEGIN PUBLIC KEY-----⏎{body}⏎-----END PUBLIC KEY-----",
        )

    # -- by choice

    def guid(self) -> str:
        h = self.hexa(32)
        return label("guid", f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}")

    def not_guid(self) -> str:
        return self.pick(
            self.hexa(40), self.hexa(32), f"{self.hexa(8)}-{self.hexa(4)}-{self.hexa(4)}", f"00-{self.hexa(32)}-{self.hexa(16)}-01"
        )  # fmt: skip

    def query(self) -> str:
        value = self.pick(self.digits(3), self.word(), "a%20b")
        asked = f"?q={label('query_string', value)}"
        if self.random.random() < 0.5:
            asked += f"&page={label('query_string', str(self.number(1, 99)))}"
        return asked

    def path(self) -> str:
        return f"/api/v{self.number(1, 3)}/{self.word()}s"

    def not_query(self) -> str:
        return self.pick("really? yes", "ok ? a : b", "R&D=yes", "a && b", f"{self.word()}?")

    def literal(self) -> str:
        return label("sql_literal", self.pick(f"'{self.pick(*NAMES)}'", self.digits(4), "'it''s'"))

    def table(self) -> str:
        name = label("database_name", self.pick("customers", "orders", "license_usage", "invoices"))
        if self.random.random() < 0.3:
            return f"{label('database_name', self.pick('shop', 'billing', 'public'))}.{name}"
        return name

    def statement(self) -> str:
        t, lit = self.table, self.literal
        return self.pick(
            f"SELECT id, name FROM {t()} WHERE name = {lit()} AND age > {lit()}",
            f"select * from {t()} c join {t()} o on o.cid = c.id where c.id = {lit()} limit {label('sql_literal', '10')}",
            f"INSERT INTO {t()} (name, n) VALUES ({lit()}, {lit()})",
            f"UPDATE {t()} SET name = {lit()} WHERE id = {lit()}",
            f"DELETE FROM {t()} WHERE id = {lit()}",
            f"select count(*) from {t()} group by region",
        )

    def not_statement(self) -> str:
        return self.pick(
            f"please select {self.number(2, 9)} items from the list",
            f"update {self.number(2, 9)} of 12 installed",
            f"insert coin {self.number(1, 9)} into slot",
            f"selected {self.number(2, 9)} rows from page {self.number(2, 9)}",
            f"delete {self.number(2, 9)} files from /tmp",
            "the table below shows it",
            "database is starting up",
            "where 5 from 7 join",
        )

    def near_miss(self) -> str:
        """Something that one of the detectors should leave alone."""
        kinds = [name for name in dir(self) if name.startswith("not_")]
        found: str = getattr(self, self.pick(*kinds))()
        return found

    def find(self) -> str:
        """Something that one of the detectors should find."""
        kinds = [
            "ipv4",
            "ipv6",
            "mac",
            "email",
            "phone",
            "us_ssn",
            "bare_ssn",
            "ca_sin",
            "au_tfn",
            "de_tax_id",
            "card",
            "iban",
            "jwt",
            "bearer",
            "cloud_key",
            "connection_string",
            "url_credentials",
            "secret",
            "guid",
        ]
        found: str = getattr(self, self.pick(*kinds))()
        return found

    def digest(self) -> str:
        return hashlib.sha1(self.digits(9).encode(), usedforsecurity=False).hexdigest()


def luhn(number: str) -> bool:
    """Whether Luhn's sum is a multiple of ten."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2]]
    return (sum(map(int, number[::-2])) + sum(doubled)) % 10 == 0


def check_digit(number: str) -> str:
    """Luhn's digit for a number."""
    return next(digit for digit in string.digits if luhn(number + digit))


def tfn(number: str) -> bool:
    """Whether the weighted sum of a tax file number is a multiple of eleven."""
    weights = (1, 4, 3, 7, 5, 8, 6, 9, 10)
    return sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 11 == 0


def tax_id(random: Random) -> str:
    """A German tax identification number with one digit twice."""
    digits = random.sample("123456789", 9)
    digits.insert(random.randint(1, 9), random.choice(digits))
    product = 10
    for digit in digits:
        product = (((int(digit) + product) % 10) or 10) * 2 % 11
    return "".join(digits) + str((11 - product) % 10)
