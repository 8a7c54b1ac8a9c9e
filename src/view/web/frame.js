const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);

/* An element with attributes (functions are listeners) and children (texts stay texts). */
function make(space, tag, attributes, children) {
  const e = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (typeof value === "function") e.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) e.setAttribute(name, value);
  for (const child of children) if (child !== null && child !== undefined && child !== "") e.append(child);
  return e;
}
const el = (tag, attributes, ...children) => make(null, tag, attributes, children.flat());
const svg = (tag, attributes, ...children) => make("http://www.w3.org/2000/svg", tag, attributes, children.flat());

const bytesText = n =>
  n < 1000 ? n + " bytes" : n < 1e6 ? (n / 1e3).toPrecision(3) + " kB" : n < 1e9 ? (n / 1e6).toPrecision(3) + " MB"
           : (n / 1e9).toPrecision(3) + " GB";
const countText = n => n < 1e4 ? String(n) : n < 1e6 ? (n / 1e3).toPrecision(3) + " k"
                     : n < 1e9 ? (n / 1e6).toPrecision(3) + " M" : (n / 1e9).toPrecision(3) + " G";
const realText = v => v === null ? "?" : v === 0 ? "0" : Math.abs(v) >= 1e5 || Math.abs(v) < 1e-4 ? v.toExponential(3)
                    : String(+v.toPrecision(5));
const plural = (n, one, many) => n + " " + (n === 1 ? one : many || one + "s");

/* Light or dark: what the system says, until someone chooses. Pages opened as files may have no storage. */
const theme = {
  get stored() { try { return localStorage.getItem("mote-theme"); } catch { return null; } },
  system: matchMedia("(prefers-color-scheme: dark)"),
  apply() { document.documentElement.dataset.theme = this.stored || this.chosen || (this.system.matches ? "dark" : "light"); },
  toggle() {
    this.chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("mote-theme", this.chosen); } catch { /* it holds for this page alone */ }
    document.documentElement.dataset.theme = this.chosen;
  },
};
theme.apply();
theme.system.addEventListener("change", () => theme.apply());
