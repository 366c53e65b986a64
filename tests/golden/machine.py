"""The arithmetic of this machine: whether last bits come out as where the references were made.

Sums in another order, fused products and other approximations of exp move the last bit of a float,
and libraries choose them by the processor. A few small sums of each kind tell them apart.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from golden import inputs

LIBRARIES = (
    "numpy", "scipy", "onnxruntime", "torch", "scikit-learn", "scikit-image", "pillow",
    "simplejpeg", "matplotlib", "astropy", "netCDF4", "h5py", "xarray", "lightning",
)  # fmt: skip


def fingerprint(folder: Path) -> dict[str, str]:
    """Name of each kind of arithmetic → a hash of what it gives here.

    Args:
        folder: an empty one, to write a picture and a network to.
    """
    found = {"jpeg": _jpeg(folder), "numpy": _numpy(), "onnx": _onnx(folder), "torch": _torch()}
    found["libraries"] = " ".join(f"{name} {_version(name)}" for name in LIBRARIES)
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _sha(*arrays: npt.NDArray[np.generic]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _floats(*shape: int) -> npt.NDArray[np.float32]:
    whole = np.random.default_rng(7).integers(-1000, 1001, shape)
    return (whole / 997).astype(np.float32)


def _jpeg(folder: Path) -> str:
    """The coder and decoder of the inputs."""
    from PIL import Image

    path = folder / "probe.jpg"
    image, _ = inputs.picture_of(0)
    Image.fromarray(image).save(path, "JPEG", quality=85, subsampling="4:2:0")
    return _sha(np.frombuffer(path.read_bytes(), np.uint8), np.asarray(Image.open(path)))


def _numpy() -> str:
    from scipy import ndimage, special

    single = _floats(300, 301)
    double = single.astype(np.float64)
    waves = np.fft.rfft2(double)
    return _sha(
        np.exp(single), np.log1p(np.abs(single)), np.sin(single), np.exp(double), np.sin(double),
        np.sqrt(np.abs(double)), single.sum(axis=0), single.sum(axis=1), single.mean(),
        double.std(), single @ single.T, double @ double.T, waves, special.expit(single),
        np.linalg.lstsq(double, double[:, 0], rcond=None)[0],
        ndimage.gaussian_filter(single, 3), np.quantile(single, [0.1, 0.9]),
    )  # fmt: skip


def _onnx(folder: Path) -> str:
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    weights = {"w": _floats(16, 8, 3, 3), "u": _floats(16, 16, 1, 1), "b": _floats(16)}
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Conv", ["r", "u", "b"], ["c"]),
        helper.make_node("Sigmoid", ["c"], ["s"]),
        helper.make_node("ReduceMean", ["s"], ["m"], keepdims=0),
        helper.make_node("Sub", ["s", "m"], ["y"]),
    ]
    shape = [1, 8, 96, 128]
    graph = helper.make_graph(
        nodes,
        "probe",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "probe.onnx")
    session = ort.InferenceSession(folder / "probe.onnx", providers=["CPUExecutionProvider"])
    return _sha(session.run(None, {"x": _floats(*shape)})[0])


def _torch() -> str:
    import torch

    x = torch.from_numpy(_floats(2, 8, 32, 40)).requires_grad_()
    weight = torch.from_numpy(_floats(12, 8, 3, 3)).requires_grad_()
    y = torch.nn.functional.conv2d(x, weight, padding=1)
    y = torch.nn.functional.gelu(torch.nn.functional.group_norm(y, 3))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(y, torch.sigmoid(y.detach() * 2))
    loss.backward()
    assert weight.grad is not None
    assert x.grad is not None
    return _sha(loss.detach().numpy(), weight.grad.numpy(), x.grad.numpy())
