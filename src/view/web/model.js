/* Places in the lists of the data. */
const BOX = { kind: 0, index: 1, x: 2, y: 3, w: 4, h: 5, code: 6, note: 7, inputs: 8, outputs: 9, options: 10, calls: 11 };
const TENSOR = { name: 0, type: 1, shape: 2, bytes: 3, quant: 4, content: 5, flag: 6 };
const WIRE = { tensor: 0, from: 1, to: 2, path: 3 };
const INPUT = 0, OPERATOR = 1, OUTPUT = 2;

const canvas = $("canvas"), scene = $("scene"), panel = $("panel"), search = $("search"), results = $("results");
const map = $("map");
const narrow = matchMedia("(max-width: 760px)");

let graph = null, number = 0;      /* the one that is shown */
let view = { x: 0, y: 0, k: 1 };   /* screen = graph * k + (x, y) */
let selected = null;               /* { box } or { tensor } */
let found = [], at = -1;           /* of the search */
let drawn = { boxes: new Map(), wires: new Map() };
const kept = [];                   /* view and selection of each graph */

const codeOf = b => b[BOX.kind] === OPERATOR ? data.codes[b[BOX.code]] : null;
const kindOf = b => b[BOX.kind] === OPERATOR ? codeOf(b)[2] : -1;
const tensorOf = (g, b) => b[BOX.kind] === OPERATOR ? b[BOX.outputs].find(t => t >= 0)
                         : (b[BOX.kind] === INPUT ? g.inputs : g.outputs)[b[BOX.index]];
const nameOf = (g, t) => g.tensors[t][TENSOR.name] || "tensor " + t;
const titleOf = (g, b) => b[BOX.kind] === OPERATOR ? codeOf(b)[0] : nameOf(g, tensorOf(g, b));
const typeText = t => t[TENSOR.type].toLowerCase() + " " + t[TENSOR.shape];
const shorten = (s, most) => s.length <= most ? s : "\u2026" + s.slice(s.length - most + 1);

/* Who makes and who reads each tensor, by box. */
function index(g) {
  if (g.maker) return g;
  g.maker = new Map();
  g.readers = new Map();
  g.wireOf = new Map();
  g.wires.forEach((w, i) => {
    g.maker.set(w[WIRE.tensor], w[WIRE.from]);
    g.readers.set(w[WIRE.tensor], w[WIRE.to]);
    g.wireOf.set(w[WIRE.tensor], i);
    w.top = g.boxes[w[WIRE.from]][BOX.y];
    w.bottom = Math.max(...w[WIRE.to].map(b => g.boxes[b][BOX.y] + g.boxes[b][BOX.h]), w.top);
    w.top = Math.min(w.top, ...w[WIRE.to].map(b => g.boxes[b][BOX.y]));
  });
  g.boxes.forEach((b, i) => {
    if (b[BOX.kind] === OPERATOR) for (const t of b[BOX.outputs]) if (!g.maker.has(t)) g.maker.set(t, i);
    if (b[BOX.kind] === OPERATOR)
      for (const t of b[BOX.inputs])
        if (t >= 0 && !g.wireOf.has(t)) g.readers.set(t, [...new Set([...(g.readers.get(t) || []), i])]);
  });
  return g;
}

/* ---- drawing: what is in sight is in the page, the rest is not ---- */

function drawBox(i) {
  const b = graph.boxes[i], [x, y, w, h] = b.slice(BOX.x, BOX.h + 1), kind = kindOf(b);
  const lines = [[shorten(titleOf(graph, b), Math.max(8, Math.floor((w - 16) / 7))), ""]];
  if (b[BOX.note]) lines.push([b[BOX.note], "small"]);
  const t = tensorOf(graph, b);
  if (t !== undefined && t >= 0) lines.push([graph.tensors[t][TENSOR.shape], "small"]);
  const first = h / 2 - (lines.length - 1) * 8 + 4.5;
  return svg("g", { class: "box" + (kind < 0 ? " end" : ""), "data-box": i, transform: `translate(${x} ${y})`,
                    style: kind < 0 ? null : `--kind: var(--kind-${kind})`, role: "button",
                    "aria-label": lines.map(l => l[0]).join(", ") },
    svg("rect", { class: "card", width: w, height: h, rx: kind < 0 ? h / 2 : 8 }),
    kind < 0 ? null : svg("rect", { class: "strip", x: 5, y: 7, width: 3.5, height: h - 14, rx: 1.75 }),
    lines.map(([s, c], n) => svg("text", { x: w / 2 + (kind < 0 ? 0 : 3), y: first + n * 16, class: c }, s)));
}

const drawWire = i => svg("g", { class: "wire", "data-tensor": graph.wires[i][WIRE.tensor] },
  svg("path", { d: graph.wires[i][WIRE.path] }), svg("path", { class: "near", d: graph.wires[i][WIRE.path] }));

/* Brings the elements of one kind up to what is in sight. */
function keep(have, items, inSight, draw, layer) {
  for (const [i, e] of have) if (!inSight(items[i])) e.remove(), have.delete(i);
  items.forEach((item, i) => {
    if (have.has(i) || !inSight(item)) return;
    const e = draw(i);
    have.set(i, e);
    layer.append(e);
  });
}

let waiting = false;
function paint() {
  if (!waiting) requestAnimationFrame(paintNow);
  waiting = true;
}

function paintNow() {
  waiting = false;
  const size = canvas.getBoundingClientRect(), margin = 120;
  const left = (-view.x - margin) / view.k, top = (-view.y - margin) / view.k;
  const right = (size.width - view.x + margin) / view.k, bottom = (size.height - view.y + margin) / view.k;
  scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
  canvas.classList.toggle("far", view.k < 0.34);
  keep(drawn.wires, graph.wires, w => w.bottom > top && w.top < bottom, drawWire, $("wires"));
  keep(drawn.boxes, graph.boxes,
       b => b[BOX.x] + b[BOX.w] > left && b[BOX.x] < right && b[BOX.y] + b[BOX.h] > top && b[BOX.y] < bottom,
       drawBox, $("boxes"));
  const hits = new Set(found.filter(f => f.graph === number).map(f => f.box));
  canvas.classList.toggle("searching", hits.size > 0);
  for (const [i, e] of drawn.boxes) {
    e.classList.toggle("selected", selected !== null && selected.box === i);
    e.classList.toggle("hit", hits.has(i));
  }
  const b = selected && selected.box !== undefined ? graph.boxes[selected.box] : null;
  const lit = new Set(!b ? selected ? [selected.tensor] : []
                      : b[BOX.kind] === OPERATOR ? [...b[BOX.inputs], ...b[BOX.outputs]] : [tensorOf(graph, b)]);
  for (const [i, e] of drawn.wires) e.classList.toggle("lit", lit.has(graph.wires[i][WIRE.tensor]));
  paintMap(size);
}

/* ---- the small map ---- */

let mapScale = { x: 1, y: 1 };
function paintMap(size) {
  const whole = graph.height * view.k <= size.height * 1.3 && graph.width * view.k <= size.width * 1.3;
  map.style.display = whole || narrow.matches ? "none" : "";
  if (whole || narrow.matches) return;
  const y = Math.min(260, size.height - 60) / (graph.height + 40), x = Math.min(110 / (graph.width + 40), y * 8);
  const ratio = devicePixelRatio || 1, w = Math.max(24, (graph.width + 40) * x), h = (graph.height + 40) * y;
  mapScale = { x, y };
  map.width = w * ratio;
  map.height = h * ratio;
  map.style.width = w + "px";
  map.style.height = h + "px";
  const c = map.getContext("2d"), style = getComputedStyle(document.documentElement);
  const colours = data.kinds.map((_, i) => style.getPropertyValue("--kind-" + i));
  const accent = style.getPropertyValue("--accent");
  c.scale(ratio, ratio);
  for (const b of graph.boxes) {
    c.fillStyle = kindOf(b) < 0 ? accent : colours[kindOf(b)];
    c.fillRect((b[BOX.x] + 20) * x, (b[BOX.y] + 20) * y, Math.max(2, b[BOX.w] * x), Math.max(1, b[BOX.h] * y));
  }
  c.strokeStyle = accent;
  c.fillStyle = accent;
  const r = [(-view.x / view.k + 20) * x, (-view.y / view.k + 20) * y, size.width / view.k * x, size.height / view.k * y];
  c.globalAlpha = 0.12;
  c.fillRect(...r);
  c.globalAlpha = 1;
  c.strokeRect(...r);
}

function fromMap(e) {
  const r = map.getBoundingClientRect(), size = canvas.getBoundingClientRect();
  view.x = size.width / 2 - ((e.clientX - r.left) / mapScale.x - 20) * view.k;
  view.y = size.height / 2 - ((e.clientY - r.top) / mapScale.y - 20) * view.k;
  paint();
}
map.addEventListener("pointerdown", e => { map.setPointerCapture(e.pointerId); fromMap(e); });
map.addEventListener("pointermove", e => { if (e.buttons) fromMap(e); });

/* ---- moving ---- */

function zoom(by, x, y) {
  const size = canvas.getBoundingClientRect();
  if (x === undefined) x = size.width / 2, y = size.height / 2;
  const k = Math.min(3, Math.max(Math.min(0.02, fitScale()), view.k * by));
  view = { x: x - (x - view.x) * k / view.k, y: y - (y - view.y) * k / view.k, k };
  paint();
}

function fitScale() {
  const size = canvas.getBoundingClientRect();
  return Math.min((size.width - 40) / Math.max(1, graph.width), (size.height - 40) / Math.max(1, graph.height), 1.25);
}

function fit() {
  const size = canvas.getBoundingClientRect(), k = fitScale();
  view = { k, x: (size.width - graph.width * k) / 2, y: (size.height - graph.height * k) / 2 };
  paint();
}

/* All of it where that can be read, else its beginning. */
function begin() {
  const size = canvas.getBoundingClientRect();
  if (fitScale() >= 0.4 || !graph.boxes.length) return fit();
  const first = graph.boxes.reduce((a, b) => b[BOX.y] < a[BOX.y] ? b : a), k = narrow.matches ? 0.75 : 0.9;
  view = { k, x: size.width / 2 - (first[BOX.x] + first[BOX.w] / 2) * k, y: 28 - first[BOX.y] * k };
  paint();
}

/* The free part of the picture: a phone's panel covers some. */
function show(i) {
  const b = graph.boxes[i], size = canvas.getBoundingClientRect();
  const height = narrow.matches && !panel.classList.contains("quiet") ? size.height * 0.54 : size.height;
  if (view.k < 0.5) view.k = 0.9;
  const x = b[BOX.x] * view.k + view.x, y = b[BOX.y] * view.k + view.y;
  const inside = x > 10 && y > 10 && x + b[BOX.w] * view.k < size.width - 10 && y + b[BOX.h] * view.k < height - 10;
  if (!inside) {
    view.x = size.width / 2 - (b[BOX.x] + b[BOX.w] / 2) * view.k;
    view.y = height / 2 - (b[BOX.y] + b[BOX.h] / 2) * view.k;
  }
  paint();
}

const pointers = new Map();
let moved = 0;
canvas.addEventListener("pointerdown", e => {
  pointers.set(e.pointerId, { x: e.clientX, y: e.clientY, on: e.target });
  if (pointers.size === 1) moved = 0;
});
canvas.addEventListener("pointermove", e => {
  const p = pointers.get(e.pointerId);
  if (!p) return;
  const dx = e.clientX - p.x, dy = e.clientY - p.y;
  moved += Math.abs(dx) + Math.abs(dy);
  if (moved > 4 && !canvas.hasPointerCapture(e.pointerId)) canvas.setPointerCapture(e.pointerId);
  if (pointers.size === 2) {
    const other = [...pointers].find(([id]) => id !== e.pointerId)[1], box = canvas.getBoundingClientRect();
    const before = Math.hypot(p.x - other.x, p.y - other.y), now = Math.hypot(e.clientX - other.x, e.clientY - other.y);
    view.x += dx / 2;
    view.y += dy / 2;
    if (before > 0) zoom(now / before, (e.clientX + other.x) / 2 - box.left, (e.clientY + other.y) / 2 - box.top);
  } else {
    view.x += dx;
    view.y += dy;
  }
  p.x = e.clientX;
  p.y = e.clientY;
  canvas.classList.toggle("moving", moved > 4);
  if (moved > 4) paint();
});
function released(e) {
  const p = pointers.get(e.pointerId);
  pointers.delete(e.pointerId);
  canvas.classList.remove("moving");
  if (!p || e.type !== "pointerup" || moved > 4) return;
  const box = p.on.closest(".box"), wire = p.on.closest(".wire");
  select(box ? { box: +box.dataset.box } : wire ? { tensor: +wire.dataset.tensor } : null);
}
canvas.addEventListener("pointerup", released);
canvas.addEventListener("pointercancel", released);
canvas.addEventListener("wheel", e => {
  e.preventDefault();
  const box = canvas.getBoundingClientRect(), unit = e.deltaMode === 1 ? 18 : 1;
  if (e.ctrlKey || e.metaKey) return zoom(Math.exp(-e.deltaY * unit / 240), e.clientX - box.left, e.clientY - box.top);
  view.x -= (e.shiftKey ? e.deltaY : e.deltaX) * unit;
  view.y -= (e.shiftKey ? 0 : e.deltaY) * unit;
  paint();
}, { passive: false });

/* ---- graphs ---- */

function open(n) {
  if (graph) kept[number] = { view, selected };
  number = n;
  graph = index(data.graphs[n]);
  drawn = { boxes: new Map(), wires: new Map() };
  scene.replaceChildren(svg("g", { id: "wires" }), svg("g", { id: "boxes" }));
  [...$("tabs").children].forEach((t, i) => t.setAttribute("aria-selected", i === n));
  if ($("tabs").children[n]) $("tabs").children[n].scrollIntoView({ block: "nearest", inline: "nearest" });
  selected = kept[n] ? kept[n].selected : null;
  tell();
  if (kept[n]) view = kept[n].view, paint();
  else begin();
}

function select(what) {
  selected = what;
  tell();
  paint();
}

function goTo(n, box) {
  if (n !== number) open(n);
  select({ box });
  show(box);
}

/* ---- the panel ---- */

const rows = pairs => el("table", {}, pairs.filter(p => p[1] !== "" && p[1] !== null && p[1] !== undefined)
  .map(([k, v]) => el("tr", {}, el("th", {}, k), el("td", { class: "wrap" }, v))));

const boxLink = i => el("button", { class: "link wrap", click: () => goTo(number, i) },
  graph.boxes[i][BOX.kind] === OPERATOR ? `${codeOf(graph.boxes[i])[0]} #${graph.boxes[i][BOX.index]}`
                                        : graph.boxes[i][BOX.kind] === INPUT ? "input" : "output");

function quantText(q) {
  if (!q) return "";
  if (q.blocks) return "in blocks, with scales in a tensor of their own";
  if (q.n === 1) return `scale ${realText(q.scale[0])}, zero point ${q.zero}`;
  return `${q.n} scales along axis ${q.axis}, ${realText(q.scale[0])} to ${realText(q.scale[1])}`;
}

function histogram(h) {
  if (h.min === h.max && !h.odd)
    return el("div", { class: "mono" }, h.count > 1 ? `all ${countText(h.count)} values are ${realText(h.min)}` : realText(h.min));
  const most = Math.max(...h.bins, 1), w = 100 / h.bins.length;
  return el("div", { class: "spread" },
    svg("svg", { class: "histogram", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img",
                 "aria-label": `values from ${realText(h.min)} to ${realText(h.max)}` },
      h.bins.map((n, i) => svg("rect", { x: i * w + 0.15, width: w - 0.3, y: 39 - 38 * n / most, height: 38 * n / most })),
      svg("line", { x1: 0, x2: 100, y1: 39.5, y2: 39.5 })),
    el("div", { class: "ends" }, el("span", {}, realText(h.min)), el("span", {}, realText(h.max))),
    el("p", { class: "soft" }, `mean ${realText(h.mean)} \u00b1 ${realText(h.deviation)}, ` +
       `${(100 * h.zeros / h.count).toFixed(1)} % zeros, ${countText(h.count)} values` +
       (h.odd ? `, ${countText(h.odd)} not finite` : "")));
}

/* All that is known of a tensor. `told`: whether a box stands there already, and needs no link. */
function tensorBlock(t, told) {
  if (t < 0) return el("div", { class: "tensor soft" }, "left out");
  const v = graph.tensors[t], maker = graph.maker.get(t);
  const readers = (graph.readers.get(t) || []).filter(r => !told(r)), links = readers.slice(0, 12);
  const notes = [v[TENSOR.flag], v[TENSOR.bytes] ? bytesText(v[TENSOR.bytes]) + " constant" : ""].filter(Boolean);
  return el("div", { class: "tensor" },
    el("div", { class: "wrap" }, el("button", { class: "link wrap", click: () => select({ tensor: t }) }, nameOf(graph, t))),
    el("div", { class: "mono" }, typeText(v)),
    notes.length ? el("div", { class: "soft" }, notes.join(", ")) : null,
    v[TENSOR.quant] ? el("div", { class: "soft" }, quantText(v[TENSOR.quant])) : null,
    Array.isArray(v[TENSOR.content]) ? el("div", { class: "mono wrap" }, "[" + v[TENSOR.content].join(", ") + "]") : null,
    maker !== undefined && !told(maker) ? el("div", {}, el("span", { class: "soft" }, "made by "), boxLink(maker)) : null,
    links.length ? el("div", {}, el("span", { class: "soft" }, "read by "),
      links.flatMap((r, i) => [i ? ", " : "", boxLink(r)]),
      readers.length > links.length ? ` and ${readers.length - links.length} more` : "") : null,
    v[TENSOR.content] && v[TENSOR.content].bins ? histogram(v[TENSOR.content]) : null);
}

const heading = (title, side, kind) => el("h2", {},
  kind === undefined || kind < 0 ? null : el("span", { class: "dot", style: `--kind: var(--kind-${kind})` }),
  el("span", { class: "grow" }, title), el("span", { class: "soft" }, side || ""),
  el("button", { "aria-label": "Close", title: "Close (Esc)", click: () => select(null) }, "\u00d7"));

function operatorPanel(i) {
  const b = graph.boxes[i], [name, version, kind] = codeOf(b);
  return [
    heading(name, "#" + b[BOX.index], kind),
    el("p", { class: "soft" }, `${data.kinds[kind]}, version ${version}`),
    b[BOX.calls].length ? [el("h3", {}, "Calls"), b[BOX.calls].map(([g, what]) => el("p", {},
      el("button", { class: "link wrap", click: () => open(g) }, graphName(g)), el("span", { class: "soft" }, " " + what)))] : null,
    b[BOX.options].length ? [el("h3", {}, "Options"), rows(b[BOX.options])] : null,
    el("h3", {}, plural(b[BOX.inputs].length, "input")), b[BOX.inputs].map(t => tensorBlock(t, r => r === i)),
    el("h3", {}, plural(b[BOX.outputs].length, "output")), b[BOX.outputs].map(t => tensorBlock(t, r => r === i)),
  ];
}

function endPanel(i) {
  const b = graph.boxes[i], input = b[BOX.kind] === INPUT;
  return [heading(titleOf(graph, b), (input ? "input " : "output ") + b[BOX.index]), tensorBlock(tensorOf(graph, b), r => r === i)];
}

function modelPanel() {
  const names = new Map(), kinds = new Map();
  for (const b of graph.boxes)
    if (b[BOX.kind] === OPERATOR) {
      names.set(codeOf(b)[0], (names.get(codeOf(b)[0]) || 0) + 1);
      kinds.set(codeOf(b)[0], kindOf(b));
    }
  const operators = data.graphs.reduce((n, g) => n + g.boxes.filter(b => b[BOX.kind] === OPERATOR).length, 0);
  const weights = data.graphs.reduce((n, g) => n + g.tensors.reduce((m, t) => m + t[TENSOR.bytes], 0), 0);
  const ends = list => list.filter(t => t >= 0).map(t => tensorBlock(t, r => graph.boxes[r][BOX.kind] !== OPERATOR));
  return [
    el("h2", {}, data.file),
    data.description ? el("p", { class: "soft wrap" }, data.description) : null,
    rows([["size", bytesText(data.bytes)], ["constants", bytesText(weights)], ["operators", String(operators)],
          ["graphs", data.graphs.length > 1 ? String(data.graphs.length) : ""],
          ["signatures", data.signatures.map(s => s[1] || "(no name)").join(", ")]]),
    el("h3", {}, data.graphs.length > 1 ? "Inputs of " + graphName(number) : "Inputs"), ends(graph.inputs),
    el("h3", {}, "Outputs"), ends(graph.outputs),
    el("h3", {}, "Operators"),
    el("div", { class: "legend" }, [...names].sort((a, b) => b[1] - a[1]).map(([name, n]) =>
      el("button", { title: data.kinds[kinds.get(name)], click: () => { search.value = name; look(); search.focus(); } },
        el("span", { class: "dot", style: `--kind: var(--kind-${kinds.get(name)})` }),
        el("span", { class: "grow wrap" }, name), el("span", { class: "soft" }, String(n))))),
  ];
}

function tell() {
  const parts = !selected ? modelPanel()
    : selected.tensor !== undefined ? [heading("Tensor", "#" + selected.tensor), tensorBlock(selected.tensor, () => false)]
    : graph.boxes[selected.box][BOX.kind] === OPERATOR ? operatorPanel(selected.box) : endPanel(selected.box);
  panel.classList.toggle("quiet", !selected && !panel.asked);
  panel.asked = false;
  panel.replaceChildren(...parts.flat(3).filter(Boolean));
  panel.scrollTop = 0;
}

/* ---- search ---- */

/* Boxes whose operator, number or tensors have all the words. */
function look() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  found = [];
  at = -1;
  data.graphs.forEach((g, n) => words.length && g.boxes.forEach((b, i) => {
    const tensors = b[BOX.kind] === OPERATOR ? [...b[BOX.outputs], ...b[BOX.inputs]].filter(t => t >= 0) : [tensorOf(g, b)];
    const head = b[BOX.kind] === OPERATOR ? `${codeOf(b)[0]} #${b[BOX.index]} ` : b[BOX.kind] === INPUT ? "input " : "output ";
    const all = (head + tensors.map(t => g.tensors[t][TENSOR.name]).join(" ")).toLowerCase();
    if (!words.every(w => all.includes(w))) return;
    const name = tensors.map(t => g.tensors[t][TENSOR.name]).find(s => words.some(w => s.toLowerCase().includes(w)));
    found.push({ graph: n, box: i, head: head.trim(), name: name || g.tensors[tensors[0]]?.[TENSOR.name] || "",
                 exact: words.length === 1 && head.toLowerCase().split(" ").includes(words[0]) });
  }));
  found.sort((a, b) => (a.graph !== number) - (b.graph !== number) || b.exact - a.exact);
  list();
  paint();
}

function list() {
  results.hidden = !search.value.trim() || document.activeElement !== search;
  const shown = found.slice(0, 200);
  results.replaceChildren(
    el("div", { class: "said", id: "count" }, found.length ? `${at < 0 ? "" : at + 1 + " of "}${found.length} found` : "Nothing has all of these words"),
    ...shown.map((f, i) => el("button", { role: "option", "aria-selected": i === at, tabindex: -1,
        pointerdown: e => { e.preventDefault(); visit(i); } },
      el("span", { class: "dot", style: `--kind: var(--kind-${kindOf(data.graphs[f.graph].boxes[f.box])}, var(--accent))` }),
      el("span", {}, f.head), el("span", { class: "name soft" }, el("bdi", {}, f.name)),
      data.graphs.length > 1 ? el("span", { class: "soft" }, graphName(f.graph)) : null)));
  if (at >= 0 && results.children[at + 1]) results.children[at + 1].scrollIntoView({ block: "nearest" });
}

function visit(i) {
  if (!found.length) return;
  at = (i + found.length) % found.length;
  goTo(found[at].graph, found[at].box);
  if (narrow.matches) search.blur();
  list();
}

search.addEventListener("input", look);
search.addEventListener("focus", list);
search.addEventListener("blur", () => { results.hidden = true; });
search.addEventListener("keydown", e => {
  if (e.key === "Enter" || e.key === "ArrowDown") visit(e.shiftKey ? at - 1 : at + 1);
  else if (e.key === "ArrowUp") visit(at - 1);
  else if (e.key === "Escape") { search.value = ""; look(); canvas.focus(); }
  else return;
  e.preventDefault();
  e.stopPropagation();
});

/* ---- keys ---- */

/* The box that an arrow leads to. */
function beside(i, key) {
  const b = graph.boxes[i], made = b[BOX.kind] === OPERATOR ? b[BOX.outputs] : b[BOX.kind] === INPUT ? [tensorOf(graph, b)] : [];
  const read = b[BOX.kind] === OPERATOR ? b[BOX.inputs] : b[BOX.kind] === OUTPUT ? [tensorOf(graph, b)] : [];
  if (key === "ArrowDown") return made.flatMap(t => graph.wireOf.has(t) ? graph.readers.get(t) : [])[0];
  if (key === "ArrowUp") return read.filter(t => graph.wireOf.has(t)).map(t => graph.maker.get(t))[0];
  const side = key === "ArrowRight" ? 1 : -1, middle = b[BOX.y] + b[BOX.h] / 2;
  let best, least = Infinity;
  graph.boxes.forEach((o, k) => {
    const dx = (o[BOX.x] - b[BOX.x]) * side, dy = Math.abs(o[BOX.y] + o[BOX.h] / 2 - middle);
    if (k !== i && dx > 0 && dy < 60 && dx + 4 * dy < least) best = k, least = dx + 4 * dy;
  });
  return best;
}

document.addEventListener("keydown", e => {
  if (e.target === search || e.ctrlKey || e.metaKey || e.altKey || $("keys").open) return;
  const arrow = e.key.startsWith("Arrow");
  if (arrow && panel.contains(document.activeElement)) return;
  if (arrow && selected && selected.box !== undefined) {
    const next = beside(selected.box, e.key);
    if (next !== undefined) select({ box: next }), show(next);
  } else if (arrow) {
    view.x += e.key === "ArrowLeft" ? 70 : e.key === "ArrowRight" ? -70 : 0;
    view.y += e.key === "ArrowUp" ? 70 : e.key === "ArrowDown" ? -70 : 0;
    paint();
  } else if (e.key === "/") search.focus(), search.select();
  else if (e.key === "+" || e.key === "=") zoom(1.25);
  else if (e.key === "-") zoom(0.8);
  else if (e.key === "0" || e.key === "f") fit();
  else if (e.key === "[" && number > 0) open(number - 1);
  else if (e.key === "]" && number + 1 < data.graphs.length) open(number + 1);
  else if (e.key === "t") theme.toggle(), paint();
  else if (e.key === "?") $("keys").showModal();
  else if (e.key === "Escape" && search.value) { search.value = ""; look(); }
  else if (e.key === "Escape") select(null);
  else return;
  e.preventDefault();
});

/* ---- start ---- */

const graphName = n => data.graphs[n].name || (n ? "graph " + n : "main");
$("title").textContent = data.file;
$("title").addEventListener("click", () => { panel.asked = true; select(null); });
if (data.graphs.length > 1)
  $("tabs").append(...data.graphs.map((_, n) =>
    el("button", { role: "tab", "aria-selected": n === 0, click: () => open(n) }, shorten(graphName(n), 28))));
$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(0.8));
$("fit").addEventListener("click", fit);
$("theme").addEventListener("click", () => { theme.toggle(); paint(); });
$("help").addEventListener("click", () => $("keys").showModal());
addEventListener("resize", paint);
if (data.graphs.length) open(0);
