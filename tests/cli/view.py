#!/usr/bin/env python3
"""mote view and mote convert --html: the page by itself, and in a real browser where there is one."""
import json
import os
import re
import time
import unittest

import browser
from support import DIGITS, Case, Net, adder, floats, main, missing


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))


class Pages(Case):
    def page(self, model, *options):
        self.assertRegex(self.succeeds("view", model, "-o", "page.html", *options), r"^page\.html: [\d.]+ [kM]B")
        with open(self.path("page.html"), encoding="utf-8") as f:
            return f.read()

    def test_all_is_in_it(self):
        n = adder(names=("image", "sum"))
        w = n.tensor("weights", "FLOAT32", [3], data=floats(-1, 0, 3))
        n.op("MUL", [1, w], [n.tensor("answer", "FLOAT32", [1, 3])],
             ("MulOptions", {"fused_activation_function": "RELU6"}))
        n.ends([0], [3])
        page = self.page(self.net("a.tflite", n))
        self.assertIn("<title>a.tflite</title>", page)
        data = data_of(page)
        graph = data["graphs"][0]
        self.assertEqual([c[0] for c in data["codes"]], ["ADD", "MUL"])
        self.assertEqual([t[0] for t in graph["tensors"]], ["image", "sum", "weights", "answer"])
        self.assertEqual(graph["tensors"][2][2:4], ["3", 12])
        spread = graph["tensors"][2][5]
        self.assertEqual((spread["min"], spread["max"], spread["zeros"], sum(spread["bins"])), (-1, 3, 1, 3))
        self.assertEqual([b[:2] for b in graph["boxes"]], [[0, 0], [1, 0], [1, 1], [2, 0]])
        self.assertIn(["fused_activation_function", "RELU6"], graph["boxes"][2][10])
        self.assertEqual(graph["boxes"][2][7], "RELU6")
        self.assertEqual([w[:3] for w in graph["wires"]], [[0, 0, [1]], [1, 1, [2]], [3, 2, [3]]])

    def test_nothing_is_fetched(self):
        page = self.page(DIGITS)
        self.assertIn("default-src 'none'", page)
        self.assertEqual(re.findall(r"(?:src|href)=.?https?:", page), [])
        self.assertEqual([u for u in re.findall(r"https?://[\w./]+", page) if u != "http://www.w3.org/2000/svg"], [])
        self.assertNotIn("{{", page)

    def test_hostile_names(self):
        evil = "</script><img src=x onerror=alert(1)>\"'\\\x01\u2028"
        n = adder(names=(evil, "y"))
        n.model["description"] = evil
        n.graph["name"] = evil
        name = "<b>&\"x.tflite"
        page = self.page(self.net(name, n))
        self.assertEqual(page.count("</script>"), 2)
        self.assertNotIn("<img", page)
        self.assertIn("<title>&#60;b&#62;&#38;&#34;x.tflite</title>", page)
        self.assertEqual(data_of(page)["graphs"][0]["tensors"][0][0], evil)

    def test_operators_that_nobody_has(self):
        page = self.page(self.net("a.tflite", missing("Strange", "Stranger")))
        self.assertEqual([c[0] for c in data_of(page)["codes"]], ["Strange", "Stranger"])

    def test_of_a_conversion(self):
        self.succeeds("convert", DIGITS, "-o", "b.tflite", "--html", "b.html")
        with open(self.path("b.html"), encoding="utf-8") as f:
            self.assertEqual(data_of(f.read())["file"], "b.tflite")
        self.succeeds("convert", DIGITS, "-o", "b.json")
        self.assertEqual(len(data_of(self.page("b.json"))["graphs"]), 1)

    def test_a_long_network(self):
        n, at = Net(), 0
        n.tensor("x", "FLOAT32", [1, 3])
        for i in range(3000):
            n.op("ADD", [at, max(0, at - i % 7)], [n.tensor(f"t{i}", "FLOAT32", [1, 3])], ("AddOptions", {}))
            at += 1
        n.ends([0], [at])
        net, begin = self.net("a.tflite", n), time.monotonic()
        page = self.page(net)
        if not os.environ.get("SANITIZED"):
            self.assertLess(time.monotonic() - begin, 5)
        self.assertLess(len(page), 3e6)

    def test_every_shared_model(self):
        folder, = self.needs_shared("models")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".tflite"):
                data = data_of(self.page(os.path.join(folder, name)))
                self.assertGreater(sum(len(g["boxes"]) for g in data["graphs"]), 0, name)

    def test_what_is_said(self):
        said = self.json("view", DIGITS, "-o", "page.html")
        self.assertEqual((said["source"], said["file"]), (DIGITS, "page.html"))
        self.assertEqual(said["bytes"], os.path.getsize(self.path("page.html")))
        self.assertEqual(self.succeeds("view", DIGITS, "-o", "page.html", "--quiet"), "")

    def test_refusals(self):
        self.fails(2, ("view", DIGITS), "-o FILE.html")
        self.fails(1, ("view", self.file("x", b"hello, world"), "-o", "x.html"), "of no kind")
        self.fails(1, ("view", DIGITS, "-o", "/nowhere/x.html"), "/nowhere/x.html")
        self.assertFalse(os.path.exists(self.path("x.html")))


@unittest.skipUnless(browser.find(), "there is no Chromium: pages are not opened")
class Looked(Case):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def open(self, model, **how):
        self.succeeds("view", model, "-o", "page.html")
        self.browser.open(self.path("page.html"), **how)

    def setUp(self):
        super().setUp()
        self.browser.errors.clear()
        self.browser.requests.clear()

    def tearDown(self):
        self.assertEqual(self.browser.errors, [])
        self.assertEqual([u for u in self.browser.requests if not u.startswith(("file://" + self.folder, "data:"))], [])

    def count(self, selector):
        return self.browser.ask(f"document.querySelectorAll({json.dumps(selector)}).length")

    def text(self, selector):
        return self.browser.ask(f"document.querySelector({json.dumps(selector)}).innerText")

    def test_boxes_are_drawn_and_tell(self):
        self.open(DIGITS)
        self.browser.click_on("#fit")
        boxes = self.browser.ask("graph.boxes.length")
        self.assertEqual(self.count(".box"), boxes)
        self.assertEqual(self.count(".wire"), self.browser.ask("graph.wires.length"))
        self.browser.click_on('.box[aria-label^="CONV_2D"]')
        self.assertIn("CONV_2D", self.text("#panel h2"))
        self.assertIn("fused_activation_function", self.text("#panel"))
        self.assertGreater(self.count("#panel .histogram rect"), 10)
        self.assertEqual(self.count(".box.selected"), 1)
        self.browser.key("ArrowDown")
        self.assertNotIn("#0", self.text("#panel h2"))
        self.browser.key("Escape")
        self.assertEqual(self.count(".box.selected"), 0)

    def test_search(self):
        self.open(DIGITS)
        self.browser.key("/", "/")
        self.browser.type("conv")
        found = self.browser.ask("found.length")
        self.assertGreater(found, 0)
        self.assertIn(f"{found} found", self.text("#results"))
        self.browser.key("Enter")
        self.assertIn(f"1 of {found} found", self.text("#results"))
        self.assertIn("CONV_2D", self.text("#panel h2"))
        self.assertGreater(self.count(".box.hit"), 0)
        self.browser.key("Escape")
        self.assertEqual(self.count(".box.hit"), 0)
        self.browser.key("/", "/")
        self.browser.type("nothing of that name")
        self.assertIn("Nothing", self.text("#results"))

    def test_keys_move_and_zoom(self):
        self.open(DIGITS, dark=True)
        self.assertEqual(self.browser.ask("document.documentElement.dataset.theme"), "dark")
        before = self.browser.ask("view.k")
        self.browser.key("+", "+")
        self.assertGreater(self.browser.ask("view.k"), before)
        y = self.browser.ask("view.y")
        self.browser.key("ArrowDown")
        self.assertLess(self.browser.ask("view.y"), y)
        self.browser.key("?", "?")
        self.assertTrue(self.browser.ask("document.querySelector('#keys').open"))

    def test_hostile_names_stay_names(self):
        evil = "<img src=x onerror=\"document.title='gone'\">"
        self.open(self.net("a.tflite", adder(names=(evil, "y"))))
        self.browser.click_on(".box.end")
        self.assertIn(evil, self.text("#panel"))
        self.assertEqual(self.count("img"), 0)
        self.assertEqual(self.browser.ask("document.title"), "a.tflite")

    def test_on_a_phone(self):
        self.open(DIGITS, width=390, height=760, phone=True)
        self.assertLessEqual(self.browser.ask("document.documentElement.scrollWidth"), 390)
        hidden = "getComputedStyle(document.querySelector('#panel')).display === 'none'"
        self.assertTrue(self.browser.ask(hidden))
        self.browser.click_on("#title")
        self.assertFalse(self.browser.ask(hidden))
        self.assertIn("digits.tflite", self.text("#panel"))

    def test_graphs_are_tabs(self):
        model, = self.needs_shared("models/ocr_crnn_dynamic.tflite")
        self.open(model)
        self.assertEqual(self.count("#tabs button"), self.browser.ask("data.graphs.length"))
        self.browser.key("]", "]")
        self.assertEqual(self.browser.ask("number"), 1)
        self.assertGreater(self.count(".box"), 0)


if __name__ == "__main__":
    main()
