"""TensorFlow's files made by hand: messages in binary and in text form, checkpoints. Needs nothing of TensorFlow.

A message is a list of (field, value) pairs in the names of src/import/tensorflow/messages.proto.
"""
import os
import struct

import numpy as np

# field: (number, kind) by message; kind is a message's name, or how a scalar is written
FIELDS = {
    "Dim": {"size": (1, "int")},
    "Shape": {"dim": (2, "Dim"), "unknown_rank": (3, "int")},
    "Tensor": {"dtype": (1, "int"), "tensor_shape": (2, "Shape"), "tensor_content": (4, "bytes"),
               "float_val": (5, "float"), "int_val": (7, "int"), "string_val": (8, "bytes"), "int64_val": (10, "int")},
    "Function": {"name": (1, "bytes")},
    "List": {"s": (2, "bytes"), "i": (3, "int"), "f": (4, "float"), "type": (6, "int")},
    "Attr": {"list": (1, "List"), "s": (2, "bytes"), "i": (3, "int"), "f": (4, "float"), "b": (5, "int"),
             "type": (6, "int"), "shape": (7, "Shape"), "tensor": (8, "Tensor"), "func": (10, "Function")},
    "NamedAttr": {"key": (1, "bytes"), "value": (2, "Attr")},
    "Node": {"name": (1, "bytes"), "op": (2, "bytes"), "input": (3, "bytes"), "attr": (5, "NamedAttr")},
    "Arg": {"name": (1, "bytes"), "type": (3, "int")},
    "Signature": {"name": (1, "bytes"), "input_arg": (2, "Arg"), "output_arg": (3, "Arg")},
    "NamedString": {"key": (1, "bytes"), "value": (2, "bytes")},
    "FunctionDef": {"signature": (1, "Signature"), "node_def": (3, "Node"), "ret": (4, "NamedString")},
    "Library": {"function": (1, "FunctionDef")},
    "Graph": {"node": (1, "Node"), "library": (2, "Library")},
    "TensorInfo": {"name": (1, "bytes"), "dtype": (2, "int"), "tensor_shape": (3, "Shape")},
    "NamedTensorInfo": {"key": (1, "bytes"), "value": (2, "TensorInfo")},
    "SignatureDef": {"inputs": (1, "NamedTensorInfo"), "outputs": (2, "NamedTensorInfo")},
    "NamedSignatureDef": {"key": (1, "bytes"), "value": (2, "SignatureDef")},
    "MetaInfo": {"tags": (4, "bytes")},
    "Saver": {"filename_tensor_name": (1, "bytes"), "restore_op_name": (3, "bytes")},
    "MetaGraph": {"meta_info_def": (1, "MetaInfo"), "graph_def": (2, "Graph"), "saver_def": (3, "Saver"),
                  "signature_def": (5, "NamedSignatureDef")},
    "SavedModel": {"saved_model_schema_version": (1, "int"), "meta_graphs": (2, "MetaGraph")},
    "BundleHeader": {"num_shards": (1, "int")},
    "BundleEntry": {"dtype": (1, "int"), "shape": (2, "Shape"), "shard_id": (3, "int"), "offset": (4, "int"),
                    "size": (5, "int"), "crc32c": (6, "fixed32")},
    "SavedTensor": {"name": (1, "bytes"), "full_name": (2, "bytes"), "checkpoint_key": (3, "bytes")},
    "TrackableObject": {"attributes": (2, "SavedTensor")},
    "ObjectGraph": {"nodes": (1, "TrackableObject")},
}
TYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "int64": 9, "bool": 10}
RESOURCE, VARIANT, STRING = 20, 21, 7


def varint(v):
    v &= (1 << 64) - 1
    out = bytearray()
    while v > 127:
        out.append(v & 127 | 128)
        v >>= 7
    out.append(v)
    return bytes(out)


def raw(v):
    return v if isinstance(v, bytes) else v.encode()


def binary(kind, pairs):
    out = b""
    for name, value in pairs:
        number, how = FIELDS[kind][name]
        if how == "int":
            out += varint(number << 3) + varint(int(value))
        elif how == "float":
            out += varint(number << 3 | 5) + struct.pack("<f", value)
        elif how == "fixed32":
            out += varint(number << 3 | 5) + struct.pack("<I", value)
        else:
            data = raw(value) if how == "bytes" else binary(how, value)
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def quoted(v):
    return '"' + "".join(chr(c) if 32 <= c < 127 and c not in (34, 92) else f"\\{c:03o}" for c in raw(v)) + '"'


def text(kind, pairs, indent=""):
    out = ""
    for name, value in pairs:
        how = FIELDS[kind][name][1]
        if how in FIELDS:
            out += f"{indent}{name} {{\n{text(how, value, indent + '  ')}{indent}}}\n"
        elif how == "bytes":
            out += f"{indent}{name}: {quoted(value)}\n"
        else:
            out += f"{indent}{name}: {value!r}\n".replace("True", "true").replace("False", "false")
    return out


# ---- graphs ----

def shape(dims):
    return [("dim", [("size", d)]) for d in dims]


def tensor(a):
    a = np.asarray(a)
    if a.dtype.kind in "OSU":
        return [("dtype", STRING), ("tensor_shape", shape(a.shape))] + [("string_val", raw(s)) for s in a.ravel()]
    return [("dtype", TYPES[str(a.dtype)]), ("tensor_shape", shape(a.shape)), ("tensor_content", a.tobytes())]


def attr(value):
    """An attribute from a Python value: type("float32"), shape tuples and functions by wrapper."""
    if isinstance(value, Type):
        return [("type", value.number)]
    if isinstance(value, Func):
        return [("func", [("name", value.name)])]
    if isinstance(value, np.ndarray):
        return [("tensor", tensor(value))]
    if isinstance(value, bool):
        return [("b", value)]
    if isinstance(value, int):
        return [("i", value)]
    if isinstance(value, float):
        return [("f", value)]
    if isinstance(value, tuple):
        return [("shape", shape(value))]
    if isinstance(value, list):
        return [("list", [("f" if isinstance(v, float) else "i", v) for v in value])]
    return [("s", value)]


class Type:
    def __init__(self, name):
        self.number = TYPES[name] if isinstance(name, str) else name


class Func:
    def __init__(self, name):
        self.name = name


class Body:
    """Nodes of a graph or of a function."""

    def __init__(self):
        self.nodes = []

    def node(self, op, name, *inputs, **attrs):
        self.nodes.append([("name", name), ("op", op)] + [("input", i) for i in inputs] +
                          [("attr", [("key", k), ("value", attr(v))]) for k, v in attrs.items()])
        return name

    def const(self, name, value):
        value = np.asarray(value)
        kind = Type(STRING if value.dtype.kind in "OSU" else str(value.dtype))
        return self.node("Const", name, value=value, dtype=kind)

    def input(self, name, dtype, dims):
        return self.node("Placeholder", name, dtype=Type(dtype), shape=tuple(dims))


class Function(Body):
    def __init__(self, name, inputs, outputs):
        """inputs: (name, type number); outputs: (name, type number, "node:output:0")."""
        super().__init__()
        self.name, self.inputs, self.outputs = name, inputs, outputs

    def message(self):
        signature = [("name", self.name)] + [("input_arg", [("name", n), ("type", t)]) for n, t in self.inputs] + \
            [("output_arg", [("name", n), ("type", t)]) for n, t, _ in self.outputs]
        return [("signature", signature)] + [("node_def", n) for n in self.nodes] + \
            [("ret", [("key", n), ("value", v)]) for n, _, v in self.outputs]


class Graph(Body):
    def __init__(self):
        super().__init__()
        self.functions = []

    def message(self):
        library = [("library", [("function", f.message()) for f in self.functions])] if self.functions else []
        return [("node", n) for n in self.nodes] + library

    def binary(self):
        return binary("Graph", self.message())

    def text(self):
        return text("Graph", self.message())


# ---- checkpoints ----

def crc32c(data):
    table = []
    for i in range(256):
        c = i
        for _ in range(8):
            c = c >> 1 ^ 0x82F63B78 if c & 1 else c >> 1
        table.append(c)
    c = 0xFFFFFFFF
    for b in data:
        c = table[(c ^ b) & 255] ^ c >> 8
    c ^= 0xFFFFFFFF
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF


def block(entries):
    out, last = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(last)) and key[shared] == last[shared]:
            shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return out + struct.pack("<II", 0, 1)


def table(entries):
    """LevelDB's file of sorted entries, in one block."""
    def framed(data):
        return data + b"\0" + struct.pack("<I", crc32c(data + b"\0"))
    data = block(entries)
    out = framed(data)
    index = block([(b"\xff", varint(0) + varint(len(data)))])
    empty = block([])
    meta_at = len(out)
    out += framed(empty)
    index_at = len(out)
    out += framed(index)
    footer = varint(meta_at) + varint(len(empty)) + varint(index_at) + varint(len(index))
    return out + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def checkpoint(prefix, values, objects=None):
    """values: key to array. objects: full name to key, the list of objects of TensorFlow 2."""
    entries, data = [(b"", binary("BundleHeader", [("num_shards", 1)]))], b""
    stored = {k: (TYPES[str(np.asarray(v).dtype)], np.asarray(v).shape, np.asarray(v).tobytes()) for k, v in values.items()}
    if objects:
        graph = binary("ObjectGraph", [("nodes", [("attributes", [("name", "VARIABLE_VALUE"), ("full_name", n),
                                                                   ("checkpoint_key", k)])]) for n, k in objects.items()])
        stored["_CHECKPOINTABLE_OBJECT_GRAPH"] = (STRING, (), varint(len(graph)) + b"\0\0\0\0" + graph)
    for key in sorted(stored):
        dtype, dims, content = stored[key]
        entries.append((key.encode(), binary("BundleEntry", [("dtype", dtype), ("shape", shape(dims)), ("offset", len(data)),
                                                             ("size", len(content)), ("crc32c", crc32c(content))])))
        data += content
    os.makedirs(os.path.dirname(prefix), exist_ok=True)
    with open(prefix + ".index", "wb") as f:
        f.write(table(entries))
    with open(prefix + ".data-00000-of-00001", "wb") as f:
        f.write(data)


def saved_model(folder, graph, inputs, outputs, key="serving_default", restore=""):
    """inputs, outputs: key to (tensor, type number, dims)."""
    def ends(kind, d):
        return [(kind, [("key", k), ("value", [("name", t), ("dtype", n), ("tensor_shape", shape(s))])])
                for k, (t, n, s) in d.items()]
    signature = ends("inputs", inputs) + ends("outputs", outputs)
    meta = [("meta_info_def", [("tags", "serve")]), ("graph_def", graph.message())]
    if restore:
        meta.append(("saver_def", [("filename_tensor_name", "saver_filename:0"), ("restore_op_name", restore)]))
    meta.append(("signature_def", [("key", key), ("value", signature)]))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "saved_model.pb"), "wb") as f:
        f.write(binary("SavedModel", [("saved_model_schema_version", 1), ("meta_graphs", meta)]))


# ---- reading ----

def fields(kind, data):
    """A binary message as pairs, of the fields above."""
    names, at, out = {n: (k, how) for k, (n, how) in FIELDS[kind].items()}, 0, []

    def number():
        nonlocal at
        v = shift = 0
        while True:
            byte = data[at]
            v, shift, at = v | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return v
    while at < len(data):
        tag = number()
        if tag & 7 == 0:
            value = number()
        else:
            size = {1: 8, 5: 4}.get(tag & 7) or number()
            value, at = data[at:at + size], at + size
        if tag >> 3 in names:
            key, how = names[tag >> 3]
            out.append((key, fields(how, value) if how in FIELDS else value))
    return out


def constants(data):
    """The float32 constants of a binary graph, by name."""
    out = {}
    for key, node in fields("Graph", data):
        node_of = dict(node) if key == "node" else {}
        if node_of.get("op") != b"Const":
            continue
        value = [dict(a)["value"] for k, a in node if k == "attr" and dict(a)["key"] == b"value"]
        t = dict(dict(value[0])["tensor"])
        if t["dtype"] == 1 and "tensor_content" in t:
            dims = [dict(d).get("size", 0) for k, d in t["tensor_shape"] if k == "dim"]
            out[node_of["name"].decode()] = np.frombuffer(t["tensor_content"], np.float32).reshape(dims).astype(np.float64)
    return out
