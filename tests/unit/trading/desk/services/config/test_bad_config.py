"""Every bad file or value is refused with one line: where, which key, what it was, what to do."""

from __future__ import annotations

import pytest

from tests.fakes.config_folder import ConfigFolder
from trading.desk.services.config.problems import InvalidConfigError

FILES = [
    ("a typo deep down", "policy:\n  savings:\n    ratoi: 0.2\n",
     "config/desk.yaml:3: policy.savings.ratoi is not a setting; "
     "did you mean policy.savings.ratio?"),
    ("a key in the wrong place", "ratio: 0.2\n",
     "config/desk.yaml:1: ratio is not a setting; did you mean policy.savings.ratio?"),
    ("a key that is like nothing", "policy: {xyzzy: 1}\n",
     "config/desk.yaml:1: policy.xyzzy is not a setting; expected one of signals, forecast, "
     "scheduling, risk, execution, stops, savings"),
    ("out of range", "policy: {savings: {ratio: 0.51}}\n",
     "config/desk.yaml:1: policy.savings.ratio was 0.51; expected 0 to 0.5 ratio; "
     "the nearest is 0.5"),
    ("a share in percent", "policy: {savings: {ratio: 15}}\n",
     "config/desk.yaml:1: policy.savings.ratio was 15; expected 0 to 0.5 ratio; "
     "did you mean 0.15?"),
    ("a share with its sign", "policy: {risk: {max_drawdown_pct: -25}}\n",
     "config/desk.yaml:1: policy.risk.max_drawdown_pct was -25; expected 0 to 100 %; "
     "did you mean 25?"),
    ("not a number", "policy: {savings: {ratio: lots}}\n",
     "config/desk.yaml:1: policy.savings.ratio was 'lots'; expected a number"),
    ("not finite", "policy: {risk: {position_pct: .nan}}\n",
     "config/desk.yaml:1: policy.risk.position_pct was '.nan'; expected a number"),
    ("infinite", "policy: {risk: {position_pct: .inf}}\n",
     "config/desk.yaml:1: policy.risk.position_pct was '.inf'; expected a number"),
    ("too large for anything", "policy: {risk: {position_pct: 1e999}}\n",
     "config/desk.yaml:1: policy.risk.position_pct was 1E+999; expected a number"),
    ("more places than the database keeps", "policy: {savings: {dust: 0.0000000000000000001}}\n",
     "config/desk.yaml:1: policy.savings.dust was 1E-19; expected a number of at most 20 digits "
     "and 18 decimal places"),
    ("a part of a bar", "policy: {risk: {loss_streak: 3.5}}\n",
     "config/desk.yaml:1: policy.risk.loss_streak was 3.5; expected a whole number"),
    ("a switch that is a word", "policy: {stops: {enabled: yes}}\n",
     "config/desk.yaml:1: policy.stops.enabled was 'yes'; expected true or false"),
    ("true where a number belongs", "policy: {risk: {loss_streak: true}}\n",
     "config/desk.yaml:1: policy.risk.loss_streak was true; expected a whole number"),
    ("an unknown choice", "policy: {execution: {sizing: huge}}\n",
     "config/desk.yaml:1: policy.execution.sizing was 'huge'; expected one of risk, all_in"),
    ("a number where text belongs", "market: {timeframe: 12}\n",
     "config/desk.yaml:1: market.timeframe was 12; expected text in quotes"),
    ("a list where a number belongs", "policy: {risk: {loss_streak: [1]}}\n",
     "config/desk.yaml:1: policy.risk.loss_streak was [1]; expected a whole number"),
    ("a map where a number belongs", "policy:\n  risk:\n    loss_streak: {a: 1}\n",
     "config/desk.yaml:3: policy.risk.loss_streak was a map; expected a whole number"),
    ("a value where a section belongs", "policy: {risk: 5}\n",
     "config/desk.yaml:1: policy.risk was 5; expected a section with settings below it"),
    ("a list of numbers where text belongs", "market: {pairs: [1, 2]}\n",
     "config/desk.yaml:1: market.pairs was [1, 2]; expected a list of text"),
    ("an impossible pair", "market: {pairs: [BTCUSDT]}\n",
     "config/desk.yaml:1: market.pairs: pair was 'BTCUSDT'; expected BASE/QUOTE, such as BTC/USDT"),
    ("an impossible timeframe", "market: {timeframe: 5 minutes}\n",
     "config/desk.yaml:1: market.timeframe was '5 minutes'; expected a number from 1 "
     "to 9999 and m, h or d, such as 5m; did you mean 5m?"),
    ("two settings that exclude each other",
     "policy:\n  savings:\n    window: 8\n    min_closes: 9\n",
     "config/desk.yaml:4: policy.savings.min_closes was 9; expected at most window 8"),
    ("an unknown profile", "profile: swng\n",
     "config/desk.yaml:1: profile was 'swng'; did you mean swing?"),
    ("appending to what is no list", "policy: {risk: {+loss_streak: [1]}}\n",
     "config/desk.yaml:1: +policy.risk.loss_streak can only append a list to a list"),
    ("a key twice", "bots: {}\nbots: {}\n",
     "config/desk.yaml:2: key bots is written twice in one section; keep one"),
    ("a list instead of settings", "- a\n- b\n",
     "config/desk.yaml:1: expected a map of settings at the top of the file"),
    ("broken YAML", "policy: {savings: [1\n",
     "config/desk.yaml:2: not valid YAML: expected ',' or ']', but got '<stream end>'"),
    ("a tab for an indent", "policy:\n\trisk: {}\n",
     "config/desk.yaml:2: not valid YAML: found character '\\t' that cannot start any token"),
    ("an alias", "market: &n {}\nbots: *n\n",
     "config/desk.yaml:1: not valid YAML: anchors and aliases are not allowed; use !include"),
    ("a Python object", "bots: !!python/name:os.system\n",
     "config/desk.yaml:1: tag !!python/name:os.system is not allowed; expected plain data"),
    ("a control sign", "bots: \x07\n",
     "config/desk.yaml: not valid YAML: special characters are not allowed at position 6"),
    ("brackets without end", "bots: " + "[" * 100_000 + "\n",
     "config/desk.yaml:1: not valid YAML: nested more than 100 deep"),
    ("an include that leaves the folder", "policy: !include ../secret.yaml\n",
     "config/desk.yaml:1: !include '../secret.yaml' leaves the configuration folder; "
     "keep it inside"),
    ("an absolute include", "policy: !include /etc/passwd\n",
     "config/desk.yaml:1: !include '/etc/passwd' leaves the configuration folder; keep it inside"),
    ("an include of another kind of file", "policy: !include notes.txt\n",
     "config/desk.yaml:1: !include 'notes.txt' is not a .yaml file"),
    ("an include of nothing", "policy: !include gone.yaml\n",
     "config/desk.yaml:1: !include 'gone.yaml': there is no file config/gone.yaml"),
    ("an include of itself", "policy: !include desk.yaml\n",
     "config/desk.yaml:1: !include goes round in a circle: config/desk.yaml -> config/desk.yaml"),
    ("an unknown strategy", "bots: {strategies: [breakout, moonshot]}\n", None),
    ("an unknown parameter", "bots: {params: {breakout: {moon: 1}}}\n", None),
    ("a bankroll of nothing", "bots: {bankroll_by_quote: {DAI: 0}}\n",
     "config/desk.yaml:1: bots.bankroll_by_quote was DAI: 0; expected more than 0"),
    ("a currency in small letters", "bots: {bankroll_by_quote: {dai: 5}}\n",
     "config/desk.yaml:1: bots.bankroll_by_quote was 'dai'; expected a currency as it stands in "
     "pairs, as BTC"),
    ("dust below nothing", "policy: {savings: {dust_by_quote: {BTC: -1}}}\n",
     "config/desk.yaml:1: policy.savings.dust_by_quote was BTC: -1; expected at least 0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"), [row[1:] for row in FILES], ids=[row[0] for row in FILES]
)
def test_a_bad_file_gives_one_line(folder: ConfigFolder, text: str, line: str | None) -> None:
    folder.write("profiles/swing.yaml", "{}\n")
    folder.root.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidConfigError) as caught:
        folder.load()
    if line is not None:
        assert str(caught.value) == line
    else:
        assert len(caught.value.problems) == 1
        assert str(caught.value).startswith("config/desk.yaml:1: bots.")


def test_a_circle_of_includes_names_its_chain(folder: ConfigFolder) -> None:
    folder.write("desk.yaml", "policy: !include a.yaml\n")
    folder.write("a.yaml", "savings: !include sub/b.yaml\n")
    folder.write("sub/b.yaml", "\n\nratio: !include ../a.yaml\n")
    with pytest.raises(InvalidConfigError) as caught:
        folder.load()
    assert str(caught.value) == (
        "config/sub/b.yaml:3: !include goes round in a circle: "
        "config/a.yaml -> config/sub/b.yaml -> config/a.yaml"
    )


def test_eleven_files_deep_is_refused(folder: ConfigFolder) -> None:
    folder.write("desk.yaml", "policy: !include 2.yaml\n")
    for n in range(2, 12):
        folder.write(f"{n}.yaml", f"!include {n + 1}.yaml\n")
    with pytest.raises(InvalidConfigError, match=r"config/10\.yaml:1: .* deeper than 10 files"):
        folder.load()


def test_a_symbolic_link_out_of_the_folder_is_not_followed(folder: ConfigFolder) -> None:
    secret = folder.path.parent / "secret.yaml"
    secret.write_text("ratio: 0.3\n")
    (folder.path / "link.yaml").symlink_to(secret)
    folder.write("desk.yaml", "policy: {savings: !include link.yaml}\n")
    with pytest.raises(InvalidConfigError, match="leaves the configuration folder"):
        folder.load()


def test_a_file_that_is_not_text_is_refused(folder: ConfigFolder) -> None:
    folder.root.write_bytes(b"bots: \xff\xfe\n")
    with pytest.raises(InvalidConfigError, match=r"^config/desk\.yaml: the file is not UTF-8 text"):
        folder.load()


def test_a_missing_root_file_is_named(folder: ConfigFolder) -> None:
    folder.root.unlink()
    with pytest.raises(InvalidConfigError, match=r"file config/desk\.yaml cannot be read: No such"):
        folder.load()


def test_a_profile_may_not_choose_a_profile(folder: ConfigFolder) -> None:
    folder.write("desk.yaml", "profile: swing\n")
    folder.write("profiles/swing.yaml", "profile: day\n")
    with pytest.raises(InvalidConfigError, match="profile swing names a profile itself"):
        folder.load()


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("GUARDIAN__POLICY__SAVINGS__RATOI", "1",
         "GUARDIAN__POLICY__SAVINGS__RATOI: policy.savings.ratoi is not a setting; "
         "did you mean policy.savings.ratio?"),
        ("GUARDIAN__", "1",
         "GUARDIAN__: GUARDIAN__ is not a setting; expected GUARDIAN__SECTION__NAME"),
        ("GUARDIAN__POLICY", "1",
         "GUARDIAN__POLICY: policy was '1'; expected a section with settings below it"),
        ("GUARDIAN__MARKET__PAIRS", "[BTC/USDT",
         "GUARDIAN__MARKET__PAIRS:1: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("GUARDIAN__POLICY__SAVINGS", "{ratio: !include x.yaml}",
         "GUARDIAN__POLICY__SAVINGS: !include works only in files"),
        ("GUARDIAN_PROFILE", "nope",
         "GUARDIAN_PROFILE: profile was 'nope'; did you mean none?"),
    ],
)  # fmt: skip
def test_a_bad_variable_gives_one_line(
    folder: ConfigFolder, variable: str, value: str, line: str
) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        folder.load(environ={variable: value})
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("policy.savings.ratio", "--config-set: 'policy.savings.ratio' is not an assignment; "
                                 "expected KEY=VALUE"),
        ("=0.2", "--config-set: '=0.2' is not an assignment; expected KEY=VALUE"),
        ("policy..ratio=1",
         "--config-set: 'policy..ratio=1' is not an assignment; expected KEY=VALUE"),
        ("policy.savings.ratio=", "--config-set: policy.savings.ratio was ''; expected a number"),
        ("policy.savings.ratio.x=1",
         "--config-set: policy.savings.ratio was a map; expected a number"),
    ],
)  # fmt: skip
def test_a_bad_assignment_gives_one_line(folder: ConfigFolder, word: str, line: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        folder.load(command_line=[word])
    assert str(caught.value) == line


def test_a_bad_override_names_its_revision(folder: ConfigFolder) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        folder.load(overrides={"policy.gone": 1})
    assert str(caught.value).startswith("revision 3: policy.gone is not a setting")
