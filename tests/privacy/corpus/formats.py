"""Lines as programs write them, with values and near misses where such lines have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.privacy.corpus.values import label

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.privacy.corpus.values import Values


def _stamp(v: Values) -> str:
    return f"2026-11-{v.number(10, 28)}T{_time(v)}.{v.digits(3)}Z"


def _time(v: Values) -> str:
    return f"{v.number(10, 23)}:{v.number(10, 59)}:{v.number(10, 59)}"


def _apache_date(v: Values) -> str:
    return f"{v.number(10, 28)}/Nov/2026:{_time(v)} +0000"


def _syslog_date(v: Values) -> str:
    return f"Nov {v.number(10, 28)} {_time(v)}"


def _target(v: Values) -> str:
    """Draw a request's path: half of them with a query."""
    if v.number(0, 9) == 0:
        return f"{v.path()}?email={label('query_string', v.encoded_email())}"
    return v.path() + (v.query() if v.number(0, 1) else "")


def _agent(v: Values) -> str:
    return v.pick(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{v.number(100, 140)}.0.0.0 Safari/537.36",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v.number(100, 140)}.0) Gecko/20100101",
        f"curl/8.{v.number(1, 9)}.{v.number(0, 9)}",
        f"python-requests/2.{v.number(20, 32)}.{v.number(0, 5)}",
    )


def _message(v: Values) -> str:
    """Draw what an application says: a find, a near miss, or neither."""
    kind = v.number(0, 9)
    if kind < 5:
        return v.pick(
            f"user {v.email()} signed in from {v.ipv4()}",
            f"sending {v.word()} to {v.email()}",
            f"called {v.phone()} about {v.word()} {v.digits(6)}",
            f"verified ssn {v.us_ssn()} for account {v.digits(5)}",
            f"{v.bare_ssn()} on form",
            f"payroll {v.ca_sin()} accepted",
            f"employee {v.au_tfn()} paid",
            f"Steuer-ID {v.de_tax_id()} hinterlegt",
            f"charged {v.card()} amount {v.number(1, 900)}.{v.digits(2)}",
            f"refund to {v.iban()}",
            f"device {v.mac()} joined",
            f"peer {v.ipv6()} timed out after {v.number(10, 900)} ms",
            f"session {v.jwt()} renewed",
            f"header {v.bearer()}",
            f"found key {v.cloud_key()} in repository",
            f"connecting to {v.url_credentials()}",
            f"configured {v.connection_string()}",
            f"login with {v.secret()}",
            f"executing {v.statement()}",
            f"request {v.guid()} done",
            f"loaded {v.private_key()}",
        )
    if kind < 8:
        return v.pick(
            f"{v.word()}: {v.near_miss()}",
            f"{v.near_miss()} ({v.word()})",
            f"checked {v.near_miss()} in {v.number(1, 900)} ms",
        )
    return v.pick(
        f"{v.word()} {v.number(1, 999)} of {v.number(1000, 9999)} finished",
        f"cache miss for {v.word()}:{v.digits(5)}",
        "connection reset by peer",
        f"retry {v.number(1, 5)} in {v.number(10, 900)} ms",
    )


def nginx(v: Values) -> str:
    user = v.pick("-", "-", "-", v.word())
    return (
        f"{v.pick(v.ipv4(), v.ipv4(), v.ipv6())} - {user} [{_apache_date(v)}] "
        f'"{v.pick("GET", "POST")} {_target(v)} HTTP/1.1" {v.pick("200", "304", "404")} '
        f'{v.number(100, 99999)} "https://{v.pick("app", "www")}.contoso.com{_target(v)}" "{_agent(v)}" '
        f"rt=0.{v.digits(3)} id={v.guid()}"
    )


def apache_error(v: Values) -> str:
    return (
        f"[Tue Nov {v.number(10, 28)} {_time(v)}.{v.digits(6)} 2026] [core:error] [pid {v.digits(5)}] "
        f"[client {v.ipv4()}:{v.number(1024, 65000)}] AH{v.digits(5)}: {_message(v)}"
    )


def syslog_rfc5424(v: Values) -> str:
    return (
        f"<{v.number(1, 190)}>1 {_stamp(v)} {v.pick('fw-1', 'sw-2', 'ap-7')} dhcpd {v.digits(4)} ID{v.number(10, 99)} "
        f'[net@32473 iface="eth{v.number(0, 3)}"] '
        + v.pick(
            f"DHCPACK on {v.ipv4()} to {v.mac()} via eth0",
            f"DHCPDISCOVER from {v.mac()} via eth1: network 10.{v.number(0, 9)}.0.0/16: no free leases",
            _message(v),
            _message(v),
        )
    )


def syslog_rfc3164(v: Values) -> str:
    return f"<{v.number(1, 190)}>{_syslog_date(v)} {v.pick('web-2', 'bastion')} " + v.pick(
        f"sshd[{v.digits(5)}]: Accepted publickey for deploy from {v.ipv4()} port {v.number(1024, 65000)} ssh2: "
        f"RSA SHA256:{v.letters(43)}",
        f"sshd[{v.digits(5)}]: Failed password for invalid user {v.word()} from {v.ipv4()} port {v.digits(5)}",
        f"kernel: [{v.digits(5)}.{v.digits(6)}] IN=eth0 OUT= MAC={v.not_mac()} SRC={v.ipv4()} DST={v.ipv4()} LEN=60",
        f"postfix/smtp[{v.digits(5)}]: {v.hexa(10).upper()}: to=<{v.email()}>, relay=mx.contoso.com[{v.ipv4()}]:25, "
        f"delay={v.number(1, 9)}.{v.number(1, 9)}, dsn=2.0.0, status=sent",
        f"app[{v.digits(4)}]: {_message(v)}",
    )


def json_app(v: Values) -> str:
    message = _message(v).replace('"', "'")
    return (
        f'{{"ts":"{_stamp(v)}","level":"{v.pick("info", "warn", "error")}","msg":"{message}",'
        f'"trace_id":"{v.hexa(32)}","traceparent":"{v.not_guid()}",'
        + v.pick(
            f'"password":"{label("secret", v.letters(10))}"',
            f'"duration_ms":{v.number(1, 900)}.{v.digits(3)}',
            f'"user":{{"email":"{v.email()}"}}',
            f'"order":"{v.not_card()}"',
            f'"at":17{v.digits(8)}',
        )
        + "}"
    )


def logfmt(v: Values) -> str:
    return (
        f'ts={_stamp(v)} level=info caller={v.word()}.go:{v.number(10, 900)} msg="{_message(v).replace(chr(34), chr(39))}" '
        + v.pick(
            f"remote={v.ipv4()}:{v.number(1024, 65000)}",
            f"email={v.email()}",
            f"{v.secret()}",
            f"version={v.number(1, 9)}.{v.number(0, 30)}.{v.number(0, 9)} commit={v.digest()[:12]}",
            f"request_id={v.guid()}",
            f"seq={v.digits(10)} size={v.number(100, 99999)}",
        )
    )


def log4j(v: Values) -> str:
    return (
        f"2026-11-{v.number(10, 28)} {_time(v)},{v.digits(3)} {v.pick('INFO ', 'ERROR', 'WARN ')} "
        f"[http-nio-8080-exec-{v.number(1, 9)}] c.c.t.{v.word().title()}Service - {_message(v)}"
    ) + v.pick(
        "",
        "",
        "⏎java.sql.SQLException: bad value⏎\tat com.contoso.Db.run(Db.java:"
        f"{v.number(10, 900)})⏎\tat java.base/java.lang.Thread.run(Thread.java:840)",
        f"⏎java.lang.IllegalStateException: {_message(v)}⏎\tat com.contoso.App$1.call(App.java:{v.number(10, 99)})"
        f"⏎Caused by: java.net.ConnectException: /{v.ipv4()}:5432⏎\t... {v.number(2, 40)} more",
    )


def python_logging(v: Values) -> str:
    return (
        f"2026-11-{v.number(10, 28)} {_time(v)},{v.digits(3)} - app.{v.word()} - INFO - {_message(v)}"
        + v.pick(
            "",
            "",
            f'⏎Traceback (most recent call last):⏎  File "/srv/app/{v.word()}.py", line {v.number(10, 900)}, in run⏎'
            f"ValueError: {_message(v)}",
        )
    )


def postgresql(v: Values) -> str:
    head = f"2026-11-{v.number(10, 28)} {_time(v)}.{v.digits(3)} UTC [{v.digits(5)}] app@db "
    return head + v.pick(
        f"LOG:  statement: {v.statement()}",
        f"LOG:  execute <unnamed>: {v.statement()}",
        f'ERROR:  duplicate key value violates unique constraint "users_pkey"⏎DETAIL:  Key (email)=({v.email()}) '
        "already exists.",
        f'ERROR:  relation "{label("database_name", v.pick("patients", "payroll"))}" does not exist at character {v.number(10, 99)}',
        f"LOG:  connection received: host={v.ipv4()} port={v.number(1024, 65000)}",
        f"LOG:  checkpoint complete: wrote {v.number(10, 9999)} buffers ({v.number(1, 9)}.{v.number(1, 9)}%)",
        f"LOG:  {v.not_statement()}",
        'FATAL:  password authentication failed for user "app"',
    )


def mysql_slow(v: Values) -> str:
    if v.number(0, 3) == 0:
        return f"{_stamp(v)} {v.digits(3)} [Note] {_message(v)}"
    return (
        f"# Time: {_stamp(v)}⏎# User@Host: app[app] @ {v.pick('web-2', 'app-7')} [{v.ipv4()}]  Id: {v.digits(5)}⏎"
        f"# Query_time: {v.number(1, 9)}.{v.digits(6)}  Lock_time: 0.{v.digits(6)} Rows_sent: {v.number(1, 999)}⏎"
        f"{v.statement()};"
    )


def haproxy(v: Values) -> str:
    return (
        f"{_syslog_date(v)} lb-1 haproxy[{v.digits(5)}]: {v.ipv4()}:{v.number(1024, 65000)} [{_apache_date(v)[:20]}.{v.digits(3)}] "
        f"https~ app/{v.pick('web-2', 'app-7')} 0/0/{v.number(1, 9)}/{v.number(10, 99)}/{v.number(10, 99)} 200 "
        f'{v.number(100, 9999)} - - ---- {v.number(1, 99)}/{v.number(1, 99)}/0/0/0 0/0 "GET {_target(v)} HTTP/1.1"'
    )


def aws_alb(v: Values) -> str:
    return (
        f"https {_stamp(v)} app/lb/{v.hexa(16)} {v.ipv4()}:{v.number(1024, 65000)} {v.ipv4()}:8080 "
        f"0.00{v.number(1, 9)} 0.0{v.digits(2)} 0.000 200 200 {v.number(100, 999)} {v.number(100, 9999)} "
        f'"GET https://api.contoso.com:443{_target(v)} HTTP/1.1" "{_agent(v)}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
        f'arn:aws:elasticloadbalancing:eu-central-1:{v.digits(12)}:targetgroup/tg/{v.hexa(16)} "Root=1-{v.hexa(8)}-{v.hexa(24)}"'
    )


def iis_w3c(v: Values) -> str:
    query = f"{v.word()}={v.number(1, 99)}"
    return (
        f"2026-11-{v.number(10, 28)} {_time(v)} {v.ipv4()} GET {v.path()} {v.pick('-', query)} 443 "
        f"{v.pick('-', v.email())} {v.ipv4()} {_agent(v).replace(' ', '+')} - 200 0 0 {v.number(1, 900)}"
    )


def klog(v: Values) -> str:
    return (
        f"{v.pick('I', 'W', 'E')}11{v.number(10, 28)} {_time(v)}.{v.digits(6)}       1 {v.word()}.go:{v.number(10, 900)}] "
        + v.pick(
            f'"Updated pod" pod="default/{v.word()}-{v.hexa(9)}-{v.letters(5).lower()}" podIP="{v.ipv4()}"',
            f'"Assigned CIDR" node="{v.pick("app-7", "edge-9")}" podCIDR="10.{v.number(0, 250)}.{v.number(0, 250)}.0/24"',
            f'"Pulled image" image="registry.contoso.com/app:{v.number(1, 9)}.{v.number(0, 9)}.{v.number(0, 9)}-{v.number(1, 99)}" '
            f'digest="sha256:{v.hexa(64)}"',
            f'"Request" uid="{v.guid()}" verb="LIST"',
            _message(v),
        )
    )


def windows_event(v: Values) -> str:
    return (
        '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>4624</EventID>'
        f"<Computer>{v.pick('WS-12', 'DC-01')}.contoso.local</Computer></System><EventData>"
        f'<Data Name="SubjectLogonId">0x{v.hexa(6)}</Data><Data Name="LogonGuid">{{{v.guid()}}}</Data>'
        f'<Data Name="IpAddress">{v.pick(v.ipv4(), v.ipv6())}</Data><Data Name="IpPort">{v.number(1024, 65000)}</Data>'
        f'<Data Name="Info">{_message(v).replace("<", "&lt;").replace(">", "&gt;")}</Data></EventData></Event>'
    )


def dotnet(v: Values) -> str:
    return (
        f"{v.pick('info', 'fail')}: Contoso.{v.word().title()}.Controller[{v.number(0, 20)}]⏎      "
        + v.pick(
            _message(v),
            _message(v),
            f"Executed DbCommand ({v.number(1, 90)}ms) [Parameters=[], CommandType='Text']⏎      {v.statement()}",
            f"Request starting HTTP/2 GET https://app.contoso.com{_target(v)} - -",
            f"System.FormatException: {_message(v)}⏎         at Contoso.App.Run() in /src/App.cs:line {v.number(10, 99)}",
        )
    )


FORMATS: dict[str, Callable[[Values], str]] = {
    function.__name__: function
    for function in (
        nginx, apache_error, syslog_rfc5424, syslog_rfc3164, json_app, logfmt, log4j, python_logging,
        postgresql, mysql_slow, haproxy, aws_alb, iis_w3c, klog, windows_event, dotnet,
    )
}  # fmt: skip
