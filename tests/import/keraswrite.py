"""Files of Keras for tests, in the layouts of its versions: HDF5 with model_config, weights beside a .json, .keras."""
import io
import json
import re
import zipfile

import h5py
import numpy as np


class Layer:
    """A layer: class, settings, arrays. parts: arrays of Keras 3's groups within the layer, {"cell": [...]}; a list alone
    is of the layer itself. inputs: names of layers, or (name, call, tensor)."""

    def __init__(self, class_name, name, weights=(), inputs=None, parts=None, kwargs=None, **config):
        self.class_name, self.name, self.inputs, self.kwargs = class_name, name, inputs, kwargs or {}
        self.parts = parts or {"": list(weights)}
        self.config = {"name": name, "trainable": True, "dtype": "float32", **config}

    def arrays(self):
        return [np.asarray(a, np.float32) for part in self.parts.values() for a in part]


def entry(layer):
    return {"class_name": layer.class_name, "config": layer.config}


def sequential(shape, layers, dtype="float32"):
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": list(shape), "dtype": dtype, "name": "x"}}
    return {"class_name": "Sequential", "config": {"name": "net", "layers": [first] + [entry(k) for k in layers]}}


def ref(r):
    return [r, 0, 0] if isinstance(r, str) else list(r)


def tensor(r):
    return {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": ref(r)}}


def functional(inputs, layers, outputs, version=2):
    """inputs: {name: shape} or {name: (shape, dtype)}; layers with inputs."""
    listed = []
    for name, shape in inputs.items():
        shape, dtype = shape if isinstance(shape[0], (list, tuple)) else (shape, "float32")
        listed.append({"class_name": "InputLayer", "name": name, "inbound_nodes": [],
                       "config": {"name": name, "batch_shape": list(shape), "dtype": dtype}})
    for k in layers:
        many = [tensor(r) for r in k.inputs]
        node = {"args": many if k.kwargs.pop("_apart", False) else [many if len(many) > 1 else many[0]], "kwargs": k.kwargs}
        if version < 3:
            node = [[*ref(r), k.kwargs if not i else {}] for i, r in enumerate(k.inputs)]
        listed.append({**entry(k), "name": k.name, "inbound_nodes": [node]})
    return {"class_name": "Functional", "config": {
        "name": "net", "layers": listed, "input_layers": [ref(i) for i in inputs], "output_layers": [ref(o) for o in outputs]}}


def put_listed(group, layers):
    group.attrs["layer_names"] = [k.name.encode() for k in layers]
    for k in layers:
        g = group.create_group(k.name)
        names = [f"{k.name}/weight_{i}:0" for i in range(len(k.arrays()))]
        g.attrs["weight_names"] = [n.encode() for n in names]
        for n, a in zip(names, k.arrays()):
            g[n] = a


def hdf5(path, model, layers, version="2.15.0", config=True, place="model_weights"):
    with h5py.File(path, "w") as f:
        if config:
            f.attrs["keras_version"] = version
            f.attrs["model_config"] = json.dumps(model)
        put_listed(f.create_group(place) if place else f, layers)


def snake(name):
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def weights_image(layers):
    data = io.BytesIO()
    with h5py.File(data, "w") as f:
        seen = {}
        for k in layers:
            name = snake(k.class_name)
            n = seen[name] = seen.get(name, -1) + 1
            for part, arrays in k.parts.items():
                g = f.create_group("/".join(p for p in ("layers", f"{name}_{n}" if n else name, part, "vars") if p))
                for i, a in enumerate(arrays):
                    g[str(i)] = np.asarray(a, np.float32)
        f.require_group("layers")
    return data.getvalue()


def archive(path, model, layers, version="3.8.0", names=("config.json", "model.weights.h5")):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("metadata.json", json.dumps({"keras_version": version}))
        z.writestr(names[0], json.dumps(model))
        z.writestr(names[1], weights_image(layers))
