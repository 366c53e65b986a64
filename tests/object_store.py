"""A store of objects on loopback, for tests: moto's server, with a bucket."""

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


@contextmanager
def object_store():
    """Yield the URL of an empty bucket; the environment says how it is reached."""
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
            system().mkdir("bucket")
            yield "s3://bucket"
        finally:
            system().rm("bucket", recursive=True)  # moto keeps it for the next server
            _end_sessions()
            running.stop()


def _end_sessions():
    """End the sessions that s3fs would leave to the end of the interpreter."""
    import s3fs

    for each in list(s3fs.S3FileSystem._cache.values()):
        each.close_session(each.loop, each._s3)
    s3fs.S3FileSystem.clear_instance_cache()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def system():
    """The file system of the bucket, without what was listed before."""
    import s3fs

    found = s3fs.S3FileSystem()
    found.invalidate_cache()
    return found


def names(prefix):
    """What lies below a prefix of the bucket, sorted."""
    found = system().find(prefix.removeprefix("s3://"))
    return sorted(each.removeprefix(prefix.removeprefix("s3://") + "/") for each in found)


def upload(folder, url):
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            target = f"{url}/{path.relative_to(folder).as_posix()}".removeprefix("s3://")
            system().pipe_file(target, path.read_bytes())
