import assert from "node:assert/strict";
import { test } from "node:test";

import { decoded, trimmed } from "../../api/web/workspace/batches/bring.js";
import { missingWords, roleOf, wordsIn, wordsOfTemplate } from "../../api/web/workspace/batches/columns.js";
import { cellsOf, csvOf, NotJson, readTable, textOf } from "../../api/web/workspace/batches/delimited.js";
import { keepDraft, keptDraft, MOST_CHARACTERS } from "../../api/web/workspace/batches/draft.js";
import { asLabel, Faults, remedyOf } from "../../api/web/workspace/batches/faults.js";
import { amountOf, figuresOfPlan, queueLabel, reasonsAgainstBatch, wholeCost, wholeOf } from "../../api/web/workspace/batches/money.js";
import { moved } from "../../api/web/workspace/batches/moves.js";
import { actsOn, moneyShares, nameOfRow, rowWith, segmentsOf, titleOf, whyOfRow, wordsOfRow } from "../../api/web/workspace/batches/progress.js";
import { cleared, crossed, excessOf, joined, renamed, replaced, sizeOfCross, Steps, withBlock, withCell, withColumn, withoutColumns, withoutRows } from "../../api/web/workspace/batches/table.js";
import { byName } from "../../api/web/workspace/batches/dropped.js";
import { allTurned, choicesOf, chosenOf, hasTwins, keepChoices, keptChoices } from "../../api/web/workspace/batches/proposed.js";
import { rowsShown } from "../../api/web/workspace/batches/windowed.js";
import { parseExact } from "../../api/web/workspace/core/json.js";

const known = { words: new Set(["animal"]), inputs: new Set(["size", "seed"]) };
const isKnown = (name) => roleOf(name, known) !== "unknown";
const read = (text, more = {}) => readTable(text, { isKnown, ...more });
const table = { columns: ["animal", "size"], rows: [["fox", "512*512"], ["owl", "small"], ["hare", "small"]] };
const fault = (line, column, message = "Wrong.", suggestion = null) => ({ line, column, value: null, message, suggestion });

test("what a spreadsheet copies is read: tabs, quoted cells with line ends, doubled quotes", () => {
	assert.deepEqual(cellsOf('a\tb\r\n"two\nlines"\t"say ""yes"""\n', "\t"), [["a", "b"], ["two\nlines", 'say "yes"']]);
	assert.deepEqual(cellsOf('5" nail\t"open', "\t"), [['5" nail', '"open']]);
	assert.deepEqual(cellsOf("a\t\n\tb", "\t"), [["a", ""], ["", "b"]]);
});

test("a table names its columns if one of them would be used, or it has several short names", () => {
	assert.deepEqual(read("animal\tsize\nfox\t512*512\n\n"), { table: { columns: ["animal", "size"], rows: [["fox", "512*512"]] }, named: true });
	assert.deepEqual(read("prompt;weather\na;b").table.columns, ["prompt", "weather"]);
	assert.deepEqual(read("a red fox\na grey owl"), { table: { columns: ["prompt"], rows: [["a red fox"], ["a grey owl"]] }, named: false });
	assert.deepEqual(read("animal,size\nfox,1", { named: false }).table, { columns: ["prompt", "column2"], rows: [["animal", "size"], ["fox", "1"]] });
});

test("columns get different names, and those with neither name nor value go", () => {
	assert.deepEqual(read("\uFEFFanimal,animal,,\nfox,owl,,x").table, { columns: ["animal", "animal2", "column4"], rows: [["fox", "owl", "x"]] });
});

test("JSON Lines and a JSON list are tables, also with values that are no texts", () => {
	const { table: found, named } = read('{"animal": "fox", "seed": 12345678901234567890}\n\n{"images": ["a", "b"], "on": true, "animal": null}');
	assert.deepEqual(found, { columns: ["animal", "seed", "images", "on"], rows: [["fox", JSON.stringify(parseExact("12345678901234567890")), "", ""], ["", "", "a|b", "true"]] });
	assert.equal(named, null);
	assert.deepEqual(read('[{"animal": "fox"}]').table.rows, [["fox"]]);
	assert.throws(() => read('{"a": 1}\n{"a"', { format: "jsonl" }), (thrown) => thrown instanceof NotJson && thrown.line === 2);
	assert.throws(() => read("[1]", { format: "jsonl" }), NotJson);
});

test("CSV that is written is read as the same table, and each row has its line", () => {
	const odd = { columns: ["prompt", "key"], rows: [['a "b", c\nd', ""], ["", ""], ["é;\t", "x"]] };
	assert.deepEqual(readTable(csvOf(odd), { isKnown, format: "csv" }).table, odd);
	assert.equal(csvOf({ columns: ["prompt"], rows: [[""], ["a"]] }), "prompt\r\n\r\na\r\n");
	assert.equal(textOf([["a", "b c"], ["1", 'q"']], "\t"), 'a\tb c\r\n1\t"q"""');
});

test("files are UTF-8, or UTF-16 that says so", () => {
	assert.equal(decoded(new TextEncoder().encode("é").buffer), "é");
	assert.equal(decoded(new Uint8Array([0xff, 0xfe, 0x41, 0x00]).buffer), "A");
	assert.equal(decoded(new Uint8Array([0xe9, 0x41]).buffer), null);
});

test("a column is a field, a label, an input, a word, or nothing that is used", () => {
	const roles = ["prompt", "key", "meta.client", "meta.", "size", "animal", "weather"].map((name) => roleOf(name, known));
	assert.deepEqual(roles, ["field", "field", "label", "unknown", "input", "word", "unknown"]);
	assert.equal(roleOf("weather", { ...known, inputs: null }), "input", "while the model's inputs are not known");
	assert.deepEqual([...wordsIn({ a: "{{animal}} in {{ the.place }}", b: ["{{größe}} {{}} {{a b}} { {no}}"] })], ["animal", "the.place", "größe"]);
	assert.deepEqual([...wordsOfTemplate({ prompt: "{{a}}", instructions: "{{b}}", input: { negative_prompt: "{{c}} {{a}}" }, metadata: { x: "{{d}}" } })], ["a", "b", "c"]);
	assert.deepEqual(missingWords(new Set(["a", "b"]), ["b"]), ["a"]);
});

test("a table grows where a block does not fit, and rows that are not touched stay the same", () => {
	const grown = withBlock(table, { row: 2, column: 1 }, [["big", "x"], ["y"]]);
	assert.deepEqual(grown.columns, ["animal", "size", "column3"]);
	assert.deepEqual(grown.rows.slice(2), [["hare", "big", "x"], ["", "y", ""]]);
	const edited = withCell(table, { row: 1, column: 0 }, "eagle");
	assert.equal(edited.rows[0], table.rows[0]);
	assert.notEqual(edited.rows[1], table.rows[1]);
	assert.equal(withCell(table, { row: 1, column: 0 }, "owl"), table);
});

test("cells are cleared, rows and columns removed, columns added and renamed", () => {
	assert.deepEqual(cleared(table, { top: 1, bottom: 2, left: 1, right: 1 }).rows, [["fox", "512*512"], ["owl", ""], ["hare", ""]]);
	assert.deepEqual(withoutRows(table, 0, 1).rows, [["hare", "small"]]);
	assert.deepEqual(withoutColumns(table, 0, 0), { columns: ["size"], rows: [["512*512"], ["small"], ["small"]] });
	assert.deepEqual(withColumn(table, "seed", String).rows[2], ["hare", "small", "2"]);
	assert.deepEqual(renamed(table, 1, " shape ").columns, ["animal", "shape"]);
	assert.equal(renamed(table, 1, "animal"), table);
	assert.deepEqual(replaced(table, 1, "small", "256*256").rows.map(([, size]) => size), ["512*512", "256*256", "256*256"]);
	assert.deepEqual(trimmed({ columns: ["a"], rows: [["x"], [" "], [""]] }).rows, [["x"]]);
});

test("tables are joined under the columns of both, and lists are crossed", () => {
	assert.deepEqual(joined(table, { columns: ["seed", "animal"], rows: [["7", "cat"]] }), { columns: ["animal", "size", "seed"], rows: [["fox", "512*512", ""], ["owl", "small", ""], ["hare", "small", ""], ["cat", "", "7"]] });
	const lists = [{ name: "a", values: ["1", "2"] }, { name: "b", values: ["x", "y"] }];
	assert.deepEqual(crossed(lists).rows, [["1", "x"], ["1", "y"], ["2", "x"], ["2", "y"]]);
	assert.deepEqual([sizeOfCross(lists), sizeOfCross([])], [4, 0]);
	assert.deepEqual(excessOf({ columns: ["a"], rows: Array(10_001).fill(["x"]) }), { rows: 10_001 });
	assert.equal(excessOf(table), null);
});

test("editing goes back and forth, and a new change ends what was undone", () => {
	const steps = new Steps(table);
	assert.equal(steps.take(table), false);
	const second = withCell(table, { row: 0, column: 0 }, "a");
	steps.take(second);
	assert.equal(steps.undo(), true);
	assert.equal(steps.table, table);
	assert.equal(steps.redo(), true);
	assert.equal(steps.table, second);
	steps.undo();
	steps.take(withCell(table, { row: 0, column: 0 }, "b"));
	assert.equal(steps.redo(), false);
});

test("a fault stays with its row, and is gone with the row's change", () => {
	const faults = new Faults([fault(2, "size"), fault(3, "size"), fault(3, null, "Broken."), fault(0, null, "Header.")], table);
	assert.equal(faults.count(table), 2);
	assert.deepEqual(faults.ofTable.map(({ message }) => message), ["Header."]);
	const shorter = withoutRows(table, 0, 0);
	assert.equal(faults.at(shorter, 0, 1)?.message, "Wrong.");
	assert.equal(faults.at(shorter, 0, 0), undefined);
	assert.equal(faults.at(shorter, 1, -1)?.message, "Broken.");
	const mended = withCell(table, { row: 1, column: 1 }, "512*512");
	assert.equal(faults.count(mended), 1);
	assert.deepEqual(faults.groups(table).map(({ column, rows }) => [column, rows.length]), [["size", 2], [null, 1]]);
});

test("one goes from fault to fault, around the end", () => {
	const faults = new Faults([fault(2, "size"), fault(3, "animal")], table);
	assert.deepEqual(faults.next(table, { row: 0, column: 0 }), { row: 1, column: 1 });
	assert.deepEqual(faults.next(table, { row: 1, column: 1 }), { row: 2, column: 0 });
	assert.deepEqual(faults.next(table, { row: 2, column: 0 }), { row: 1, column: 1 });
	assert.deepEqual(faults.next(table, { row: 1, column: 1 }, -1), { row: 2, column: 0 });
	assert.equal(new Faults().next(table, { row: 0, column: 0 }), null);
});

test("a suggestion replaces a value wherever its column has it, and renames what nothing takes", () => {
	const of = (column, suggestion, now = table) => remedyOf({ column, suggestion, rows: [now.rows[1]] }, now, known);
	const value = of("size", "256*256");
	assert.deepEqual([value.cells, value.table.rows.map(([, size]) => size)], [2, ["512*512", "256*256", "256*256"]]);
	const unknown = { columns: ["animal", "sise"], rows: table.rows };
	assert.deepEqual([of("sise", "size", unknown).table.columns, of("sise", "size", unknown).column], [["animal", "size"], true]);
	const lacking = { columns: ["animals", "size"], rows: table.rows };
	assert.deepEqual(of("animal", "animals", lacking).table.columns, ["animal", "size"]);
	assert.equal(of("size", null), null);
	assert.equal(of("sise", "animal", unknown), null, "there is such a column already");
});

const cost = { priceUsd: 1.25, floorUsd: 1.25, floor: false, unknownRows: 0, prompts: 0, promptsUsd: 0, text: "", affordableRows: null };
const plan = { rows: 50, faultyRows: 0, readable: true, cost, budgets: [], duration: { seconds: 720, text: "12 min" }, warnings: [] };
const standing = { rows: 50, faulty: 0, limits: { maxCost: "2", maxOpen: "", stopAfter: "", skip: false }, plan, checking: false, missing: [], template: [] };
const refused = (more) => reasonsAgainstBatch({ ...standing, ...more });
const limits = (more) => ({ limits: { ...standing.limits, ...more } });

test("amounts and numbers are read as people write them", () => {
	assert.deepEqual(["2", "$2.50", " .5 ", "0", "2,5", "two", "-1", ""].map(amountOf), [2, 2.5, 0.5, null, null, null, null, null]);
	assert.deepEqual(["", " 5 ", "0", "x", "1001"].map((text) => wholeOf(text, 1000)), [null, 5, undefined, undefined, undefined]);
});

test("a batch is queued only if it was looked at, costs at most something, and has no fault that is not skipped", () => {
	assert.deepEqual(refused({}), []);
	assert.equal(queueLabel(standing), "Queue 50 jobs, at most $2.00");
	assert.deepEqual(refused({ plan: null, checking: true }), ["The table is being checked."]);
	assert.deepEqual(refused({ plan: null }), ["The table has not been checked."]);
	assert.deepEqual(refused({ faulty: 3 }), ["Mend the faulty rows, or skip them."]);
	assert.deepEqual(refused({ faulty: 3, ...limits({ skip: true }) }), []);
	assert.equal(queueLabel({ ...standing, faulty: 3, ...limits({ skip: true }) }), "Queue 47 jobs, skip 3, at most $2.00");
	assert.deepEqual(refused({ faulty: 50, ...limits({ skip: true }) }), ["Every row is faulty."]);
	assert.deepEqual(refused({ plan: { ...plan, readable: false } }), ["The table cannot be read as a whole; see what is wrong."]);
	assert.deepEqual(refused({ missing: ["animal"] }), ["No column gives {{animal}}."]);
	assert.deepEqual(refused(limits({ maxCost: "" })), ["Say what the batch may cost at most."]);
	assert.deepEqual(refused(limits({ maxCost: "2,5", maxOpen: "0", stopAfter: "x" })).length, 3);
	assert.deepEqual(refused({ rows: 0, template: ["Choose a model."] }), ["Choose a model.", "The table has no rows."]);
});

test("the figures of a plan say what is a minimum, what is unknown, and which budget is too small", () => {
	const budgets = [{ owner: "me", period: "day", leftUsd: 1, enough: false }, { owner: "*", period: "month", leftUsd: 9, enough: true }];
	const figures = figuresOfPlan({ ...plan, budgets, cost: { ...cost, priceUsd: null, unknownRows: 2, prompts: 50, promptsUsd: null } });
	assert.deepEqual(figures, [
		{ name: "At least", text: "$1.25", warn: "2 rows with an unknown price" },
		{ name: "Prompts by Grok", text: "unknown", warn: null },
		{ name: "Takes", text: "12 min", warn: null },
		{ name: "Left of the budget (today)", text: "$1.00", warn: "not enough for all rows" },
		{ name: "Left of the budget (installation, this month)", text: "$9.00", warn: null },
	]);
	assert.deepEqual([wholeCost({ ...cost, promptsUsd: 0.1 }), wholeCost({ ...cost, promptsUsd: null })], [1.35, null]);
});

test("keys lead through the grid, and up into the names of the columns", () => {
	const grid = { command: false, page: 10, rows: 100, columns: 5 };
	const from = { row: 3, column: 2 };
	const to = (key, more = {}) => moved(from, key, { ...grid, ...more });
	assert.deepEqual([to("ArrowUp"), to("ArrowRight", { command: true }), to("PageDown"), to("End", { command: true })], [{ row: 2, column: 2 }, { row: 3, column: 4 }, { row: 13, column: 2 }, { row: 99, column: 4 }]);
	assert.deepEqual(moved({ row: 0, column: 0 }, "ArrowUp", grid), { row: -1, column: 0 });
	assert.deepEqual(moved({ row: -1, column: 0 }, "PageUp", grid), { row: -1, column: 0 });
	assert.equal(to("Tab"), null);
});

test("only rows near the window are in the document", () => {
	assert.deepEqual(rowsShown({ top: 160_000, seen: 640, height: 32, count: 10_000 }), [4992, 5028]);
	assert.deepEqual(rowsShown({ top: 0, seen: 640, height: 32, count: 3 }), [0, 3]);
	assert.deepEqual(rowsShown({ top: 5000, seen: 640, height: 32, count: 3 }), [3, 3]);
});

test("a draft is kept within bounds, and a damaged one is empty", () => {
	const kept = new Map();
	const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text), removeItem: (name) => kept.delete(name) };
	const draft = { ...keptDraft(storage), table, maxCost: "2", skip: true };
	assert.equal(keepDraft(draft, storage), true);
	assert.deepEqual(keptDraft(storage), draft);
	assert.equal(keepDraft({ ...draft, table: { columns: ["a"], rows: [["x".repeat(MOST_CHARACTERS)]] } }, storage), false);
	assert.equal(kept.size, 0, "an older table is not left in its place");
	const [name] = [...(keepDraft(draft, storage), kept.keys())];
	for (const text of ["{", "null", '{"table": {"columns": ["a"], "rows": [["x", 1]]}, "maxCost": 5}']) {
		kept.set(name, text);
		assert.deepEqual(keptDraft(storage).table, { columns: [], rows: [] });
		assert.equal(keptDraft(storage).maxCost, "");
	}
});

const counts = { waiting: 5, open: 2, unclear: 0, completed: 3, failed: 0, cancelled: 0, skipped: 0, faulty: 0, gone: 0 };
const batch = { name: null, model: "a/b", template: { prompt: "A {{animal}}" }, state: "running", pauseReason: null, counts, spentUsd: 1, reservedUsd: 0.5, maxCostUsd: 2 };

test("the bar of a batch has its states in one order, without those that are empty", () => {
	assert.deepEqual(segmentsOf(counts).map(({ state, count, share }) => [state, count, share]), [["completed", 3, 0.3], ["open", 2, 0.2], ["waiting", 5, 0.5]]);
	assert.deepEqual(segmentsOf({}), []);
	assert.deepEqual(moneyShares(batch), { spent: 0.5, reserved: 0.25 });
	assert.deepEqual(moneyShares({ spentUsd: 3, reservedUsd: 1, maxCostUsd: 2 }), { spent: 0.75, reserved: 0.25 }, "more than was meant");
});

test("a batch is known by its name, else by its text, else by its model", () => {
	assert.deepEqual([titleOf({ ...batch, name: "Zoo" }), titleOf(batch), titleOf({ ...batch, template: {} })], ["Zoo", "“A {{animal}}”", "a/b"]);
});

test("what can be done with a batch depends on where it stands, and on who paused it", () => {
	const can = (more) => Object.entries(actsOn({ ...batch, ...more })).flatMap(([name, allowed]) => (allowed ? [name] : []));
	assert.deepEqual(can({}), ["pause", "cancel", "change"]);
	assert.deepEqual(can({ state: "paused", pauseReason: "budget" }), ["raise", "cancel", "change"]);
	assert.deepEqual(can({ state: "paused", pauseReason: "failures" }), ["resume", "cancel", "change"]);
	assert.deepEqual(can({ state: "awaiting_approval" }), ["cancel", "change"]);
	assert.deepEqual(can({ state: "done_with_failures", counts: { failed: 1 } }), ["retry"]);
	assert.deepEqual(can({ state: "cancelled", counts: { failed: 1 } }), []);
});

test("a row follows its job, and says why it has no outputs", () => {
	const row = { number: 1, key: "1", state: "waiting", values: { animal: "fox", size: 5 }, jobId: null, prompt: null, outputs: [], faults: [], error: null };
	const job = (status, more = {}) => ({ jobId: "j", status, outputs: [], prompt: null, kept: null, error: null, ...more });
	const states = ["queued", "generating", "submit_unknown", "completed", "failed", "expired", "cancelled"].map((status) => rowWith(row, job(status)).state);
	assert.deepEqual(states, ["open", "open", "unclear", "completed", "failed", "failed", "cancelled"]);
	assert.equal(wordsOfRow(row), "fox · 5");
	assert.equal(wordsOfRow(rowWith(row, job("queued", { prompt: "A fox" }))), "A fox");
	assert.equal(whyOfRow({ ...row, faults: [{ column: "size", message: "Wrong." }] }), "size: Wrong.");
	assert.equal(whyOfRow({ ...row, error: { message: "Refused." } }), "Refused.");
});

test("a column that nothing takes has one fault, and so has one that is missing; what else is wrong stays at its cells", () => {
	const isUnknown = (name) => name === "size";
	const faults = new Faults([fault(1, "size", "No `size`.", "seed"), fault(2, "size", "No `size`.", "seed"), fault(2, "animal"), fault(1, "place"), fault(2, "place")], table, { isUnknown });
	assert.deepEqual(faults.ofColumns(table), [{ column: "size", message: "No size.", suggestion: "seed", rows: [] }, { column: "place", message: "Wrong.", suggestion: null, rows: [] }]);
	assert.equal(faults.ofColumn(table, "animal"), undefined);
	assert.deepEqual([faults.of(table.rows[0]), faults.groups(table).length, faults.count(table)], [[], 1, 2]);
	assert.deepEqual(faults.places(table), [{ row: -1, column: 1 }, { row: 1, column: 0 }]);
	const mended = remedyOf(faults.ofColumn(table, "size"), table, { words: new Set(), inputs: new Set(["seed"]) });
	assert.deepEqual([mended.text, mended.table.columns], ["seed", ["animal", "seed"]]);
	assert.deepEqual(faults.ofColumns(mended.table).map(({ column }) => column), ["place"]);
	const label = asLabel("size", table);
	assert.deepEqual([label.name, label.table.columns], ["meta.size", ["animal", "meta.size"]]);
	assert.equal(asLabel("place", table), null);
});

test("what was chosen of a proposal is there after a reload, and of no other", () => {
	const storage = new Map();
	const local = { setItem: (name, text) => storage.set(name, text), getItem: (name) => storage.get(name) ?? null };
	const choices = [{ text: "A fox, edited", first: "A fox", chosen: false }, { text: "Mine", first: null, chosen: true }];
	keepChoices("one", choices, local);
	assert.deepEqual([keptChoices("one", local), keptChoices("another", local)], [choices, null]);
	storage.set([...storage.keys()][0], JSON.stringify({ of: "one", choices: [{ text: 1 }] }));
	assert.equal(keptChoices("one", local), null);
});

test("proposed prompts are chosen or left, and cost what is chosen for every row", () => {
	const choices = choicesOf(["A fox", "An owl", "A hare"]);
	assert.deepEqual(chosenOf(choices, { rows: 4, priceUsd: 0.012 }), { texts: ["A fox", "An owl", "A hare"], made: 12, priceUsd: 0.144 });
	const left = choices.with(1, { ...choices[1], chosen: false });
	assert.deepEqual(chosenOf(left, { rows: 1, priceUsd: null }), { texts: ["A fox", "A hare"], made: 2, priceUsd: null });
	assert.deepEqual([allTurned(left), allTurned(choices)].map((all) => all.map(({ chosen }) => chosen)), [[true, true, true], [false, false, false]]);
	assert.deepEqual([hasTwins(["A  Fox", "a fox"]), hasTwins(["a", "b"])], [true, false]);
});

test("variants need no table, but an idea; what is wrong in a table is mended first", () => {
	const variants = { variants: 4, rows: 1 };
	assert.equal(queueLabel({ ...standing, ...variants }), "Let Grok propose 4 prompts");
	assert.deepEqual(refused(variants), []);
	assert.deepEqual(refused({ variants: 4, rows: 3, faulty: 1, ...limits({ skip: true }) }), ["Mend the faulty row first."]);
});

test("a row is told from others by its key, or its labels", () => {
	assert.equal(nameOfRow({ key: "fox", number: 1, values: { "meta.file": "a.png" } }), "fox");
	assert.equal(nameOfRow({ key: "2", number: 2, values: { "meta.file": "a.png", image: "https://a.example/1.png" } }), "a.png");
	assert.equal(nameOfRow({ key: "2", number: 2, values: {} }), "");
});

test("the files of a folder come in the order of their names, numbers as numbers", () => {
	assert.deepEqual(["shoe-10.png", "shoe-2.png", "bag.png"].sort(byName), ["bag.png", "shoe-2.png", "shoe-10.png"]);
});
