// What the page's modules find in a browser, for tests without one. The vocabulary is the server's own.

const textContent = process.env.PROMPTMILL_VOCABULARY;
if (!textContent) throw new Error("PROMPTMILL_VOCABULARY is not set: run these tests by `make test ARGS=tests/unit/test_page.py`.");

Object.assign(globalThis, {
	document: { getElementById: (id) => (id === "vocabulary" ? { textContent } : null) },
	location: { origin: "http://127.0.0.1:3000", href: "http://127.0.0.1:3000/?owner=team-b", search: "?owner=team-b" },
});
