import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { strays } from "./strays.js";

const ROOT = new URL("../../api/web/workspace/", import.meta.url);
const FILES = readdirSync(ROOT, { recursive: true }).filter((name) => name.endsWith(".js"));
const MODULES = FILES.filter((name) => !name.startsWith("words/"));
/** @param {string} name */
const sourceOf = (name) => readFileSync(new URL(name, ROOT), "utf8");

test("what people read stands in words/, nowhere else", () => {
	const found = MODULES.flatMap((name) => strays(sourceOf(name)).map(({ line, text }) => `${name}:${line}: ${text}`));

	assert.ok(MODULES.length > 100);
	assert.deepEqual(found, []);
});

test("every word is used", async () => {
	const sources = FILES.map(sourceOf);
	const named = new Set(sources.flatMap((source) => source.match(/\b[A-Z_]+\.\w+/g) ?? []));
	const unused = [];
	for (const name of FILES.filter((one) => one.startsWith("words/"))) {
		for (const [area, words] of Object.entries(await import(new URL(name, ROOT)))) {
			// Some are looked up by names of the API.
			if (typeof words !== "object" || sources.some((source) => source.includes(`${area}[`) || source.includes(`(${area})`))) continue;
			unused.push(...Object.keys(words).map((key) => `${area}.${key}`).filter((word) => !named.has(word)));
		}
	}

	assert.deepEqual(unused, []);
});

for (const [planted, text] of [
	['el("p.quiet", "nothing yet");', "nothing yet"],
	['el("p", many ? "some" : none);', "some"],
	['el("input", { type: "text", placeholder: "yours" });', "yours"],
	['setText(place, `${number} found`);', "… found"],
	['setAttribute(place, "aria-label", paused ? "resume" : FORM.pause);', "resume"],
	['place.title = "here";', "here"],
	['const why = { text: "The file is empty." };', "The file is empty."],
	['const ACTS = [["retry", "Retry"]];', "Retry"],
	['return `${number} of ${all}`;', "… of …"],
	['return busy ? "Queueing…" : label;', "Queueing…"],
	['fill(place, count(number, "job"));', "job"],
	['button("is-small", act, icon("bin"), "erase");', "erase"],
]) {
	test(`a text is found in ${planted}`, () => assert.ok(strays(planted).map((one) => one.text).includes(text)));
}

for (const planted of [
	'import { el } from "./dom.js";',
	'el("p.quiet.is-small", { role: "status", "data-tone": "bad" }, FORM.text);',
	'part(place, "input, textarea");',
	'on(place, "keydown", (event) => event.key === "Escape");',
	'throw new Error("This is no field.");',
	'headers["Content-Type"] = "application/json";',
	'await api.get("/api/jobs/{job_id}", { params });',
	'query.append("status", status);',
	'row.style.transform = `translate(${x}px, ${y}px) scale(${by})`;',
	'link.setAttribute("class", "icon icon-bin");',
	'location.hash = `job=${id}`;',
]) {
	test(`no text is found in ${planted}`, () => assert.deepEqual(strays(planted), []));
}
