"""Programs that talk to other hosts: transfers, shells, look-ups, mail."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Kind, Option, Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.hosts import is_url, name_of_address, remote_host
from guardian_ci.policy.shell.listings import lines_of
from guardian_ci.policy.shell.programs.table import Program, collector_of, declared, joined, name_of

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 - names to compare with
_MOST_ALTERNATIVES: Final = 32
_MOST_LINES: Final = 200

_CURL: Final = usage(
    "url*",
    text="-A --user-agent -b --cookie-jar-name -C --continue-at -e --referer -m --max-time --connect-timeout -r --range"
    " -u --user -X --request -y -Y --speed-time --speed-limit -z --time-cond --retry --retry-delay --retry-max-time"
    " --limit-rate --max-filesize --max-redirs --ciphers --tls-max --tls13-ciphers -Q --quote -U --proxy-user"
    " --interface"
    " --local-port --resolve --connect-to --data-raw --form-string --noproxy --pass --key-type --cert-type"
    " --oauth2-bearer"
    " --aws-sigv4 --delegation --krb --login-options --mail-auth --mail-from --mail-rcpt --proto --proto-default"
    " --proto-redir"
    " --pubkey-hash --sasl-authzid --service-name --tlsuser --tlspassword --tlsauthtype --expect100-timeout"
    " --keepalive-time"
    " --ftp-port -P --ftp-account --ftp-method --ftp-alternative-to-user --happy-eyeballs-timeout-ms --hostpubmd5"
    " --hostpubsha256 --parallel-max -t --telnet-option --tftp-blksize --dns-interface --dns-ipv4-addr --dns-ipv6-addr"
    " --rate --variable-name --curves --ip-tos --vlan-priority --create-file-mode --proxy-header-name",
    at="-d --data --data-ascii --data-binary --json -H --header --proxy-header",
    read="--cert -E --cacert --capath --key --netrc-file --crlfile --pinnedpubkey --egd-file --random-file --proxy-cert"
    " --proxy-key --proxy-cacert --proxy-capath --pubkey --unix-socket --abstract-unix-socket --ssl-sessions",
    write="-o --output -D --dump-header --output-dir --trace --trace-ascii --stderr -c --cookie-jar --hsts --alt-svc"
    " --libcurl --etag-save",
    url="--url --doh-url",
    host="-x --proxy --preproxy --socks4 --socks4a --socks5 --socks5-hostname --proxy1.0 --dns-servers"
    " --haproxy-clientip",
)
_CURL_VARIABLE: Final = re.compile(r"\{\{\s*(\w{1,60})(?::[\w:]{1,60})?\s*\}\}")
_WITH_PORT: Final = re.compile(r"[\w.-]{1,200}:\d{1,5}")
_BRACES: Final = re.compile(r"\{([^{}]{0,2000})\}")
_FORM_FILE: Final = re.compile(r"[^=]{0,1000}=[^@<]{0,40}[@<]([^;]+)|[^=]{0,1000}=\(")


def _curl(invocation: Invocation) -> Effects:
    """Transfer URLs: what is sent may come from files, and ``-K`` brings options from one."""
    collector = collector_of(invocation)
    _note_curl(collector, list(invocation.argv[1:]), depth=0)
    return collector.effects()


def _note_curl(collector: Collector, words: list[str], depth: int) -> None:
    how = usage(
        "text*",
        text="-F --form --url-query --data-urlencode -T --upload-file -K --config -w --write-out --variable"
        " --etag-compare"
        " --expand-url --expand-data --expand-output --expand-header --expand-upload-file --expand-form",
        options=_CURL.options,
    )
    given = read_arguments(words, how)
    variables = dict(value.partition("=")[::2] for value in given.values("--variable"))
    for option in given.options:
        if option.value is not None:
            _note_curl_option(collector, option.name, option, depth)
        if option.name.startswith("--expand-"):
            name = option.name.replace("--expand-", "--")
            text = _CURL_VARIABLE.sub(lambda found: variables.get(found[1], UNKNOWN), option.value or "")
            _note_curl_option(collector, name, Option(name, text, how.options.get(name)), depth)
    for url in (*given.operands, *given.values("--url")):
        for each in _alternatives(url):
            collector.url(each)
            note_served(collector, each)
            if given.has("-O", "--remote-name", "--remote-name-all"):
                _note_kept(collector, each)


def note_served(collector: Collector, url: str) -> None:
    """A server of this machine may hand out the files of its folder: the path of its URL may be one of them."""
    rest = url.partition("://")[2] or url
    address, slash, path = rest.partition("/")
    if slash and name_of_address(address) in _LOCAL:
        collector.read(re.split(r"[?#]", path, maxsplit=1)[0], sure=False)


def _note_kept(collector: Collector, url: str) -> None:
    """Note the file that a download without a name of its own is kept in."""
    _, slash, path = re.split(r"[?#]", url.partition("://")[2] or url, maxsplit=1)[0].partition("/")
    name = path.rpartition("/")[2]
    if slash and name and UNKNOWN not in name:
        collector.write(name)


def _note_curl_option(collector: Collector, name: str, option: Option, depth: int) -> None:
    value = option.value or ""
    if name in {"-K", "--config"}:
        _note_curl_config(collector, value, depth)
    elif name in {"--resolve", "--connect-to"}:
        _note_detour(collector, name, value)
    elif (files := _files_of_curl(name, value)) is not None:
        collector.read(*files)
    elif option.kind is None:
        collector.maybe(value)
    else:
        collector.take(option.kind, value)


def _files_of_curl(name: str, value: str) -> list[str] | None:
    """Return the files that an option's value names in a way of its own; None for other options."""
    files: list[str] | None = None
    match name:
        case "-F" | "--form":
            form = _FORM_FILE.match(value)
            files = [part.strip('"') for part in form[1].split(",")] if form is not None and form[1] else []
        case "--data-urlencode" | "--url-query" | "--variable":
            files = [value.partition("@")[2]]
        case "-w" | "--write-out":
            files = [value[1:]] if value.startswith("@") else []
        case "-T" | "--upload-file":
            files = _alternatives(value)
        case "-b" | "--cookie" | "--etag-compare":
            files = [] if "=" in value else [value]
    return files


def _note_detour(collector: Collector, name: str, value: str) -> None:
    """``--resolve HOST:PORT:ADDRESS`` and ``--connect-to HOST:PORT:HOST:PORT``."""
    parts = value.split(":")
    if name == "--connect-to":
        collector.host(parts[2] if len(parts) > 2 else value)  # noqa: PLR2004 - the third of four
        return
    collector.host(parts[0].lstrip("+-"))
    for address in value.split(":", 2)[2:]:
        collector.host(address.split(",")[0])


def _note_curl_config(collector: Collector, file: str, depth: int) -> None:
    """``-K`` reads options from a file: one a line, ``name = "value"``."""
    collector.read(file)
    words: list[str] = []
    for line in collector.lines(file)[: 0 if depth else _MOST_LINES]:
        name, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if name and name[0] != "#":
            words += [name if name[0] == "-" else f"--{name}", *([value.strip().strip('"')] if value.strip() else [])]
    _note_curl(collector, words, depth + 1)


def _alternatives(text: str) -> list[str]:
    """Spell out ``{a,b}``, which curl does itself, up to a bound."""
    texts = [text]
    for _ in range(4):
        spelled: list[str] = []
        for each in texts:
            brace = _BRACES.search(each)
            if brace is None:
                spelled.append(each)
            else:
                spelled += [each[: brace.start()] + part + each[brace.end() :] for part in brace[1].split(",")]
        texts = spelled[:_MOST_ALTERNATIVES]
    return texts


_WGET: Final = usage(
    "url*",
    text="-t --tries -T --timeout -w --wait --waitretry -Q --quota --limit-rate -U --user-agent --header --user"
    " --password"
    " --http-user --http-password --ftp-user --ftp-password --referer -A --accept -R --reject -I -X -l --level"
    " --post-data"
    " --body-data --method -e --execute --secure-protocol --restrict-file-names --cut-dirs --max-redirect --regex-type"
    " --accept-regex --reject-regex --proxy-user --proxy-password --dns-timeout --connect-timeout --read-timeout"
    " --progress --report-speed --local-encoding --remote-encoding -S --compression --default-page --certificate-type",
    read="-i --input-file --post-file --body-file --certificate --private-key --ca-certificate --ca-directory"
    " --load-cookies --config --crl-file"
    " --input-metalink --egd-file --random-file --pinnedpubkey --hsts-file",
    write="-O --output-document -P --directory-prefix -o --output-file -a --append-output --save-cookies --warc-file"
    " --rejected-log",
    url="-B --base",
    host="-D --domains --bind-address --dns-servers",
    runs="--use-askpass",
)
_WGET_SETTING: Final = re.compile(r"\s*(\w+)\s*=\s*(.+)")


def _wget(invocation: Invocation) -> Effects:
    """Fetch URLs; ``-e`` sets what a file of settings could."""
    collector = collector_of(invocation)
    given = collector.all(invocation.argv[1:], _WGET)
    for url in given.operands:
        note_served(collector, url)
        if not given.has("-O", "--output-document", "--spider"):
            _note_kept(collector, url)
    for setting in given.values("-e", "--execute"):
        if (parts := _WGET_SETTING.match(setting)) is None:
            continue
        name = parts[1].replace("_", "").lower()
        if name.endswith("proxy"):
            collector.host(parts[2])
        elif name in {"postfile", "bodyfile", "inputfile", "config"}:
            collector.read(parts[2])
        elif name == "useaskpass":
            collector.shell(parts[2])
    for file in given.values("-i", "--input-file"):
        for line in collector.lines(file)[:_MOST_LINES]:
            collector.url(line.strip())
    return collector.effects()


_HTTPIE_ITEM: Final = re.compile(r"[^:=@]{0,200}(?::=@|=@|:@|==@|@)(.+)", re.DOTALL)


def _httpie(invocation: Invocation) -> Effects:
    """``http [METHOD] URL [ITEM…]``: an item with ``@`` sends a file."""
    collector = collector_of(invocation)
    how = usage(
        "text*",
        text="-a --auth -A --auth-type -p --print -s --style --session --timeout --max-redirects --pretty"
        " --format-options"
        " --boundary --raw -h",
        read="--cert --cert-key --verify --session-read-only",
        write="-o --output",
        host="--proxy",
    )
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    operands = list(given.operands)
    if operands and operands[0].isupper() and operands[0].isalpha():
        del operands[0]
    if operands:
        url = operands.pop(0)
        collector.url("http://localhost" + url if url.startswith((":", "/")) else url)
    for item in operands:
        if (sent := _HTTPIE_ITEM.fullmatch(item)) is not None:
            collector.read(sent[1].partition(";")[0])
    return collector.effects()


_SSH: Final = usage(
    "text*",
    stops=True,
    text="-b -c -e -l -m -p -Q -B -O -w -I -o -L -R -D -W -J",
    read="-i -F -S",
    write="-E",
)
_SSH_SETTINGS_OF_FILES: Final = name_set(
    "identityfile certificatefile userknownhostsfile globalknownhostsfile controlpath include revokedhostkeys"
)


def _autossh(invocation: Invocation) -> Effects:
    """Run ``ssh`` again and again: ``-M`` takes a port."""
    words = list(invocation.argv[1:])
    if "-M" in words:
        del words[words.index("-M") : words.index("-M") + 2]
    return _ssh(replace(invocation, argv=("ssh", *words)))


def _ssh(invocation: Invocation) -> Effects:
    """Run a command on another machine; what stands before it can run commands and open tunnels here."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _SSH)
    behind = read_arguments(given.operands[1:], _SSH)  # options may follow the host
    _note_ssh_options(collector, (*given.options, *behind.options))
    if not given.operands:
        return collector.effects()
    target = given.operands[0]
    collector.host(target)
    command = behind.operands
    if command and name_of_address(target.rpartition("/")[2]) in _LOCAL:
        collector.shell(" ".join(command), stdin=invocation.stdin)
    return collector.effects()


def _note_ssh_options(collector: Collector, options: Sequence[Option]) -> None:
    for option in options:
        value = option.value or ""
        match option.name:
            case "-o":
                _note_ssh_setting(collector, value)
            case "-J":
                _note_jumps(collector, value)
            case "-L" | "-R":
                parts = value.rsplit(":", 2)
                if len(parts) > 2:  # noqa: PLR2004 - [bind:]port:host:hostport
                    collector.host(parts[1])
            case "-W":
                collector.host(value)
            case "-F":
                collector.read(value)
                for line in collector.lines(value)[:_MOST_LINES]:
                    _note_ssh_setting(collector, line)
            case _ if option.kind is not None and option.value is not None:
                collector.take(option.kind, value)


def _note_ssh_setting(collector: Collector, text: str) -> None:
    """Note what ``Name value`` or ``Name=value`` of ssh's configuration runs, reads or talks to."""
    name, _, value = text.strip().replace("=", " ", 1).partition(" ")
    value = value.strip()
    match name.lower():
        case "proxycommand" | "localcommand" | "knownhostscommand":
            collector.shell(value.removeprefix("exec ").strip("\"'"))
        case "proxyjump" | "hostname":
            _note_jumps(collector, value)
        case lower if lower in _SSH_SETTINGS_OF_FILES:
            collector.read(value)


def _note_jumps(collector: Collector, hosts: str) -> None:
    for host in hosts.split(",")[:_MOST_ALTERNATIVES]:
        if host and host != "none":
            collector.host(host)


def _scp(invocation: Invocation) -> Effects:
    """Copy between machines: ``host:path`` is over there."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text*", text="-c -l -o -P -J -X -D", read="-i -F", runs="-S"))
    _note_ssh_options(collector, given.options)
    for position, operand in enumerate(given.operands):
        collector.remote(operand, write=position == len(given.operands) - 1)
    return collector.effects()


_RSYNC: Final = usage(
    "text*",
    text="-f --filter --exclude --include -B --block-size --bwlimit --timeout --contimeout --port -M"
    " --remote-option --chmod"
    " --chown --usermap --groupmap --max-size --min-size --modify-window --suffix --info --debug --out-format"
    " --log-file-format --compress-level --compress-choice --skip-compress --checksum-choice --max-delete --protocol"
    " --iconv"
    " --checksum-seed --outbuf --sockopts --stop-at --address",
    read="--exclude-from --include-from --password-file --compare-dest --copy-dest --link-dest --read-batch"
    " --early-input",
    list="--files-from",
    write="--log-file --backup-dir -T --temp-dir --partial-dir --write-batch --only-write-batch",
    runs="-e --rsh --rsync-path",
)


def _rsync(invocation: Invocation) -> Effects:
    """Copy trees; ``--include`` aims at names, ``-e`` runs the transport."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _RSYNC)
    for option in given.options:
        if option.name not in {"-e", "--rsh", "--rsync-path"} and option.value is not None:
            collector.take(option.kind, option.value)
    for transport in given.values("-e", "--rsh"):
        words = transport.split()
        if words[:1] and words[0].rpartition("/")[2] == "ssh":
            _note_ssh_options(collector, read_arguments(words[1:], _SSH).options)
        else:
            collector.shell(transport)
    *sources, last = given.operands or ("",)
    for source in sources or [last]:
        if not collector.remote(source):
            for pattern in given.values("--include"):
                if pattern.strip("*/"):
                    collector.read(f"{source.rstrip('/')}/**/{pattern.lstrip('/')}")
    if sources and not collector.remote(last, write=True) and given.has("--remove-source-files"):
        collector.write(*sources)
    return collector.effects()


def _sftp(invocation: Invocation) -> Effects:
    """Transfer by commands, of standard input or of ``-b``'s file."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:], usage("text*", text="-c -l -o -P -J -B -R -X -D", read="-i -F -b", runs="-S")
    )
    _note_ssh_options(collector, given.options)
    for operand in given.operands[:1]:
        is_remote, host = remote_host(operand)
        collector.host(operand.partition(":")[0] if is_remote and host is not None else operand)
    _note_transfers(collector, invocation.stdin)
    return collector.effects()


def _note_transfers(collector: Collector, stdin: str | None) -> None:
    """``put file``, ``!command`` and ``open host`` of an interactive client."""
    for line in lines_of(stdin or "")[:_MOST_LINES]:
        words = line.split()
        match [word.lower() for word in words[:1]]:
            case ["put" | "mput" | "send" | "reput" | "append"]:
                collector.read(*(word for word in words[1:] if word[:1] != "-"))
            case ["get" | "mget" | "recv" | "reget"]:
                collector.write(*words[2:3])
            case ["open"]:
                for word in words[1:2]:
                    collector.host(word)
            case _:
                if line.lstrip().startswith("!"):
                    collector.shell(line.lstrip()[1:])


def _ftp(invocation: Invocation) -> Effects:
    """``ftp``, ``lftp``, ``telnet`` …: the first operand is the host."""
    collector = collector_of(invocation)
    how = usage(
        "text*",
        text="-p -u -P -N -q -r -s -T -w -x --port",
        runs="",
        write="-o",
        read="-f",
        options=dict.fromkeys(("-e", "-c"), Kind.TEXT),
    )
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    for operand in given.operands[:1]:
        collector.host(operand)
    for commands in given.values("-e", "-c"):
        _note_transfers(collector, commands.replace(";", "\n"))
    _note_transfers(collector, invocation.stdin)
    return collector.effects()


_NC: Final = usage(
    "text*",
    text="-p --source-port -s --source -w --wait -i --delay -q -X -I -O -T -V -g -G -P -m --max-conns --proxy-type"
    " --proxy-auth -o",
    host="-x --proxy",
    runs="-e --exec -c --sh-exec",
    read="--ssl-cert --ssl-key --ssl-trustfile --allowfile --denyfile --lua-exec",
    write="--output --hex-dump",
)


def _nc(invocation: Invocation) -> Effects:
    """Connect to a host and port, or wait for one."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _NC)
    collector.options(given)
    if given.has("-U", "--unixsock"):
        collector.read(*given.operands[:1])
    elif given.has("-l", "--listen"):
        if given.has("-e", "--exec", "-c", "--sh-exec"):
            collector.somewhere(" ".join(invocation.argv))
    else:
        for operand in given.operands[:1]:
            collector.host(operand)
    return collector.effects()


_SOCAT_ADDRESS: Final = re.compile(r"([A-Za-z0-9-]{1,40})[:=]([^,]*)")


def _socat(invocation: Invocation) -> Effects:
    """Join two addresses: hosts, files, commands."""
    collector = collector_of(invocation)
    words = read_arguments(invocation.argv[1:], usage("text*", text="-b -T -t", write="-lf -r -R")).operands
    for word in (part for operand in words for part in operand.split("!!")):
        address = _SOCAT_ADDRESS.match(word)
        if address is None:
            if word not in {"-", "STDIO", "STDIN", "STDOUT", "PTY", "pty"}:
                collector.maybe(word)
            continue
        kind, value = address[1].upper(), address[2]
        if kind in {"EXEC", "SYSTEM", "SHELL"}:
            collector.shell(word.partition(":")[2].partition(",")[0].strip("'\""))
        elif kind in {"FILE", "OPEN", "GOPEN", "CREATE", "CREAT", "PIPE", "UNIX-CONNECT", "UNIX", "UNIX-CLIENT"}:
            collector.edit(value)
        elif "LISTEN" not in kind and kind not in {"FD", "STDIO"}:
            collector.host(value)
            if kind.startswith(("PROXY", "SOCKS")):
                collector.host(word.split(":")[2] if word.count(":") > 1 else value)
    return collector.effects()


def _looked_up(words: Sequence[str], how: Usage) -> Iterator[tuple[str, bool]]:
    for operand in read_arguments(words, how).operands:
        yield operand.lstrip("@"), operand.startswith("@")


_RECORD_TYPES: Final = name_set(
    "A AAAA ANY AXFR CAA CNAME DS DNSKEY HTTPS MX NAPTR NS PTR SOA SPF SRV SSHFP SVCB TLSA TXT IN CH HS"
)


def _dig(invocation: Invocation) -> Effects:
    """Look a name up: both the server and the name are told to others."""
    collector = collector_of(invocation)
    how = usage("text*", text="-b -c -k -p -q -t -x -y -r -R -W -m --type --class", read="-f -i")
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    for word, _ in _looked_up(invocation.argv[1:], how):
        if word.upper() not in _RECORD_TYPES and not word.startswith("+"):
            collector.host(word)
    for word in given.values("-q", "-x"):
        collector.host(word)
    for file in given.values("-f"):
        for line in collector.lines(file)[:_MOST_LINES]:
            collector.host(line.split()[0].lstrip("@"))
    return collector.effects()


def _getent(invocation: Invocation) -> Effects:
    """``getent hosts NAME`` looks the name up; other databases are this machine's."""
    collector = collector_of(invocation)
    operands = read_arguments(invocation.argv[1:], usage("text*", text="-s")).operands
    if operands[:1] and operands[0] in {"hosts", "ahosts", "ahostsv4", "ahostsv6"}:
        for operand in operands[1:]:
            collector.host(operand)
    return collector.effects()


def _relay(invocation: Invocation) -> Effects:
    """Open a tunnel or hand files over by a relay: at the other end is whoever knows the way."""
    collector = collector_of(invocation)
    collector.somewhere(" ".join(invocation.argv[:3]))
    given = read_arguments(invocation.argv[1:], usage("text*", host="--relay --hostname --server --to -s", url="--url"))
    collector.options(given)
    collector.maybe(*given.operands[1:])
    return collector.effects()


def _client_of_hosts(invocation: Invocation) -> Effects:
    """Talk to brokers and servers: options or an operand with a port name them."""
    collector = collector_of(invocation)
    how = usage(
        "text*",
        host="-b -h --host --broker -s --server",
        text="-t -m -d -p -u -P -i",
        read="-l -f --cafile --cert --key",
    )
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    for operand in given.operands:
        if _WITH_PORT.fullmatch(operand) or is_url(operand):
            collector.host(operand)
    return collector.effects()


def _first_host(how: Usage) -> Program:
    """Return a program whose first operand is a host."""

    def run(invocation: Invocation) -> Effects:
        collector = collector_of(invocation)
        given: Arguments = read_arguments(invocation.argv[1:], how)
        collector.options(given)
        for operand in given.operands[:1]:
            collector.host(operand)
        return collector.effects()

    return run


def _all_hosts(how: Usage) -> Program:
    """Return a program all of whose operands are hosts."""

    def run(invocation: Invocation) -> Effects:
        collector = collector_of(invocation)
        given = read_arguments(invocation.argv[1:], how)
        collector.options(given)
        for operand in given.operands:
            collector.host(operand)
        return collector.effects()

    return run


def _mail(invocation: Invocation) -> Effects:
    """Send mail: to whom it goes, nobody can bound; what goes along are files."""
    collector = collector_of(invocation)
    how = usage(
        "text*", text="-s -r -c -b -S -e -h -i", read="-a -A -q --attach --attach-file -F -f -H --body --header"
    )
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    for operand in given.operands:
        if "@" in operand:
            collector.host(operand)
    if not given.operands:
        collector.somewhere(name_of(invocation))
    return collector.effects()


def _downloader(invocation: Invocation) -> Effects:
    """Download with ``aria2c``, ``axel`` and others."""
    collector = collector_of(invocation)
    how = usage(
        "url*",
        text="-n --num-connections -s --split -x --max-connection-per-server -j -k -m -t --max-tries --timeout"
        " --user-agent"
        " --header --checksum -f --format --referer --http-user --http-passwd",
        read="--load-cookies --conf-path --cookies --certificate --private-key --ca-certificate --cookies-from-browser",
        list="-i --input-file -a --batch-file",
        write="-o --out -d --dir --save-session -l --log -P --paths --output",
        host="--all-proxy --http-proxy --https-proxy --proxy",
        runs="--on-download-complete --exec",
    )
    collector.all(invocation.argv[1:], how)
    return collector.effects()


def _browse(invocation: Invocation) -> Effects:
    """Open a page in a text browser or a desktop's: an operand is a URL or a file."""
    collector = collector_of(invocation)
    how = usage("text*", text="-width -cols -o -T -a", read="-cfg -config -cookie_file -cmd_script", write="-cmd_log")
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    for operand in given.operands:
        if remote_host(operand)[0]:
            collector.url(operand)
        elif operand[:1] in {"/", ".", "~"}:
            collector.read(operand)
        else:
            collector.maybe(operand)
            if "." in operand and name_of(invocation) in {"lynx", "w3m", "links", "elinks", "links2"}:
                collector.url(operand)
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **joined("curl curlie", _curl),
    **joined("wget wget2", _wget),
    **joined("http https httpie xh xhs", _httpie),
    "autossh": _autossh,
    **joined("ssh mosh slogin rsh rlogin", _ssh),
    **joined("scp rcp pscp", _scp),
    "rsync": _rsync,
    "sftp": _sftp,
    **joined("ftp lftp ncftp tftp telnet", _ftp),
    **joined("nc ncat netcat nc.openbsd nc.traditional", _nc),
    "socat": _socat,
    **joined("dig host nslookup drill kdig delv doggo dog resolvectl", _dig),
    "getent": _getent,
    **joined("croc magic-wormhole wormhole cloudflared ngrok localtunnel lt bore frpc transfer piknik", _relay),
    **joined("kcat kafkacat mosquitto_pub mosquitto_sub nats grpcurl websocat wscat", _client_of_hosts),
    **declared({"irssi weechat ii": usage("maybe*", host="-c --connect -h -s", text="-n -p -w")}),
    **joined(
        "ping ping6 fping traceroute traceroute6 tracepath mtr whois nmap arping hping3 masscan tcpping"
        " ntpdate sntp showmount rpcinfo snmpwalk snmpget snmpset smbclient rpcclient nbtscan",
        _all_hosts(
            usage(
                "text*",
                text="-c -i -I -l -m -M -n -p -P -q -Q -s -S -t -T -w -W -z -f -g -o -oN -oX --top-ports --script"
                " --ports -h",
                list="-iL",
            )
        ),
    ),
    **joined(
        "openconnect vpnc sshuttle rdesktop xfreerdp vncviewer ab wrk hey siege k6 vegeta",
        _first_host(usage("text*", text="-c -n -t -d -p -r -k")),
    ),
    **joined(
        "iperf iperf3 nikto openvpn hydra ncftp ncftpput ncftpget gnutls-cli curlftpfs finger rdate",
        _all_hosts(usage("text*", host="-c --client -h --host --remote", text="-p -t -u -l -P -d")),
    ),
    **joined("mail mailx mutt sendmail msmtp swaks s-nail neomutt", _mail),
    **joined("aria2c axel youtube-dl yt-dlp lwp-download lwp-request GET POST HEAD fetch gallery-dl", _downloader),
    **joined(
        "lynx w3m links elinks links2 open xdg-open firefox chromium google-chrome chrome sensible-browser", _browse
    ),
    **declared(
        {
            "ssh-keygen": usage(
                "maybe*",
                text="-t -b -C -N -P -m -a -O -V -n -I -Z -D -w -z -F -R -l -E",
                write="-f",
                read="-s -e -i -y",
            ).with_operands("maybe*"),
            "ssh-add": usage("read*", text="-t -E -c -D -S", read="-s -e -T"),
            "ssh-keyscan": usage("host*", text="-p -t -T -O", list="-f"),
            "ssh-copy-id": usage("host*", text="-p -o", read="-i -F"),
            "ip ifconfig route netstat ss arp iwconfig nmcli networkctl ethtool iptables ip6tables nft ufw firewall-cmd"
            " tcpdump tshark conntrack brctl tc hostnamectl": usage("text*", write="-w", read="-r"),
            "certbot mkcert acme.sh": usage("maybe*"),
        }
    ),
}
"""Programs that talk to other hosts, by name."""
