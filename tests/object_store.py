"""Stores of objects on loopback, for tests: s3:// of moto, gs:// of an emulator; with a bucket."""

import gc
import os
import warnings
from contextlib import contextmanager

import pytest

# botocore asks for time in a way that Python has deprecated; s3fs leaves its session to the end.
QUIET = [
    "ignore::DeprecationWarning",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
]
SECRET = "a-secret-that-nobody-shall-see"  # noqa: S105 - of a server that asks for none

# Read as gcsfs is imported; otherwise it asks a service of Google's what kind of bucket it is.
os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"


@contextmanager
def object_store(scheme="s3"):
    """Yield the URL of an empty bucket; the environment says how it is reached."""
    with {"s3": _amazons, "gs": _googles}[scheme](f"{scheme}://bucket") as url:
        yield url


@contextmanager
def _amazons(url):
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    _, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        try:
            system(url).mkdir("bucket")
            yield url
        finally:
            system(url).rm("bucket", recursive=True)  # moto keeps it for the next server
            _end_sessions(url)
            running.stop()


@contextmanager
def _googles(url):
    pytest.importorskip("gcsfs", reason="gcsfs is not installed")
    emulator = pytest.importorskip(
        "gcp_storage_emulator.server", reason="gcp-storage-emulator is not installed"
    )
    from fsspec.config import conf

    running = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket="bucket")
    running.start()
    with pytest.MonkeyPatch.context() as patch:
        # Its port is chosen by the system; no public name leads to it.
        port = running._api._httpd.server_address[1]
        patch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        # No credentials: of processes that are started, and of this one, which has read it already.
        patch.setenv("FSSPEC_GS_TOKEN", "anon")
        patch.setitem(conf, "gs", {"token": "anon"})
        try:
            yield url
        finally:
            _end_sessions(url)  # its threads wait for the end of all connections
            running.stop()


def _end_sessions(url):
    """End the sessions that s3fs would leave to the end of the interpreter."""
    kind = type(system(url))
    for each in list(kind._cache.values()):
        each.close_session(each.loop, each._s3 if url.startswith("s3:") else each._session)
    kind.clear_instance_cache()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def system(url):
    """The file system of the bucket, without what was listed before."""
    import fsspec

    found = fsspec.filesystem(url.partition("://")[0])
    found.invalidate_cache()
    return found


def path_of(url):
    """What the file system of an URL calls it."""
    return url.partition("://")[2]


def names(prefix):
    """What lies below a prefix of the bucket, sorted."""
    found = system(prefix).find(path_of(prefix))
    return sorted(each.removeprefix(path_of(prefix) + "/") for each in found)


def upload(folder, url):
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            target = f"{url}/{path.relative_to(folder).as_posix()}"
            system(url).pipe_file(path_of(target), path.read_bytes())
