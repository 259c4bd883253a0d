"""Where large blobs are kept: the same of memory, a directory, and a store that speaks S3 (moto's server)."""

import time

import pytest

from qsession_core import Program, Workspace
from qsession_core.errors import ConfigurationError
from qsession_core.local.storage.files import DirectoryFiles, MemoryFiles, S3Files
from qsession_core.local.storage.trouble import StoreError, trouble_of

BODY = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def s3():
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="qsession")
        yield server
    server.stop()


@pytest.fixture(params=["memory", "directory", "s3"])
def files(request, tmp_path):
    if request.param == "memory":
        return MemoryFiles()
    if request.param == "directory":
        return DirectoryFiles(tmp_path / "blobs")
    request.getfixturevalue("s3")
    return S3Files("s3://qsession/some/prefix")


def test_a_file_is_written_read_in_parts_and_removed(files):
    assert files.read("a") is None
    files.write("a", BODY)
    files.write("b", b"other")
    assert files.read("a") == BODY
    assert files.read("a", 1000) == BODY[1000:]
    assert files.read("a", 1000, 50) == BODY[1000:1050]
    assert files.read("a", len(BODY), 10) == b""
    assert files.read("a", 5, 0) == b""
    files.remove("a")
    files.remove("a")
    assert (files.read("a"), files.read("b")) == (None, b"other")
    assert files.sweep({"b"}) == 0


def test_old_files_that_nobody_names_are_swept(s3, tmp_path, monkeypatch):
    folder, bucket = DirectoryFiles(tmp_path / "blobs"), S3Files("s3://qsession/swept")
    for files in (folder, bucket):
        files.write("named", b"x")
        files.write("waste", b"x")
    later = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: later)
    for files in (folder, bucket):
        assert files.sweep({"named"}) == 1
        assert (files.read("named"), files.read("waste")) == (b"x", None)


def test_a_bucket_that_is_not_there_is_told(s3):
    with pytest.raises(ConfigurationError, match="The bucket nowhere cannot be used"):
        S3Files("s3://nowhere/x")
    with pytest.raises(ConfigurationError, match="names no bucket"):
        S3Files("s3:///x")


def test_a_bucket_that_goes_away_is_trouble_of_the_store(s3, monkeypatch):
    import boto3

    boto3.client("s3").create_bucket(Bucket="gone")
    files = S3Files("s3://gone")
    boto3.client("s3").delete_bucket(Bucket="gone")
    with pytest.raises(StoreError) as caught:
        files.write("a", BODY)
    assert trouble_of(caught.value).status == 503


@pytest.mark.slow
def test_a_workspace_has_its_rows_in_postgresql_and_its_large_blobs_in_s3(s3, postgres):
    import boto3

    flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))])
    with Workspace.local(store=postgres(), blobs="s3://qsession/w") as workspace:
        job = workspace.get_target("ionq.simulator").submit(flip, shots=10)
        assert job.result().counts == {"1": 10}
        job.upload_attachment("large", BODY)
        kept = boto3.client("s3").list_objects_v2(Bucket="qsession", Prefix="w/")
        assert [each["Size"] for each in kept["Contents"]] == [len(BODY)]
        assert job.download_attachment("large") == BODY
        job.delete()
        assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="qsession", Prefix="w/")


def test_a_place_without_a_database_is_refused():
    with pytest.raises(ConfigurationError, match="goes with a store in PostgreSQL"):
        Workspace.local(blobs="s3://bucket")
