// What browsers receive has no comments and no indentation: nothing else may be missing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

const printer = ts.createPrinter({ removeComments: true });

/** @param {string} source */
const codeOf = (source) => printer.printFile(ts.createSourceFile("module.js", source, ts.ScriptTarget.Latest));

/** @type {Record<string, string>} The modules as they are served, by their path. */
const served = JSON.parse(readFileSync(/** @type {string} */ (process.env.PROMPTMILL_SERVED), "utf-8"));

test("modules are served as they are written, without comments and indentation, each line in its place", () => {
	for (const [name, text] of Object.entries(served)) {
		const written = readFileSync(new URL(`../../api/web/workspace/${name}`, import.meta.url), "utf-8");
		assert.equal(codeOf(text), codeOf(written), name);
		assert.equal(text.split("\n").length, written.split("\n").length, name);
	}
});
