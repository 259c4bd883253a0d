"""Profiles: workspaces by a name, in one file without secrets."""

from __future__ import annotations

import sys

import pytest

from qsession_core import Workspace, errors
from qsession_core.places import cache_folder, config_file
from qsession_core.profiles import read_profile, read_profiles

SUB = "11111111-2222-3333-4444-555555555555"
ID = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.Quantum/Workspaces/ws"
STRING = (
    f"SubscriptionId={SUB};ResourceGroupName=rg;WorkspaceName=other;ApiKey=k3y;"
    "QuantumEndpoint=https://westus.quantum.azure.com/;"
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch):
    for name in ("AZURE_QUANTUM_CONNECTION_STRING", "AZURE_QUANTUM_WORKSPACE_NAME", "QSESSION_LOCAL", "LOCATION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("QSESSION_PROFILE", raising=False)


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """Write the configuration."""

    def write(text: str) -> None:
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")

    monkeypatch.setenv("QSESSION_CONFIG", str(tmp_path / "config.toml"))
    return write


def test_a_profile_names_a_workspace_and_its_key_file(configure, tmp_path):
    (tmp_path / "key").write_text("s3cret\n")
    configure(f'[profile.lab]\nresource_id = "{ID}"\nlocation = "eastus"\nkey_file = "{tmp_path / "key"}"\n')
    workspace = Workspace(profile="lab")
    assert (workspace.subscription_id, workspace.name, workspace.location) == (SUB, "ws", "eastus")
    assert "s3cret" not in repr(read_profile("lab"))
    assert "s3cret" not in repr(read_profile("lab").connection())


def test_a_profile_names_a_file_with_a_connection_string(configure, tmp_path):
    (tmp_path / "string").write_text(STRING)
    configure(f'[profile.lab]\nconnection_string_file = "{tmp_path / "string"}"\n')
    assert Workspace(profile="lab").name == "other"


def test_a_profile_names_a_directory(configure, tmp_path):
    configure(f'[profile.home]\ndirectory = "{tmp_path / "here"}"\n')
    with Workspace(profile="home") as workspace:
        assert workspace.service is not None
    assert (tmp_path / "here" / "workspace.db").exists()
    with pytest.raises(errors.ConfigurationError, match="Leave out one"):
        Workspace(name="ws", profile="home")


def test_the_environment_names_a_profile_unless_an_argument_names_a_workspace(configure, tmp_path, monkeypatch):
    (tmp_path / "string").write_text(STRING)
    configure(f'[profile.lab]\nconnection_string_file = "{tmp_path / "string"}"\n')
    monkeypatch.setenv("QSESSION_PROFILE", "lab")
    assert Workspace().name == "other"
    named = Workspace(resource_id=ID, endpoint="https://eastus.quantum.azure.com", credential="k")
    assert named.name == "ws"


def test_a_local_workspace_of_the_environment_wins_over_its_profile(configure, monkeypatch):
    monkeypatch.setenv("QSESSION_PROFILE", "not there")
    monkeypatch.setenv("QSESSION_LOCAL", "1")
    with Workspace() as workspace:
        assert workspace.service is not None


def test_the_default_profile_is_used_where_nothing_else_names_a_workspace(configure, tmp_path, monkeypatch):
    (tmp_path / "string").write_text(STRING)
    configure(f'[profile.default]\nconnection_string_file = "{tmp_path / "string"}"\n')
    assert Workspace().name == "other"
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", STRING.replace("=other", "=named"))
    assert Workspace().name == "named"


def test_arguments_win_over_a_profile_and_the_environment_is_left_out(configure, tmp_path, monkeypatch):
    (tmp_path / "string").write_text(STRING)
    configure(f'[profile.lab]\nconnection_string_file = "{tmp_path / "string"}"\n')
    monkeypatch.setenv("LOCATION", "northpole")
    monkeypatch.setenv("AZURE_QUANTUM_WORKSPACE_NAME", "third")
    workspace = Workspace(profile="lab", location="eastus")
    assert (workspace.name, workspace.location) == ("other", "eastus")


def test_everything_that_a_profile_cannot_have_is_listed_and_no_secret_is_shown(configure):
    configure(
        '[profile.a]\nresorce_id = "x"\nkey_file = 3\n'
        '[profile.b]\napi_key = "s3cret"\n[profile.c]\nendpoint = "SubscriptionId=1;ApiKey=s3cret"\n'
        '[profile.d]\ndirectory = "x"\nresource_id = "y"\n[profile.e]\n[other]\n'
    )
    with pytest.raises(errors.ConfigurationError) as caught:
        read_profiles()
    text = str(caught.value)
    assert "s3cret" not in text
    for part in ("'resource_id'", "key_file is not a text", "[profile.b] has a secret", "[profile.c] has a secret",
                 "[profile.d] names a directory and", "[profile.e] names no workspace", "'other'"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("text", ["[profile", "profile = 3", "[profile]\nlab = 3", "\udcff"])
def test_what_is_no_configuration_is_refused_in_one_sentence(configure, tmp_path, text):
    (tmp_path / "config.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(errors.ConfigurationError, match=r"config\.toml"):
        Workspace(profile="lab")


def test_an_unknown_profile_is_told_with_similar_names(configure):
    configure('[profile.lab]\ndirectory = "x"\n')
    with pytest.raises(errors.ConfigurationError, match="Did you mean 'lab'"):
        Workspace(profile="lap")


@pytest.mark.parametrize(("text", "what"), [(None, "No such file"), ("", "0 lines"), ("one\ntwo", "2 lines")])
def test_a_key_file_without_a_key_is_refused(configure, tmp_path, text, what):
    if text is not None:
        (tmp_path / "key").write_text(text)
    configure(f'[profile.lab]\nresource_id = "{ID}"\nkey_file = "{tmp_path / "key"}"\n')
    with pytest.raises(errors.ConfigurationError, match=what):
        Workspace(profile="lab")


@pytest.mark.parametrize(
    ("platform", "variable", "config", "cache"),
    [
        ("linux", "", "home/.config/qsession/config.toml", "home/.cache/qsession/cache"),
        ("linux", "XDG_CONFIG_HOME", "named/qsession/config.toml", "home/.cache/qsession/cache"),
        ("darwin", "", "home/Library/Application Support/qsession/config.toml", "home/Library/Caches/qsession/cache"),
        ("win32", "", "home/AppData/Roaming/qsession/config.toml", "home/AppData/Local/qsession/cache"),
        ("win32", "APPDATA", "named/qsession/config.toml", "home/AppData/Local/qsession/cache"),
    ],
)
def test_files_are_at_the_platforms_place(monkeypatch, tmp_path, platform, variable, config, cache):
    for name in ("QSESSION_CONFIG", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "named"))
    assert config_file() == tmp_path / config
    assert cache_folder() == tmp_path / cache


def test_a_relative_folder_in_the_environment_counts_as_none(monkeypatch, tmp_path):
    monkeypatch.delenv("QSESSION_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", "here")
    monkeypatch.setattr(sys, "platform", "linux")
    assert config_file() == tmp_path / ".config" / "qsession" / "config.toml"
