import pytest

from nephoscope.models import export


@pytest.fixture
def quick_export(monkeypatch):
    """Compiling takes long and is tested with the models: here it writes a stand-in."""

    def write(_, path, *__):
        path.write_bytes(b"stand-in")
        return 0.0

    monkeypatch.setattr(export, "export_onnx", write)
