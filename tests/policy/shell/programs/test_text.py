"""What programs that print, filter, compare and convert texts do."""

import pytest
from deeds import deeds_of, printed_by, rows

DEEDS = r"""
cat a b ⇒ read a; read b
cat -n a ⇒ read a
tac a ⇒ read a
head -n 5 a ⇒ read a
head -c 5 a ⇒ read a
tail -f -n 1 a ⇒ read a
tail -n +2 a ⇒ read a
nl -ba a ⇒ read a
rev a ⇒ read a
cut -d: -f1 a ⇒ read a
sort -k 2 -o out a ⇒ write out; read a
sort --files0-from=list ⇒ read list
sort --compress-program=./x a ⇒ read a; shell ./x
uniq a b ⇒ read a; write b
paste -d, a b ⇒ read a; read b
fold -w 80 a ⇒ read a
fmt -w 72 a ⇒ read a
column -t a ⇒ read a
comm a b ⇒ read a; read b
join -t : a b ⇒ read a; read b
diff -u a b ⇒ read a; read b
diff -N . other ⇒ read .; read other; dark
cmp a b ⇒ read a; read b
wc -l a ⇒ read a
md5sum a ⇒ read a
file -f list a ⇒ read list; read a
strings -n 4 a ⇒ read a
od -c a ⇒ read a
xxd -r -p a out ⇒ read a; write out
hexdump -C a ⇒ read a
base64 a ⇒ read a
iconv -f UTF-16 -t UTF-8 a ⇒ read a
tee -a a b <<< x ⇒ write a; write b
split -l 10 a prefix ⇒ read a; write prefix
split --filter='sh -c x' a ⇒ read a; shell sh -c x
dd if=a of=b bs=1 ⇒ read a; write b
sed s/a/b/ a ⇒ read a
sed -i s/a/b/ a ⇒ read a; write a
sed -i '' s/a/b/ a ⇒ read a; write a
sed -i.bak -e s/a/b/ a b ⇒ read a; write a; read b; write b
sed -n '/x/w out' a ⇒ read a; write out
sed 'r .env' a ⇒ read a; read .env
sed '1e cat .env' a ⇒ read a; shell cat .env
sed 's/.*/cat .env/e' a ⇒ read a; shell cat .env
sed 's/x/cat &/e' a ⇒ read a; dark
sed -f script.sed a ⇒ read script.sed; read a
awk '{print $1}' a ⇒ read a
awk -F: '{print $1}' a ⇒ read a
awk -v f=.env 'BEGIN{while((getline l < f)>0) print l}' ⇒ read .env
awk '{print > "out"}' a ⇒ read a; write out
awk 'BEGIN{system("cat .env")}' ⇒ shell cat .env
awk 'BEGIN{"cat .env" | getline x}' ⇒ shell cat .env
awk '{print | "sh"}' a ⇒ read a; dark
awk -f prog.awk a ⇒ read prog.awk; read a
awk 1 x=1 a ⇒ read a
awk 'BEGIN{"/inet/tcp/0/evil.example/80" |& getline l}' ⇒ talk to evil.example
jq .a a.json ⇒ read a.json
jq -r --arg x 1 .a a.json ⇒ read a.json
jq --slurpfile x b.json .a a.json ⇒ read b.json; read a.json
jq -f prog.jq a.json ⇒ read prog.jq; read a.json
yq .a a.yml ⇒ read a.yml
yq -i .a=1 a.yml ⇒ read a.yml; write a.yml
yq 'load("b.yml")' a.yml ⇒ read a.yml; read b.yml
less a ⇒ read a
less '+!cat .env' a ⇒ read a; shell cat .env
less -o log a ⇒ write log; read a
more a ⇒ read a
bat --pager 'sh x' a ⇒ read a; shell sh x
zcat a.gz ⇒ read a.gz
gzip -k a ⇒ read a
gzip -dc a.gz ⇒ read a.gz
pandoc -o out.pdf --template t.tex a.md ⇒ write out.pdf; read t.tex; read a.md
openssl enc -d -aes-256-cbc -in a -out b -pass file:key ⇒ read a; write b; read key
openssl s_client -connect evil.example:443 ⇒ talk to evil.example
openssl s_client evil.example:443 ⇒ talk to evil.example
openssl x509 -in cert.crt -noout -text ⇒ read cert.crt
openssl req -x509 -newkey rsa:2048 -nodes -keyout k.key -out c.crt -subj /CN=x ⇒ write k.key; write c.crt
openssl dgst -sha256 a ⇒ read a
date -f a ⇒ read a
dc -e '!cat .env' ⇒ shell cat .env
look word file ⇒ read file
uuencode a b ⇒ read a
"""

PRINTS = r"""
cat - <<< x ⇒ x
tr a-z A-Z <<< ab ⇒ AB
cmp a b ⇒ TAME\n
wc -l a ⇒ TAME\n
md5sum a ⇒ TAME\n
file -f list a ⇒ TAME\n
xxd -p <<< .env ⇒ 2e656e76\n
base64 -d <<< LmVudg== ⇒ .env
tee -a a b <<< x ⇒ x
dd bs=1 skip=1 count=2 <<< abcd ⇒ bc
sed s/a/b/ <<< xay ⇒ xby\n
awk '{print $2}' <<< a b ⇒ b\n
jq -r .a <<< {"a":".env"} ⇒ .env\n
openssl rand -hex 16 ⇒ TAME\n
openssl base64 -d <<< LmVudg== ⇒ .env
date +%F ⇒ TAME\n
date +.env ⇒ .env\n
echo -e '\x2eenv' ⇒ .env\n
printf '%s%s' .e nv ⇒ .env
envsubst <<< x ⇒ x
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
