"""What attacks on a database read like: a value that ends its own quotes and goes on as SQL. SQL as such is none."""

from typing import Final

from guardian_ci.policy.scan.phrases import Phrase, listed, phrase

SQL_INJECTION: Final = "sql_injection"

_B: Final = r"(?:[ \t]|\+|%20|%09|%0a|%0d|/\*[^*\n]{0,40}\*/){0,8}"
_BB: Final = r"(?:[ \t]|\+|%20|%09|%0a|%0d|/\*[^*\n]{0,40}\*/){1,8}"
_Q: Final = r"(?:\\?['\"]|%27|%22|&#0?39;|’)"
_OUT: Final = rf"(?:{_Q}|(?:[=(]|%3d|\A|\n)-?\d{{1,10}}){_B}\)?{_B}"
"""What ends the value before: a quote, or nothing more than a number in a query string."""
_TAIL: Final = rf"(?:--(?=[\s+'\"%-]|\Z)|#(?=\s|\Z|{_Q})|%23|/\*|;%00)"

_QUOTES: Final = ("'", '"', "')", '")', "%27", "%22", "%27)")
_BLANKS: Final = ("", " ", "  ", "+", "%20", "/**/")
_STEPS: Final = (";", "; ", ";+", ";%20", "%3b", "%3b%20", "%3b+")
_DEEDS: Final = listed("drop delete truncate update insert alter shutdown create grant exec xp_cmdshell")


def _joined(*parts: tuple[str, ...] | list[str]) -> str:
    """Return all ways to put one of each together, as the words of a phrase."""
    words = [""]
    for part in parts:
        words = [word + each for word in words for each in part]
    return "|".join(dict.fromkeys(words))


SQL: Final[tuple[Phrase, ...]] = (
    phrase(  # ' OR '1'='1
        SQL_INJECTION,
        _joined(_QUOTES, _BLANKS, ["or", "and", "xor"]),
        rf"{_Q}\)?{_B}(?:x?or|and)(?![a-z_]){_B}(?:not{_BB})?\(?{_B}(?:(?P<q1>{_Q}?)(?P<v1>\w{{1,12}})(?P=q1){_B}(?:=|"
        rf"%3d|like){_B}(?P=q1)(?P=v1)(?!\w)|{_Q}{_Q}{_B}(?:=|%3d){_B}{_Q}|(?:1|true){_B}{_TAIL}|1{_B}(?:=|"
        rf"%3d){_B}2{_B}{_TAIL}|{_Q}\d{{1,4}}{_Q}{_B}(?:=|%3d){_B}{_Q}\d{{1,4}}(?!{_Q}|\d))",
    ),
    phrase(  # ?id=1 OR 1=1 --
        SQL_INJECTION,
        _joined(["or ", "or+", "or%20", "and ", "and+", "and%20"], ["1=1", "1 = 1", "1=2", "1%3d1", "2=2", "true"]),
        rf"(?:or|and){_BB}(?:(?P<v>\d{{1,6}}){_B}(?:=|%3d){_B}\d{{1,6}}|true){_B}{_TAIL}",
        before=rf"[\w']\)?{_BB}",
    ),
    phrase(  # ' UNION SELECT username, password FROM users --
        SQL_INJECTION,
        _joined(["union"], [" ", "  ", "+", "%20", "/**/", "\t"], ["select", "all", "distinct"]),
        rf"union{_BB}(?:all{_BB}|distinct{_BB})?select{_BB}(?=[^\n]{{0,240}}?(?:{_TAIL}|null{_B},{_B}null|"
        rf"information_schema|@@version|sqlite_master|pg_catalog|passw|(?:\d{{1,2}}{_B},{_B}){{2,20}}\d|version\(\)|"
        rf"concat\())",
        before=_OUT,
    ),
    phrase(  # '; DROP TABLE users; --
        SQL_INJECTION,
        _joined(_STEPS, _DEEDS),
        rf"(?:;|%3b){_B}(?:drop{_BB}(?:table|database|schema|user)|delete{_BB}from|truncate{_BB}table|"
        rf"update{_BB}\w{{1,40}}{_BB}set|insert{_BB}into|alter{_BB}(?:table|user)|shutdown|create{_BB}user|"
        rf"grant{_BB}all|"
        rf"(?:exec(?:ute)?{_BB})?(?:master\W{{1,6}})?(?:dbo\W{{1,3}})?xp_cmdshell)\b[^\n;]{{0,160}}?(?:;?{_B}{_TAIL}|"
        rf";{_B}(?:select|--|#|{_Q}{_B}\)?;?(?=\n|\Z)))",
        before=rf"{_OUT}\)?{_B}",
    ),
    phrase(  # ' AND SLEEP(5) --
        SQL_INJECTION,
        "sleep(|pg_sleep(|sleep%28|benchmark(|waitfor|dbms_pipe|extractvalue(|updatexml(|randomblob(|load_file(",
        r"(?:(?:pg_)?sleep(?:\(|%28)\s{0,3}\d|benchmark\(\s{0,3}\d{4,}|waitfor\s{1,4}delay\s{0,4}['\"]|"
        r"dbms_pipe\.receive_message\(|(?:extractvalue|updatexml)\(\s{0,3}(?:rand\(\)|null|"
        r"\d{1,6})\s{0,3},\s{0,3}concat\(|randomblob\(\d{6,}|load_file\(\s{0,3}(?:['\"]/|0x))",
        before=(
            rf"{_Q}{_B}\)?{_B}(?:;|%3b|\|\||\+|and|or|xor|union{_BB}select|-|,|\(|if|case|when|select|exec|begin|1|=|"
            rf"\d|{_BB}){{1,12}}"
        ),
    ),
    phrase(  # admin' --
        SQL_INJECTION,
        "admin'|admin\"|root'|administrator'|admin%27|admin')",
        rf"(?:admin|root|administrator){_Q}{_B}\)?{_B}(?:--(?:\s|$|\+|-|{_Q})|--\Z|#(?:$|\Z|{_Q})|/\*)",
        before=r"(?:\A|[\s=:\"'`(\[{,>])",
    ),
    phrase(  # ' ORDER BY 10 --
        SQL_INJECTION,
        "order by|order+by|order%20by|having 1|having+1|group by|into outfile|into dumpfile|into+outfile",
        rf"(?:(?:order|group){_BB}by{_BB}\d{{1,3}}{_B}{_TAIL}|having{_BB}(?P<h>\d{{1,4}}){_B}={_B}(?P=h)|"
        rf"into{_BB}(?:out|dump)file{_B}{_Q}[^'\"\n]{{0,120}}?"
        r"(?:\.php|\.jsp|\.asp|/www|/tmp))",
        before=rf"(?:{_Q}{_B}\)?{_B}|{_Q}[^\n]{{1,120}}?)",
    ),
)
