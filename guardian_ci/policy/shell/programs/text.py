"""Programs that print, filter, compare and convert texts."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from guardian_ci.policy.shell import awk as awk_programs
from guardian_ci.policy.shell import sed as sed_programs
from guardian_ci.policy.shell.arguments import Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.filters import JQ, SED, printed
from guardian_ci.policy.shell.listings import lines_of
from guardian_ci.policy.shell.programs.table import (
    TAME_LINE,
    Program,
    collector_of,
    declared,
    filtering,
    joined,
    note_sweep,
    output_of,
)

_FILTERS: Final = {
    "echo printf seq yes basename dirname expr rot13 caesar": usage("text*"),
    "realpath readlink": usage("text*", text="--relative-to --relative-base"),
    "cat rev zcat gzcat bzcat xzcat lzcat zstdcat dos2unix unix2dos sponge": usage("read*"),
    "tac": usage("read*", text="-s --separator"),
    "nl": usage(
        "read*",
        text="-b --body-numbering -d --section-delimiter -f --footer-numbering -h --header-numbering -i"
        " --line-increment"
        " -l --join-blank-lines -n --number-format -s --number-separator -v --starting-line-number -w --number-width",
    ),
    "pv": usage("read*", text="-L --rate-limit -s --size -N --name -B --buffer-size -i --interval -w -H", read="-d"),
    "bat batcat": usage(
        "read*",
        text="-l --language -H --highlight-line -r --line-range --style --theme --color --paging --wrap -m --map-syntax"
        " --tabs --file-name --terminal-width --diff-context",
        runs="--pager",
    ),
    "more pg": usage("read*", text="-n --lines"),
    "tr": usage("text*"),
    "head": usage("read*", text="-c --bytes -n --lines"),
    "tail": usage("read*", text="-b -c --bytes -n --lines -s --sleep-interval --pid --max-unchanged-stats"),
    "cut": usage("read*", text="-b --bytes -c --characters -d --delimiter -f --fields --output-delimiter"),
    "sort": usage(
        "read*",
        text="-k --key -t --field-separator -S --buffer-size --parallel --batch-size --sort",
        read="--random-source",
        write="-o --output -T --temporary-directory",
        list="--files0-from",
        runs="--compress-program",
    ),
    "shuf": usage("read*", text="-i --input-range -n --head-count", write="-o --output", read="--random-source"),
    "uniq": usage("read write", text="-f --skip-fields -s --skip-chars -w --check-chars"),
    "fold": usage("read*", text="-w --width"),
    "fmt": usage("read*", text="-w --width -g --goal -p --prefix"),
    "expand unexpand": usage("read*", text="-t --tabs"),
    "paste": usage("read*", text="-d --delimiters"),
    "column": usage("read*", text="-s --separator -o --output-separator -c --output-width -N --table-columns"),
    "base64 base32 basenc base16 base58 gbase64 mimencode": usage(
        "read*", text="-w --wrap -b --break", read="-i --input", write="-o --output"
    ),
    "iconv": usage("read*", text="-f --from-code -t --to-code", write="-o --output"),
    "tee": usage("write*"),
    "envsubst": usage("text*"),
    "date": usage("text*", text="-d --date -s --set", read="-r --reference -f --file"),
    "zlib-flate": usage("text*"),
}

_PRINTERS_OF_FACTS: Final = {
    "wc": usage("read*", list="--files0-from"),
    "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b3sum sum shasum xxhsum xxh64sum crc32 hashdeep": usage(
        "read*", text="-a --algorithm"
    ),
    "b2sum cksum": usage("read*", text="-a --algorithm -l --length"),
    "md5 sha1 sha256 sha512": usage("read*", text="-s"),
    "file": usage(
        "read*", text="-F --separator -e --exclude -P --parameter", read="-m --magic-file", list="-f --files-from"
    ),
    "cloc tokei scc sloccount": usage(
        "read*",
        text="--exclude-dir --exclude-ext --include-lang --exclude-lang --match-f --not-match-f -e --type --format"
        " --include-ext --exclude",
        write="--out --report-file --output",
        list="--list-file",
    ),
    "cmp": usage("read read text*", text="-i --ignore-initial -n --bytes"),
    "nproc uname whoami hostid arch uptime getconf numfmt factor uuidgen locale tput logname cal ncal groups id users"
    " who w tty sw_vers": usage("text*"),
    "hostname": usage("text*", read="-F --file"),
    "bc": usage("read*"),
}

_READERS: Final = {
    "true false sleep usleep": usage("text*"),
    "od": usage("read*", text="-A --address-radix -j --skip-bytes -N --read-bytes -t --format -S"),
    "hexdump hd": usage("read*", text="-e -n -s --length --skip --format", read="-f --format-file"),
    "hexyl": usage("read*", text="-n --length -s --skip -o --display-offset --border --color"),
    "sdiff": usage("read*", text="-w --width -I", write="-o --output"),
    "diff3 delta wdiff dwdiff meld kdiff3 diff-so-fancy vd visidata lolcat glow mdcat ccat jless colrm colcrt col tsort"
    " ptx nkf vis unvis zless zmore xzless bzless zdiff zcmp xzdiff bzdiff zbarimg rev pdfinfo uniname pygmentize"
    " highlight json_pp json_verify jsonlint": usage("read*"),
    "comm": usage("read*", text="--output-delimiter"),
    "join": usage("read*", text="-a -e -j -o -t -v -1 -2"),
    "pr": usage("read*", text="-D --date-format -h --header -l --length -o --indent -w --width"),
    "ul": usage("read*", text="-t --terminal"),
    "look": usage("text read", text="-t --terminate"),
    "xmllint": usage(
        "read*", text="--xpath --encode --pattern", read="--schema --relaxng --dtdvalid --path", write="--output -o"
    ),
    "pandoc": usage(
        "read*",
        text="-f --from -r --read -t --to -w --write -V --variable -M --metadata --toc-depth --wrap --columns"
        " --pdf-engine --highlight-style --shift-heading-level-by",
        read="--template --css -c -H --include-in-header -B --include-before-body -A --include-after-body"
        " --bibliography"
        " --csl -d --defaults --metadata-file --reference-doc --syntax-definition --data-dir --resource-path -F"
        " --filter"
        " -L --lua-filter",
        write="-o --output --extract-media --log",
    ),
    "uuencode": usage("read text"),
    "uudecode": usage("read*", write="-o"),
    "qrencode": usage("text*", text="-s -l -v -m -d -t", read="-r --read-from", write="-o --output"),
    "cowsay cowthink fortune banner": usage("text*", text="-T -e -W", read="-f"),
    "figlet toilet": usage("text*", text="-w -d", read="-f --font"),
    "tesseract": usage("read text*"),
    "pdftotext pdftohtml pdftoppm": usage("read write", text="-f -l -r"),
    "units": usage("text*", read="-f --file"),
    "msgfmt xgettext msgmerge": usage("read*", write="-o --output-file", list="-f --files-from"),
    "yamllint": usage("read*", text="-d --config-data -f --format", read="-c --config-file"),
    "tidy": usage("edit*", write="-o -output -f", read="-config"),
}

_MORE_FILTERS: Final = {"xxd": usage("read write", text="-c -cols -g -groupsize -l -len -o -s -seek -n -name -R")}


def _sed(invocation: Invocation) -> Effects:
    """Edit a stream; its program names files and commands of its own."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], SED)
    scripts, files = given.values("-e", "--expression"), list(given.operands)
    in_place = given.has("-i", "-I", "--in-place")
    if in_place and files[:1] == [""]:
        del files[0]  # the empty suffix of other systems
    if not scripts and not given.has("-f", "--file") and files:
        scripts = [files.pop(0)]
    for file in given.values("-f", "--file"):
        collector.read(file)
        scripts.append("\n".join(collector.lines(file)))
    (collector.edit if in_place else collector.read)(*files)
    for script in scripts:
        note_sed_program(collector, script)
    return collector.effects(
        output_of("sed", SED, invocation, given, collector) if not files or files == ["-"] else None
    )


def note_sed_program(collector: Collector, program: str) -> None:
    """Note the files and commands that a program of the stream editor names."""
    for command in sed_programs.commands_of(program) or ():
        if command.name in {"r", "R"}:
            collector.read(command.file)
        elif command.file:
            collector.write(command.file)
        if command.name == "e" and command.text:
            collector.shell(command.text)
        elif command.name == "e" or (command.name == "s" and "e" in command.flags):
            _note_run_by_sed(collector, command)


def _note_run_by_sed(collector: Collector, command: sed_programs.Command) -> None:
    """``s///e`` runs what it has made of the line: its replacement, where that stands for all of the line."""
    if command.name == "s" and "&" not in command.text and "\\" not in command.text:
        collector.shell(command.text)
    else:
        collector.opaque("runs lines of a text", command.text or command.name)


_AWK: Final = usage(
    "text read*",
    text="-F --field-separator -v --assign",
    read="-f --file -i --include -E --exec",
    write="-d -o -p --dump-variables --pretty-print --profile",
)


def _awk(invocation: Invocation) -> Effects:
    """Run a program over files and ``name=value`` words; the program names files and commands of its own."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _AWK)
    collector.options(given)
    operands = list(given.operands)
    sources = given.values("-e", "--source")
    for file in given.values("-f", "--file", "-E", "--exec", "-i", "--include"):
        sources += [text] if (text := collector.text_of(file)) is not None else []
    if not given.has("-f", "--file", "-E", "--exec") and not sources and operands:
        sources = [operands.pop(0)]
    assigned = [word.partition("=") for word in (*given.values("-v", "--assign"), *operands) if "=" in word]
    variables = {name: value for name, _, value in assigned}
    for operand in operands:
        name, equals, value = operand.partition("=")
        if not (equals and name.isidentifier()):
            collector.read(operand)
        elif "/" in value or value.startswith("."):
            collector.maybe(value)
    output = None
    files = [operand for operand in operands if "=" not in operand and operand != "-"]
    for source in sources:
        deeds = awk_programs.deeds_of(source, variables, files)
        note_deeds(collector, deeds)
        if len(sources) == 1 and not deeds.writes and not deeds.shells:
            separator = given.value("-F", "--field-separator")
            text = invocation.stdin if not files else None
            output = awk_programs.evaluated(source, variables, separator, text)
    return collector.effects(output)


def note_deeds(collector: Collector, deeds: awk_programs.Deeds) -> None:
    """Note what a program of awk names; ``/inet/tcp/0/HOST/PORT`` is a host."""
    for name in (*deeds.reads, *deeds.writes, *deeds.shells):
        if name.startswith("/inet"):
            collector.host("".join(name.split("/")[4:5]))
    collector.read(*(name for name in deeds.reads if not name.startswith("/inet")))
    collector.write(*(name for name in deeds.writes if not name.startswith("/inet")))
    for line in deeds.shells:
        if not line.startswith("/inet"):
            note_shell_of_awk(collector, line)


def note_shell_of_awk(collector: Collector, line: str) -> None:
    """Note a command line that awk runs or writes to; into a bare shell it writes what nobody knows."""
    if line.strip() in {"sh", "bash", "/bin/sh", "/bin/bash", "zsh"}:
        collector.opaque("pipes lines of a text into a shell", line)
    elif line == UNKNOWN:
        collector.opaque("runs lines of a text", line)
    else:
        collector.shell(line)


def _jq(invocation: Invocation) -> Effects:
    """Query documents; options with two values set variables from files."""
    collector = collector_of(invocation)
    words: list[str] = []
    left = iter(invocation.argv[1:])
    for word in left:
        if word in {"--slurpfile", "--rawfile", "--argfile"}:
            next(left, None)
            collector.read(next(left, ""))
        elif word in {"--arg", "--argjson"}:
            next(left, None)
            next(left, None)
        elif word in {"--args", "--jsonargs"}:
            words += [each for each in left if each.startswith("-")]
        else:
            words.append(word)
    given = read_arguments(words, JQ)
    from_file = given.has("-f", "--from-file")
    files = given.operands if from_file else given.operands[1:]
    collector.read(*given.values("-f", "--from-file"), *files)
    output = None if files or from_file else printed("jq", words, invocation.stdin)
    return collector.effects(output)


_YQ: Final = usage(
    "text read*",
    text="-p --input-format -o --output-format -I --indent --arg --expression",
    read="--from-file",
    write="-s --split-exp",
)


def _yq(invocation: Invocation) -> Effects:
    """Query or edit documents; ``eval`` and its like may stand first, and a lone operand is a file or a program."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    if words[:1] and words[0] in {"eval", "e", "eval-all", "ea", "r", "read", "w", "write", "shell-completion"}:
        del words[0]
    given = read_arguments(words, _YQ)
    collector.options(given)
    in_place = given.has("-i", "--inplace", "-y", "--in-place")
    files = given.operands[1:] if len(given.operands) > 1 or given.has("-n", "--null-input") else ()
    (collector.edit if in_place else collector.read)(*files)
    if len(given.operands) == 1:
        collector.maybe(given.operands[0])
    for operand in given.operands[:1]:
        _note_load(collector, operand)
    return collector.effects()


def _note_load(collector: Collector, program: str) -> None:
    """``load("file")`` and its like read files from within a program."""
    for part in program.split("load")[1:20]:
        quoted = part.partition('"')[2].partition('"')[0]
        if quoted:
            collector.read(quoted)


def _less(invocation: Invocation) -> Effects:
    """Page through files; ``+!command`` and ``-o file`` are doors."""
    collector = collector_of(invocation)
    how = usage(
        "read*",
        text="-b -h -j -p -P -t -x -y -z -D --pattern --jump-target --tabs --prompt -# --shift",
        write="-o -O --log-file",
        read="-k -T --lesskey-file --tag-file",
    )
    words = []
    for word in invocation.argv[1:]:
        if word.startswith("+"):
            command = word.lstrip("+")
            if command.startswith("!"):
                collector.shell(command[1:])
            elif command[:2] in {":e", "E "}:
                collector.read(command[2:].strip())
        else:
            words.append(word)
    given = collector.all(words, how)
    return collector.effects(output_of("less", how, invocation, given, collector))


def _dd(invocation: Invocation) -> Effects:
    """Copy blocks: ``if=`` and ``of=`` are its files."""
    collector = collector_of(invocation)
    for word in invocation.argv[1:]:
        name, _, value = word.partition("=")
        if name == "if":
            collector.read(value)
        elif name == "of":
            collector.write(value)
    reads_file = any(word.startswith("if=") and word != "if=/dev/stdin" for word in invocation.argv[1:])
    return collector.effects(None if reads_file else printed("dd", invocation.argv[1:], invocation.stdin))


_COMPRESSORS: Final = {
    "gzip gunzip bzip2 bunzip2 compress uncompress pigz unpigz lzop": usage("text*", text="-S --suffix -p --processes"),
    "xz unxz lzma unlzma pixz": usage("text*", text="-S --suffix -T --threads -M --memlimit", list="--files --files0"),
    "zstd unzstd lz4 unlz4 zpaq lrzip zopfli pbzip2 lbzip2": usage("text*", write="-o --output-dir-flat", read="-D"),
    "brotli": usage("text*", text="-q --quality -w --lgwin -S --suffix", write="-o --output"),
}


def _compress(name: str, how: Usage, invocation: Invocation) -> Effects:
    """Replace a file by its compressed form, or print that."""
    collector = collector_of(invocation)
    given = collector.all(invocation.argv[1:], how)
    kept = given.has("-c", "--stdout", "--to-stdout", "-l", "--list", "-t", "--test", "-k", "--keep")
    (collector.read if kept else collector.edit)(*given.operands)
    return collector.effects(output_of(name, how, invocation, given, collector))


_DU: Final = usage(
    "text*",
    text="-B --block-size -d --max-depth -t --threshold --exclude --time-style --time",
    read="-X --exclude-from",
    list="--files0-from",
)


def _du(invocation: Invocation) -> Effects:
    """Sum up folders; with ``-a`` it lists all that is in them."""
    collector = collector_of(invocation)
    given = collector.all(invocation.argv[1:], _DU)
    listed = "".join(f"{TAME}\t{folder.rstrip('/')}/**\n" for folder in given.operands or (".",))
    return collector.effects(listed if given.has("-a", "--all") else TAME_LINE)


def _strings(invocation: Invocation) -> Effects:
    """Print the texts in files."""
    collector = collector_of(invocation)
    collector.all(invocation.argv[1:], usage("read*", text="-n --bytes -t --radix -e --encoding -T --target"))
    note_sweep(collector)
    return collector.effects()


_DIFF: Final = usage(
    "read*",
    text="-U --unified -C --context -W --width -x --exclude -I --ignore-matching-lines --label -L -F --horizon-lines"
    " --show-function-line -S --starting-file --tabsize --line-format",
    read="-X --exclude-from --from-file --to-file",
)


def _diff(invocation: Invocation) -> Effects:
    """Compare files; against nothing (``-N``), a whole folder is printed."""
    collector = collector_of(invocation)
    given = collector.all(invocation.argv[1:], _DIFF)
    if given.has("-N", "--new-file", "-P", "--unidirectional-new-file") and {".", "..", "/", "~"} & set(given.operands):
        collector.opaque("prints every file of a folder", " ".join(given.operands))
    return collector.effects()


def _dc(invocation: Invocation) -> Effects:
    """Calculate; ``!`` runs a command."""
    collector = collector_of(invocation)
    given = collector.all(invocation.argv[1:], usage("read*", text="-e --expression", read="-f --file"))
    for text in (*given.values("-e", "--expression"), invocation.stdin or ""):
        for line in lines_of(text):
            if "!" in line:
                collector.shell(line.partition("!")[2])
    return collector.effects()


def _split(invocation: Invocation) -> Effects:
    """Cut a file into pieces; the pieces can be piped through a command."""
    collector = collector_of(invocation)
    how = usage(
        "read write text*",
        text="-a --suffix-length -b --bytes -C --line-bytes -l --lines -n --number -t --separator"
        " --additional-suffix -f"
        " --prefix --suffix-format",
        runs="--filter",
    )
    collector.all(invocation.argv[1:], how)
    return collector.effects()


_OPENSSL: Final = usage(
    "maybe*",
    text="-passin -passout -subj -days -newkey -keyform -inform -outform -name -md -iter -k -K -iv -S -bits -alg"
    " -servername"
    " -cipher -ciphersuites -addext -set_serial -purpose -sigopt -pkeyopt -nameopt -certopt -hmac -checkend -startdate"
    " -enddate -extensions -algorithm -starttls -alpn -pass",
    read="-in -inkey -key -cert -CA -CAkey -CAfile -CApath -config -extfile -kfile -rand -certfile -signature -sign"
    " -prverify"
    " -peerkey -signkey -untrusted -trusted -certs -keyfile -content -recip -signer -paramfile -crl -sess_in",
    write="-out -keyout -writerand -CAserial -prout -certout -outdir -sess_out",
    maybe="-verify -engine -provider-path",
    host="-connect -proxy -host",
)
_READS_OPERANDS: Final = name_set("dgst sha1 sha256 sha384 sha512 md5 base64 enc asn1parse x509 rsa pkey ec")
_TAKES_NO_FILE: Final = name_set("rand genrsa prime passwd version speed ciphers list dhparam ecparam")


def _openssl(invocation: Invocation) -> Effects:
    """Encrypt, sign, connect: ``-in file``, ``-out file``, ``-connect host``, ``-pass file:path``."""
    collector = collector_of(invocation)
    command = "".join(invocation.argv[1:2])
    given = read_arguments(invocation.argv[2:], _OPENSSL)
    collector.options(given)
    collector.read(*(value[5:] for value in given.values("-pass", "-passin", "-passout") if value.startswith("file:")))
    if command in _READS_OPERANDS:
        collector.read(*(word for word in given.operands if not word.isdigit()))
    elif command in {"s_client", "s_time"}:
        for operand in given.operands:
            collector.host(operand)
    elif command not in _TAKES_NO_FILE:
        collector.maybe(*given.operands)
    reads = bool(collector.effects().touches)
    return collector.effects(None if reads else printed("openssl", invocation.argv[1:], invocation.stdin))


PROGRAMS: Final[Mapping[str, Program]] = {
    **declared(_READERS),
    **filtering(_FILTERS),
    **filtering(_MORE_FILTERS),
    **declared(_PRINTERS_OF_FACTS, TAME_LINE),
    **joined("sed gsed ssed", _sed),
    **joined("awk gawk mawk nawk original-awk goawk", _awk),
    **joined("jq jaq gojq", _jq),
    **{name: partial(_compress, name, how) for names, how in _COMPRESSORS.items() for name in names.split()},
    "yq": _yq,
    "less": _less,
    "dd": _dd,
    "dc": _dc,
    "strings": _strings,
    **joined("diff colordiff icdiff difft", _diff),
    "du": _du,
    **joined("split csplit", _split),
    **joined("openssl libressl", _openssl),
}
"""Programs that print, filter, compare and convert texts, by name."""
