"""What the letters of a path say."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.spelling import HOME_VARIABLES, Path, Start, read_path, spellings


@pytest.mark.parametrize(
    ("text", "begins", "way"),
    [
        ("a/b", Start.HERE, "a/b"),
        ("./a//b/./", Start.HERE, "a/b"),
        ("a/../b", Start.HERE, "b"),
        ("/a/../../b", Start.ROOT, "b"),
        (f"/a/x{UNKNOWN}/../b", Start.ROOT, f"a/{UNKNOWN}/b"),
        (" .env\n", Start.HERE, ".env"),
        (".env\0.txt", Start.HERE, ".env"),
        (".ENV", Start.HERE, ".env"),
        (".env.", Start.HERE, ".env"),
        (".env. .", Start.HERE, ".env"),
        ("...", Start.HERE, "..."),
        (".env::$DATA", Start.HERE, ".env"),
        ("a\\b", Start.HERE, "a/b"),
        ("C:\\Users\\me\\x", Start.ROOT, "users/me/x"),
        ("\\\\?\\C:\\x", Start.ROOT, "x"),
        ("\\\\server\\c$\\x", Start.ROOT, "x"),
        ("\\\\wsl$\\Ubuntu\\home\\me\\x", Start.ROOT, "home/me/x"),
        ("\\\\wsl.localhost\\Ubuntu\\home", Start.ROOT, "home"),
        ("file:///root/.ss%68/x", Start.ROOT, "root/.ssh/x"),
        ("FILE://localhost/x", Start.ROOT, "x"),
        ("file:/x", Start.ROOT, "x"),
        ("file:.env", Start.HERE, ".env"),
        ("file:c:/x", Start.ROOT, "x"),
        ("a%2fb", Start.HERE, "a%2fb"),
        ("~", Start.HOME, ""),
        ("~/x", Start.HOME, "x"),
        ("~me/x", Start.HOME, "x"),
        ("~+/x", Start.HERE, "x"),
        ("~-/x", Start.HERE, f"{UNKNOWN}/x"),
        ("~x~/y", Start.HERE, "~x~/y"),
        ("$HOME/x", Start.HOME, "x"),
        ("${HOME}/x", Start.HOME, "x"),
        ("$HOMES/x", Start.HERE, "$homes/x"),
        ("%USERPROFILE%\\x", Start.HOME, "x"),
        ("%HOMEDRIVE%%HOMEPATH%\\x", Start.HOME, "x"),
        ("$env:USERPROFILE\\x", Start.HOME, "x"),
        ("${env:HOME}/x", Start.HOME, "x"),
        ("%APPDATA%\\x", Start.HOME, "appdata/roaming/x"),
        ("%PATH%\\x", Start.HERE, "%path%/x"),
        ("$XDG_CONFIG_HOME/gh", Start.HOME, ".config/gh"),
        ("$KUBECONFIG", Start.HOME, ".kube/config"),
        ("/proc/self/root/x", Start.ROOT, "x"),
        ("//proc/./1/root/proc/self/root/x", Start.ROOT, "x"),
        ("/proc/1/task/2/root/x", Start.ROOT, "x"),
        ("/proc/self/cwd/x", Start.HERE, "x"),
        ("/proc/*/cwd/x", Start.HERE, "x"),
        ("/proc/self/fd/3", Start.ROOT, "proc/self/fd/3"),
        ("/x/proc/self/root", Start.ROOT, "x/proc/self/root"),
        ("", Start.HERE, ""),
    ],
)
def test_a_path_begins_there_and_goes_this_way(text: str, begins: Start, way: str) -> None:
    path = read_path(text)
    assert (path.begins, "/".join(path.parts)) == (begins, way)


def test_a_path_that_leaves_its_folder_tells_by_how_many() -> None:
    assert read_path("../../x") == Path(Start.ABOVE, ("x",), ups=2)
    assert read_path("~/../me/x") == Path(Start.ABOVE, ("me", "x"), ups=1, beside_home=True)
    assert read_path("/proc/self/cwd/../x") == Path(Start.ABOVE, ("x",), ups=1)


@pytest.mark.parametrize("name", [".enω", "Ångström", "한글", "ﬁle"])
def test_one_name_composed_or_decomposed_is_one_name(name: str) -> None:
    spelled = {read_path(unicodedata.normalize(form, name)).parts for form in ("NFC", "NFD")}
    assert len(spelled) == 1


def test_what_a_file_system_leaves_out_or_folds_is_left_out_and_folded() -> None:
    assert read_path(".e\u200cnv") == read_path(".env")
    assert read_path(".\u017f\u017fh") == read_path(".ssh")
    assert read_path("x.\u212aey") == read_path("x.key")


@pytest.mark.parametrize("name", ["\uff0eenv", ".\u0435nv", ".e\u0301nv"])
def test_a_name_of_other_letters_is_another_name(name: str) -> None:
    assert read_path(name) != read_path(".env")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a", ["a"]),
        ("{a,b}/c", ["a/c", "b/c"]),
        (".{e,x}n{v,w}", [".env", ".enw", ".xnv", ".xnw"]),
        ("{a,{b,c}}", ["a", "b", "c"]),
        (".env{,.local}", [".env", ".env.local"]),
        ("${HOME}/x", ["${HOME}/x"]),
        ("{a}", ["{a}"]),
        (".{a..z}nv", [".?nv"]),
        ("x{1..9}", ["x*"]),
        (".@(env|x)", [".env", ".x"]),
        (".?(e)nv", [".nv", ".env"]),
        (".+(env)", [".env", ".*"]),
        (".!(git)", [".*"]),
        (".@(e)nv", [".env"]),
        ("a(1).txt", ["a(1).txt"]),
    ],
)
def test_braces_and_extended_globs_say_several_paths(text: str, says: list[str]) -> None:
    assert sorted(spellings(text)) == sorted(says)


def test_more_paths_than_anybody_needs_are_paths_with_a_gap() -> None:
    assert spellings("x/{" + ",".join("ab" * 5000) + "}.py") == (f"x/{UNKNOWN}.py",)
    assert spellings("{{a,b},c}" * 1000) == (UNKNOWN,)
    many = spellings("{a,b}" * 20)
    assert len(many) <= 32
    assert all(len(spelling) == 20 or spelling.endswith(UNKNOWN) for spelling in many)
    assert f"a{UNKNOWN}" in many


def test_every_variable_for_a_place_in_the_home_folder_is_one() -> None:
    assert {read_path(f"${name.upper()}/x").begins for name in HOME_VARIABLES} == {Start.HOME}


@given(st.text(max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    path = read_path(text)
    assert not {"", ".", ".."} & set(path.parts)
    assert all(isinstance(spelling, str) for spelling in spellings(text))


@given(st.lists(st.sampled_from(["a", "b", "..", ".", ""]), max_size=8))
def test_reading_what_was_read_changes_nothing(parts: list[str]) -> None:
    path = read_path("/" + "/".join(parts))
    assert read_path("/" + "/".join(path.parts)) == path
