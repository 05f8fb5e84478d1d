"""Writes safetensors and GGUF files, right or wrong."""

import json
import struct

WIDTHS = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8, "U8": 1, "I8": 1, "BOOL": 1, "I32": 4, "I64": 8}


def compact(value):
    """JSON without white space, in the order given, not escaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def framed(header, data=b""):
    """A safetensors file made of a header, as text or bytes, and its data."""
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header)) + header + data


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def header_of(tensors, metadata=None):
    """The header, as a dictionary, of tensors (name, dtype, shape, bytes) whose data follow one another."""
    header = {} if metadata is None else {"__metadata__": metadata}
    offset = 0
    for name, dtype, shape, data in tensors:
        header[name] = entry(dtype, shape, offset, offset + len(data))
        offset += len(data)
    return header


def data_of(tensors):
    return b"".join(data for _, _, _, data in tensors)


def safetensors(tensors, metadata=None):
    text = compact(header_of(tensors, metadata)).encode()
    return framed(text + b" " * (-len(text) % 8), data_of(tensors))


def floats(values):
    return struct.pack(f"<{len(values)}f", *values)


def bfloats(values):
    return b"".join(struct.pack("<f", value)[2:] for value in values)


def halves(values):
    return struct.pack(f"<{len(values)}e", *values)


class GGUF:
    """Writes a GGUF file field by field."""

    U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
    PACK = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q", F64: "d"}

    def __init__(self):
        self.entries = []
        self.tensors = []

    @staticmethod
    def string(text):
        data = text if isinstance(text, bytes) else text.encode()
        return struct.pack("<Q", len(data)) + data

    @classmethod
    def value(cls, kind, value):
        if kind == cls.STRING:
            return cls.string(value)
        if kind == cls.ARRAY:
            element, values = value
            return struct.pack("<IQ", element, len(values)) + b"".join(cls.value(element, v) for v in values)
        return struct.pack("<" + cls.PACK[kind], value)

    def raw(self, key, data):
        """Adds an entry whose type and value are the bytes `data`."""
        self.entries.append((key, self.string(key) + data))
        return self

    def set(self, key, kind, value):
        """Adds an entry, or replaces the one with the same key."""
        made = (key, self.string(key) + struct.pack("<I", kind) + self.value(kind, value))
        places = [i for i, (other, _) in enumerate(self.entries) if other == key]
        if places:
            self.entries[places[0]] = made
        else:
            self.entries.append(made)
        return self

    def drop(self, key):
        self.entries = [e for e in self.entries if e[0] != key]
        return self

    def tensor(self, name, dimensions, data, kind=0, offset=None):
        """Adds a tensor; `dimensions` fastest first, as in the file."""
        self.tensors.append([name, dimensions, data, kind, offset])
        return self

    def change(self, name, **fields):
        """Changes fields of a tensor's description."""
        for tensor in self.tensors:
            if tensor[0] == name:
                for key, value in fields.items():
                    tensor[["name", "dimensions", "data", "kind", "offset"].index(key)] = value
        return self

    def bytes(self, version=3, tensor_count=None, entry_count=None, alignment=32, cut=0, extra=b""):
        described = b""
        data = b""
        for name, dimensions, content, kind, offset in self.tensors:
            at = len(data) if offset is None else offset
            described += self.string(name) + struct.pack("<I", len(dimensions))
            described += b"".join(struct.pack("<Q", d) for d in dimensions) + struct.pack("<IQ", kind, at)
            data += content + b"\0" * (-len(content) % alignment)
        count = len(self.tensors) if tensor_count is None else tensor_count
        entries = len(self.entries) if entry_count is None else entry_count
        head = b"GGUF" + struct.pack("<IQQ", version, count, entries) + b"".join(e for _, e in self.entries) + described
        whole = head + b"\0" * (-len(head) % alignment) + data + extra
        return whole[: len(whole) - cut]
