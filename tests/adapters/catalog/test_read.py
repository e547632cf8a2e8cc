"""The catalogue: every mistake is named with file, line and fix, and a broken set is never loaded."""

import shutil
from pathlib import Path

import pytest

from opsbot.adapters.catalog.read import load, load_in_thread
from opsbot.domain.declaration import Finding, Loaded

ROOT = Path(__file__).parents[3]


class Files:
    """A copy of the shipped files that a test may spoil."""

    def __init__(self, base: Path) -> None:
        self.flags, self.runbooks = base / "flags", base / "runbooks"
        shutil.copytree(ROOT / "flags" / "workflows", self.flags / "workflows")
        shutil.copy(ROOT / "flags" / "policy.yaml", self.flags)
        shutil.copy(ROOT / "flags" / "models.yaml", self.flags)
        shutil.copytree(ROOT / "runbooks", self.runbooks)

    def path(self, name: str) -> Path:
        return self.flags / ("policy.yaml" if name == "policy" else f"workflows/{name}.yaml")

    def edit(self, name: str, old: str, new: str) -> int:
        """Replace *old* once and return the line it stood on."""
        text = self.path(name).read_text()
        assert old in text, f"{old!r} is not in {name}"
        self.path(name).write_text(text.replace(old, new, 1))
        return text[: text.index(old)].count("\n") + 1

    def add(self, name: str, text: str) -> None:
        self.path(name).write_text(text)

    def load(self) -> Loaded:
        return load(self.flags, self.runbooks)

    def only_error(self) -> Finding:
        loaded = self.load()
        assert loaded.catalogue is None
        assert len(loaded.errors) == 1, loaded.errors
        return loaded.errors[0]


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Files:
    return Files(tmp_path)


SUPPORT = "support-copilot"
MISTAKES = [
    (SUPPORT, "tier: 1\n", "teir: 1\ntier: 1\n", "unknown key `teir`", "Did you mean `tier`?"),
    (SUPPORT, "safe_state: canned", "safe_state: paused", "unknown mode `paused`", "canned"),
    (SUPPORT, "safe_state: canned", "safe_state: fallback", "unknown mode `fallback`", "stop"),
    (SUPPORT, "safe_state: canned", "safe_state: read_only", "unknown mode `read_only`", "stop"),
    (SUPPORT, "modes: [fallback, ", "modes: [falback, ", "unknown mode `falback`", "`fallback`?"),
    (SUPPORT, "human, canned, stop]", "human, stop]", "not among `modes`", "Add `canned`"),
    (SUPPORT, "runbook: wrong-answers", "runbook: wrong-answer", "no runbook", "`wrong-answers`?"),
    (SUPPORT, "last_resort:", "#", "tier 1 needs `last_resort`", "last_resort"),
    (SUPPORT, "on_store_loss: stop", "", "`on_store_loss` has no default with tier 1", "stop"),
    ("coding-agent", "on_store_loss: stop", "", "the write tool `open_pull_request`", "last_known"),
    (SUPPORT, 'canned: "Our', '# "Our', "`canned` is a mode but has no text", "Add `canned:`"),
    (SUPPORT, "Mon-Fri 08:00-20:00", "weekdays", "not opening hours", "Mon-Fri"),
    (SUPPORT, "Europe/Berlin", "Europe/Bärlin", "unknown time zone", "Mon-Fri"),
    (SUPPORT, "tools:\n  search_kb: read", "tools:\n  search_kb: rw", "unknown value `rw`", "read"),
    (SUPPORT, "dri: U0SUPPORT", "dri: '@sam'", "not of the right form", "U0SUPPORT"),
    (SUPPORT, "slack_channel: C0", "slack_channel: c0", "not of the right form", "channel's id"),
    (SUPPORT, "tier: 1", "tier: 4", "unknown value `4`", "One of: 1, 2, 3"),
    (SUPPORT, "tier: 1", "tier: '1'", "unknown value `1`", "One of: 1, 2, 3"),
    (SUPPORT, "team: support-ai\n", "", "`team` is missing", "Add `team:`"),
    (SUPPORT, "model: gpt-5.2, weight", "model: gpt-5.3, weight", "is not approved", "gpt-5.2"),
    (SUPPORT, "weight: 100}", "weight: 0}", "every target has weight 0", "weight: 100"),
    (SUPPORT, "fallbacks: [{p", "# [{p", "no fallback is declared", "routes.initial.fallbacks"),
    (SUPPORT, "on_hard: fallback", "on_hard: no_tools", "`budget.on_hard` names", "stop"),
    (SUPPORT, "mode: human", "mode: no_tools", "tripwire `safety-flags` names", "stop"),
    (SUPPORT, "kind: httpx", "kind: htpx", "unknown value `htpx`", "Did you mean `httpx`?"),
    (SUPPORT, "threshold: 0.92", "threshold: 92", "a share from 0 to 1", "0.92 for 92 %"),
    (SUPPORT, "hard: 0.85", "hard: 0.95", "no worse than the threshold", "below 0.92"),
    ("coding-agent", "steps: [5, 25, 50]", "steps: [25, 5]", "do not rise", "[5, 25]"),
    ("coding-agent", "steps: [5, 25, 50]", "steps: [5, 60]", "less than or equal to 50", "schema"),
    ("coding-agent", "steps: [5, 25, 50]", "steps: []", "at least 1 item", "schema"),
    (
        "coding-agent",
        "modes: [fallback, read_only, ",
        "modes: [fallback, ",
        "as `read_only`",
        "Add",
    ),
    ("policy", "lone_restore_min: 15", "lone_restore_min: 5", "equal to 15", "schema"),
    (SUPPORT, "share: 0.1", "share: 1.5", "less than 1", "schema"),
    (SUPPORT, "suite: support", "suites: 1, suite: support", "unknown key `suites`", "`suite`?"),
    (SUPPORT, "drafts_only, human", "human, human", "the mode `human` is there twice", "Keep one"),
    (SUPPORT, "stale_after_s: 6", "stale_after_s: 0.1", "greater than or equal to 2", "schema"),
    (SUPPORT, "expected_instances: auto", "expected_instances: 0", "greater than", "schema"),
    (
        "policy",
        "responder:\n    - {people: [mara]",
        "responder:\n    - {people: [mra]",
        "`mra`",
        "`mara`?",
    ),
    ("policy", "services: [ci-deploy]", "services: [ci]", "`ci` is not declared", "ci-deploy"),
    ("policy", "approve: {roles: [approver]}", "", "nobody may `approve`", "approve"),
    (
        "policy",
        "kill: {roles: [responder, ",
        "kill: {roles: [",
        "responders cannot kill",
        "on call",
    ),
    (
        "policy",
        "restore: {roles",
        "restore: {second_person: [2], roles",
        "rules of its own",
        "away",
    ),
    ("policy", "slack: [U0SUPPORT]", "slack: [U0LEAD]", "belongs to `sam` and to `ines`", "owner"),
    ("policy", "fallback: {people: [mara, ines, ola]}", "fallback: {}", "nobody may kill", "Name"),
    ("policy", "undo_own_min: 5", "undo_own_min: 60", "less than or equal to 5", "schema"),
    ("policy", "[fallback, read_only, no_tools]", "[fallback, stop]", "unknown mode `stop`", "One"),
    ("policy", "every_min: 60", "every_min: 1", "greater than or equal to 60", "schema"),
    ("policy", "secondary: [ola]", "secondary: [olla]", "`olla` is not declared", "`ola`?"),
    (
        "policy",
        "signal: {roles",
        "signal: {second_person: [1], roles",
        "`signal` has rules of its own",
        "away",
    ),
    ("policy", "may: [kill, show]", "may: [approve]", "unknown value `approve`", "kill"),
    ("policy", "commander:\n    - {people: [ines]}", "commander:\n    - {}", "for nobody", "Name"),
    ("policy", "audit: {roles", "audit: {rolls", "unknown key `rolls`", "Did you mean `roles`?"),
    ("policy", "  comms:\n", "  coms:\n", "unknown value `coms`", "Did you mean `comms`?"),
]


@pytest.mark.parametrize(("name", "old", "new", "message", "fix"), MISTAKES)
def test_a_mistake_is_named_with_its_file_and_fix_and_nothing_is_loaded(  # a table
    files: Files, name: str, old: str, new: str, message: str, fix: str
) -> None:
    files.edit(name, old, new)

    loaded = files.load()

    assert loaded.catalogue is None
    found = [f for f in loaded.errors if message in f.message]
    assert found, loaded.errors
    assert found[0].file == str(files.path(name))
    assert fix in found[0].fix


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stale_after_s: 6", "stale_afters: 6"),
        ("search_kb: read", "search_kb: both"),
        ("runbook: wrong-answers", "runbook: nothing"),
        ("    threshold: 0.02", "    threshold: much"),
        ("  - {suite", "  - {suit"),
    ],
)
def test_the_line_is_the_one_to_be_edited(files: Files, old: str, new: str) -> None:
    line = files.edit(SUPPORT, old, new)

    found = files.load().errors

    assert {finding.line for finding in found} == {line}


def test_every_mistake_of_every_file_is_named_in_one_run(files: Files) -> None:
    files.edit(SUPPORT, "runbook: wrong-answers", "runbook: gone")
    files.edit("coding-agent", "tier: 2", "tier: two")
    files.edit("policy", "secondary: [ola]", "secondary: [nobody]")

    loaded = files.load()

    assert len(loaded.errors) == 3
    assert loaded.catalogue is None


def test_a_file_that_is_not_yaml_is_named_with_its_line(files: Files) -> None:
    line = files.edit(SUPPORT, "team: support-ai", "team: [support-ai")

    found = files.only_error()

    assert "is not YAML" in found.message
    assert found.line in {line, line + 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a mapping"),
        ("- a\n- b\n", "is not a mapping"),
        ("a: 1\na: 2\n", "the key `a` is there twice"),
        ("a: &x 1\nb: *x\n", "an anchor is used twice"),
        ("{{ a }}: 1\n", "a key is not a plain word"),
        ("a: !!python/object:os.system x\n", "tag"),
        ("a: 1\n---\nb: 2\n", "is not YAML"),
        ("title: Sup\u202eport\n", "invisible character U+202E"),
        ("[" * 5000, "is"),
        ("a: " + "x" * 300_000, "larger than 256 KiB"),
    ],
)
def test_hostile_yaml_is_a_finding_and_never_an_error(
    files: Files, text: str, message: str
) -> None:
    files.add(SUPPORT, text)

    found = files.only_error()

    assert message in found.message
    assert found.fix


def test_bytes_that_are_not_utf_8_are_a_finding(files: Files) -> None:
    files.path(SUPPORT).write_bytes(b"workflow: support-copilot\ntitle: \xff\n")

    assert (files.only_error().message, files.only_error().line) == ("is not UTF-8", 2)


def test_words_that_yaml_1_1_turns_into_booleans_stay_words(files: Files) -> None:
    files.edit(SUPPORT, "  search_kb: read", "  on: read\n  no: read")

    catalogue = files.load().catalogue

    assert catalogue is not None
    assert {"on", "no"} <= set(catalogue.workflows[SUPPORT].tools)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("support-c\u043epilot", "look-alike characters: `\u043e` (CYRILLIC SMALL LETTER O)"),
        ("Support", "is not a name for a workflow"),
        ("all", "the name `all` is reserved"),
        ("k-1", "the name `k-1` is reserved"),
        ("supp0rt-copilot", "looks like `supp0rt-copilot`"),
        ("supportcopilot", "looks like `support-copilot`"),
    ],
)
def test_a_name_that_would_be_mixed_up_is_refused(files: Files, name: str, message: str) -> None:
    text = files.path(SUPPORT).read_text()
    files.add(name, text.replace("workflow: support-copilot", f"workflow: {name}"))

    assert message in " ".join(f.message for f in files.load().errors)


def test_two_files_of_one_workflow_are_named(files: Files) -> None:
    files.add("copy", files.path(SUPPORT).read_text())

    messages = " ".join(f.message for f in files.load().errors)

    assert "is declared in" in messages
    assert "is not the file's name `copy`" in messages


def test_a_file_of_another_kind_is_not_passed_over_in_silence(files: Files) -> None:
    (files.flags / "workflows" / "late.yml").write_text("workflow: late\n")
    (files.flags / "workflows" / ".swp").write_text("an editor's own file")

    assert "is not a .yaml file" in files.only_error().message


def test_no_policy_no_folder_and_no_runbooks_are_findings(tmp_path: Path) -> None:
    loaded = load(tmp_path / "flags", tmp_path / "runbooks")

    assert loaded.catalogue is None
    assert [f.message for f in loaded.errors] == [
        "there is no policy",
        "is not a folder",
        "is not a folder",
    ]


def test_too_few_approvers_and_a_dri_nobody_knows_are_warnings(files: Files) -> None:
    files.edit("policy", "secondary: [ola]", "secondary: []")
    files.edit(SUPPORT, "dri: U0SUPPORT", "dri: U0GONE")

    loaded = files.load()

    assert loaded.catalogue is not None
    assert {f.level for f in loaded.findings} == {"warning"}
    assert "the DRI `U0GONE`" in " ".join(f.message for f in loaded.findings)
    assert "fewer than two people can approve a restore of `coding-agent`" in " ".join(
        f.message for f in loaded.findings
    )


def test_the_hash_changes_with_any_byte_of_any_file_and_with_nothing_else(files: Files) -> None:
    hashes = []
    for path in (None, files.path(SUPPORT), files.path("policy"), files.runbooks / "data-leak.md"):
        if path is not None:
            path.write_text(path.read_text() + "\n")
        for _ in range(2):
            catalogue = files.load().catalogue
            assert catalogue is not None
            hashes.append(catalogue.hash)

    assert len(set(hashes)) == 4


def test_powers_may_differ_by_tier(files: Files) -> None:
    files.edit(
        "policy",
        "approve: {roles: [approver]}",
        "approve: {tiers: {tier_1: [approver], tier_2: [approver], tier_3: [responder]}}",
    )

    catalogue = files.load().catalogue

    assert catalogue is not None
    assert catalogue.policy.powers["approve"].roles[3] == {"responder"}
    assert catalogue.policy.powers["approve"].roles[1] == {"approver"}


async def test_loading_in_a_thread_finds_the_same(files: Files) -> None:
    assert await load_in_thread(files.flags, files.runbooks) == files.load()


def test_a_broken_runbook_makes_the_set_unusable_and_is_named_by_its_rule(files: Files) -> None:
    path = files.runbooks / "wrong-answers.md"
    path.write_text(path.read_text().replace("```yaml kill", "```yaml kil", 1))

    found = files.only_error()

    assert (found.file, found.rule, found.fix) == (str(path), "E26", "Write ```yaml kill.")


def test_a_runbook_is_compared_with_what_the_workflows_declare(files: Files) -> None:
    path = files.runbooks / "wrong-answers.md"
    path.write_text(path.read_text().replace("owner: support-ai", "owner: nobody-ai"))

    assert "nobody knows the team `nobody-ai`" in files.only_error().message


def test_a_broken_workflow_is_not_blamed_on_the_runbooks(files: Files) -> None:
    files.edit(SUPPORT, "team: support-ai\n", "")

    assert [one.rule for one in files.load().errors] == [""]


def test_a_foreign_page_is_kept_and_at_most_warned_of(files: Files) -> None:
    (files.runbooks / "imported").mkdir(exist_ok=True)
    (files.runbooks / "imported" / "lag.md").write_text("# Lag\n\n## One\n\n```sh\nnever closed\n")

    loaded = files.load()

    assert loaded.catalogue is not None
    assert loaded.catalogue.procedures["imported/lag"].imported
    assert "imported/lag" not in loaded.catalogue.runbooks
    assert [(one.rule, one.level) for one in loaded.findings] == [("E09", "warning")]


def test_a_folder_without_runbooks_is_an_error(files: Files) -> None:
    for path in files.runbooks.glob("*.md"):
        path.unlink()

    assert "holds no runbook" in [one.message for one in files.load().errors]


def test_every_runbook_is_kept_as_a_procedure(files: Files) -> None:
    catalogue = files.load().catalogue

    assert catalogue is not None
    assert set(catalogue.runbooks) <= set(catalogue.procedures)
    assert all(one.phases for one in catalogue.procedures.values() if not one.readable)
