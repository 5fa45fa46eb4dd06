"""What programs that run another command do."""

import pytest
from deeds import deeds_of, rows

DEEDS = r"""
sudo cat .env ⇒ run cat .env
sudo -u root -E cat .env ⇒ run cat .env
sudo A=1 cat .env ⇒ run cat .env
sudo -e .env ⇒ read .env; write .env
sudoedit a ⇒ read a; write a
sudo -s ⇒ run sh
doas cat .env ⇒ run cat .env
su -c 'cat .env' ⇒ shell cat .env
su - user -c 'cat .env' ⇒ shell cat .env
env A=1 cat .env ⇒ run cat .env
env -i -u B cat .env ⇒ run cat .env
env -S 'cat .env' ⇒ run cat .env
env -C sub cat a ⇒ read sub; shell cd sub && cat a
env ⇒ nothing
nohup cat .env ⇒ run cat .env
nice -n 5 cat .env ⇒ run cat .env
timeout -k 1 5 cat .env ⇒ run cat .env
timeout 5 cat .env ⇒ run cat .env
stdbuf -oL cat .env ⇒ run cat .env
time -f %e cat .env ⇒ run cat .env
strace -o log cat .env ⇒ write log; run cat .env
xargs cat <<< .env ⇒ run cat .env
xargs -0 cat <<< a\0b ⇒ run cat a b
xargs -I{} cp {} {}.bak <<< a\nb ⇒ run cp a a.bak; run cp b b.bak
xargs -n 1 cat <<< a b ⇒ run cat a; run cat b
xargs -d, cat <<< a,b ⇒ run cat a b
xargs cat ⇒ run cat UNKNOWN
xargs -a list cat ⇒ read list; run cat UNKNOWN
xargs sh -c <<< UNKNOWN ⇒ dark
xargs cat <<< ./** ⇒ dark
xargs wc -l <<< ./** ⇒ run wc -l ./**
parallel cat ::: .env b ⇒ shell cat .env; shell cat b
parallel 'cat {}' <<< .env ⇒ shell cat .env
parallel cat :::: list ⇒ read list; shell cat UNKNOWN
parallel -S host.example cat ::: a ⇒ talk to host.example; shell cat a
watch -n 1 'cat .env' ⇒ shell cat .env
busybox cat .env ⇒ run cat .env
busybox sh -c 'cat .env' ⇒ run sh -c cat .env
flock /tmp/l cat .env ⇒ maybe /tmp/l; run cat .env
flock /tmp/l -c 'cat .env' ⇒ maybe /tmp/l; shell cat .env
script -c 'cat .env' out ⇒ write out; shell cat .env
tmux new -d 'cat .env' ⇒ shell cat .env
tmux send-keys -t x 'cat .env' Enter ⇒ shell cat .env
screen -dm cat .env ⇒ run cat .env
at now <<< cat .env ⇒ shell cat .env
crontab - <<< * * * * * cat .env ⇒ shell cat .env
crontab -l ⇒ nothing
chroot /mnt cat a ⇒ read /mnt; run cat a
unshare -r cat .env ⇒ run cat .env
setsid cat .env ⇒ run cat .env
gdb -batch -ex 'shell cat .env' ⇒ read h; shell cat .env
hyperfine 'cat .env' ⇒ shell cat .env
entr -n cat /_ <<< .env ⇒ run cat .env
ssh-agent cat .env ⇒ run cat .env
dotenv run env ⇒ read .env; run env
dotenv --version ⇒ nothing
direnv exec . cat .env ⇒ read ./.envrc; run cat .env
doppler run -- cat .env ⇒ run cat .env
run-parts dir ⇒ read dir
start-stop-daemon -S -x /bin/cat -- .env ⇒ run /bin/cat .env
bwrap --ro-bind / / cat .env ⇒ read /; run cat .env
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds
