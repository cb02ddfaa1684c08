"""Small files that claim to be large or are more than they seem: who reads them refuses at the header."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType

import av
import numpy as np
import onnx
from av.packet import Packet
from av.video.stream import VideoStream
from onnx import TensorProto, helper, numpy_helper

PIXELS = 12_000


def png(width: int, height: int, *, depth: int = 8, rows: int | None = None) -> bytes:
    """An RGB PNG of zeros; its compressed rows are as many as claimed unless told."""
    row = 1 + width * 3 * depth // 8
    packer = zlib.compressobj(9)
    data = (
        b"".join(packer.compress(bytes(row)) for _ in range(height if rows is None else rows))
        + packer.flush()
    )
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def webp(chunk: bytes, body: bytes) -> bytes:
    """A WebP of one chunk."""
    inside = b"WEBP" + chunk + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def webp_extended(width: int, height: int, flags: int = 0) -> bytes:
    """The extended header of a WebP alone."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp(b"VP8X", bytes([flags, 0, 0, 0]) + size)


def webp_lossy(width: int, height: int) -> bytes:
    """A key frame's header and nothing behind it."""
    return webp(b"VP8 ", b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(40))


def webp_lossless(width: int, height: int) -> bytes:
    """A lossless header and nothing behind it."""
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", width - 1 | (height - 1) << 14) + bytes(40))


def npy(shape: tuple[int, ...], kind: str = "<f4", data: bytes = b"") -> bytes:
    """A NumPy file whose header claims a shape."""
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def onnx_model(nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto] | None = None) -> bytes:
    """A network of these nodes from `x` (1) to `y`."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], weights or [])
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())


def _sum_with(weights: onnx.TensorProto) -> bytes:
    return onnx_model([helper.make_node("Add", ["x", "w"], ["y"])], [weights])


def _external() -> bytes:
    weights = numpy_helper.from_array(np.ones(1, np.float32), "w")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../../../etc/passwd")
    weights.ClearField("raw_data")
    return _sum_with(weights)


def _claims(*dimensions: int) -> bytes:
    return _sum_with(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dimensions, raw_data=bytes(16)))


def _chain(count: int) -> bytes:
    names = ["x", *(f"a{one}" for one in range(1, count)), "y"]
    return onnx_model([helper.make_node("Relu", [a], [b]) for a, b in pairwise(names)])


def _nested(depth: int) -> bytes:
    graph = b""
    for _ in range(depth):
        for field in (6, 5, 1):
            length, size = len(graph), b""
            while length > 127:
                size, length = size + bytes([length & 127 | 128]), length >> 7
            graph = bytes([field << 3 | 2]) + size + bytes([length]) + graph
    return b"\x3a" + bytes([len(graph) & 127 | 128, len(graph) >> 7]) + graph


IMAGES: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "png of 144 million pixels": lambda: png(PIXELS, PIXELS),
        "png wider than numbers": lambda: png(2**31 - 1, 2**31 - 1, rows=0),
        "png without rows": lambda: png(2048, 2048, rows=0),
        "png of nothing": lambda: png(0, 0),
        "webp of 16383 pixels a side": lambda: webp_lossy(16383, 16383),
        "lossless webp of 16384 pixels a side": lambda: webp_lossless(16384, 16384),
        "webp of 16 million pixels a side": lambda: webp_extended(1 << 24, 1 << 24),
        "moving webp": lambda: webp_extended(64, 64, flags=2),
        "webp without a picture": lambda: webp_extended(2048, 2048),
        "webp cut in its header": lambda: webp_extended(64, 64)[:24],
        "jpeg": lambda: b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + bytes(40),
        "tiff": lambda: b"II*\x00\x08\x00\x00\x00" + bytes(40),
        "nine million bytes": lambda: png(64, 64) + bytes(9_000_000),
        "text": lambda: b"hello",
        "nothing": lambda: b"",
    }
)
"""Pictures that nothing may decode."""

ARRAYS: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "array of 4 TB": lambda: npy((1 << 40,)),
        "array of more than numbers": lambda: npy((1 << 62, 1 << 62)),
        "array of less than nothing": lambda: npy((-1, 2)),
        "pickle": lambda: npy((1,), "|O", b"cos\nsystem\n(S'true'\ntR."),
        "numbers of another kind": lambda: npy((2,), "<f8", bytes(16)),
        "array with more behind it": lambda: npy((1,), data=bytes(8)),
        "array of 40 dimensions": lambda: npy((1,) * 40, data=bytes(4)),
        "header that is a program": lambda: b"\x93NUMPY\x01\x00\x10\x00" + b"__import__('os')",
        "text": lambda: b"hello",
        "nothing": lambda: b"",
    }
)
"""Arrays that nothing may read."""


def clip_of_pngs(picture: bytes, side: int) -> bytes:
    """A QuickTime file of one PNG, which FFmpeg decodes to see what it is. side: that the file claims."""
    file = io.BytesIO()
    with av.open(file, "w", format="mov") as container:
        stream = container.add_stream("png", rate=30)
        assert isinstance(stream, VideoStream)
        stream.width = stream.height = side
        stream.pix_fmt = "rgb24"
        packet = Packet(picture)
        packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, 0, 0, True
        container.mux(packet)
    return file.getvalue()


CLIPS: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "pictures of 144 million pixels": lambda: clip_of_pngs(png(PIXELS, PIXELS), PIXELS),
        "pictures of 144 million pixels that claim to be small": lambda: clip_of_pngs(
            png(PIXELS, PIXELS), 64
        ),
        "a list of files": lambda: b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        "files behind one another": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
        "an address to listen at": lambda: (
            b"v=0\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n"
        ),
        "a picture": lambda: png(64, 64),
        "text": lambda: b"hello",
        "nothing": lambda: b"",
    }
)
"""Videos that nothing may decode."""

NETWORKS: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "weights in another file": _external,
        "weights of 4 TB": lambda: _claims(1 << 40),
        "weights of more than numbers": lambda: _claims(1 << 62, 1 << 62),
        "weights of less than nothing": lambda: _claims(-4),
        "100,000 nodes": lambda: _chain(100_000),
        "endless nesting": lambda: _nested(40),
        "an operator that reads a file": lambda: onnx_model(
            [
                helper.make_node(
                    "EPContext", ["x"], ["y"], domain="com.microsoft", ep_cache_context="/etc/passwd"
                )
            ]
        ),
        "an operator that nobody knows": lambda: onnx_model([helper.make_node("Frobnicate", ["x"], ["y"])]),
        "a circle": lambda: onnx_model(
            [helper.make_node("Add", ["x", "b"], ["y"]), helper.make_node("Relu", ["y"], ["b"])]
        ),
        "half a network": lambda: _chain(50)[:-40],
        "the runtime's own format": lambda: b"\x18\x00\x00\x00ORTM" + bytes(60),
        "text": lambda: b"hello",
        "nothing": lambda: b"",
    }
)
"""Networks that nothing may run."""
