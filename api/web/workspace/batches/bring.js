// Where a table's rows come from: pasted cells, files, pictures that are uploaded, combinations, repetitions.

import { el, on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { announce, notify } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";
import { ask, Refusal } from "../kept/ask.js";
import { TABLE } from "../words/batch_table.js";
import { BATCHES } from "../words/batches.js";
import { isBlank, NotJson, readTable } from "./delimited.js";
import { byName, filesOf } from "./dropped.js";
import { MOST_COLUMNS, MOST_ROWS } from "./limits.js";
import { wholeOf } from "./money.js";
import { excessOf, joined } from "./table.js";

/** @import { Uploads } from "../form/uploads.js" */
/** @import { Table } from "./table.js" */

const MIB = 1_048_576;
const MOST_MIB = 20;
const TABLES = /\.(csv|tsv|tab|txt|jsonl|ndjson|json)$/i;
const JSONS = /\.(jsonl|ndjson|json)$/i;
const FILE_LABEL = "meta.file";
const cross = lazy(() => import("./cross.js"));

export class Bringing {
	/** Shows what is being uploaded. */
	place = el("div.batch-uploads");
	tableFiles = el("input", { type: "file", accept: ".csv,.tsv,.tab,.txt,.jsonl,.ndjson,.json", hidden: true, "aria-label": TABLE.tableFile });
	pictureFiles = el("input", { type: "file", accept: vocabulary.uploadTypes.join(","), multiple: true, hidden: true, "aria-label": TABLE.pictureFiles });
	folder = el("input", { type: "file", webkitdirectory: true, hidden: true, "aria-label": TABLE.pictureFolder });
	choosers = [this.tableFiles, this.pictureFiles, this.folder];

	/**
	 * @param {object} parts
	 * @param {() => Uploads | undefined} parts.uploads
	 * @param {() => Table} parts.table
	 * @param {(table: Table) => void} parts.take
	 * @param {(name: string) => boolean} parts.isKnown Whether a column of this name would be used.
	 * @param {() => string | null} parts.seed The seed to count from, if the model takes one.
	 */
	constructor({ uploads, table, take, isKnown, seed }) {
		this.uploads = uploads;
		this.table = table;
		this.take = take;
		this.isKnown = isKnown;
		this.seed = seed;
		for (const chooser of this.choosers) {
			on(chooser, "change", () => {
				// A browser gives those of a folder in no order that a person would know.
				const files = [...(chooser.files ?? [])].sort((one, other) => byName(one.webkitRelativePath || one.name, other.webkitRelativePath || other.name));
				chooser.value = "";
				this.fromFiles(files);
			});
		}
	}

	/** @param {DataTransfer} dropped */
	async fromDrop(dropped) {
		const text = dropped.getData("text/plain");
		const files = await filesOf(dropped);
		if (files.length) await this.fromFiles(files);
		else if (text) await this.fromText(text);
	}

	/** @param {File[]} files */
	async fromFiles(files) {
		const tables = files.filter(({ name }) => TABLES.test(name));
		const pictures = files.filter(({ type }) => vocabulary.uploadTypes.includes(type));
		const others = files.length - tables.length - pictures.length;
		if (!files.length || others === files.length) notify(BATCHES.noPictures, { tone: "attention" });
		else if (others) notify(TABLE.skippedFiles(others), { tone: "attention" });
		for (const file of tables) await this.fromFile(file);
		if (pictures.length) await this.fromPictures(pictures);
	}

	/** @param {File} file */
	async fromFile(file) {
		if (file.size > MOST_MIB * MIB) return notify(TABLE.tooLarge(MOST_MIB), { tone: "bad" });
		const bytes = await file.arrayBuffer().catch(() => null);
		if (!bytes) return notify(TABLE.unreadable, { tone: "bad" });
		const text = decoded(bytes);
		if (text === null) notify(TABLE.notUtf8, { tone: "bad" });
		else await this.fromText(text, JSONS.test(file.name) ? "jsonl" : "csv");
	}

	/**
	 * Take a table's text: in place of the one that there is, or below it.
	 *
	 * @param {string} text
	 * @param {"csv" | "jsonl"} [format]
	 */
	async fromText(text, format) {
		try {
			const found = readTable(text, { isKnown: this.isKnown, format });
			if (!found.table.rows.length && !found.table.columns.length) return notify(TABLE.nothingInIt, { tone: "attention" });
			const base = await this.put(found.table);
			if (!base) return;
			const said = TABLE.read(found.table.rows.length, found.table.columns.length);
			if (found.named === null) return notify(said);
			const again = () => this.take(joined(base, readTable(text, { isKnown: this.isKnown, format, named: !found.named }).table));
			notify(`${said} ${found.named ? TABLE.firstIsNames : TABLE.firstIsRow}`, { action: { label: found.named ? TABLE.takeAsRow : TABLE.takeAsNames, run: again } });
		} catch (thrown) {
			if (!(thrown instanceof NotJson)) throw thrown;
			notify(TABLE.notJson(thrown.line), { tone: "bad" });
		}
	}

	/**
	 * Put a table in the place of the present one, or below it, which is asked if there is one.
	 *
	 * @param {Table} table
	 * @returns {Promise<Table | null>} What it was put below; null if it was not.
	 */
	async put(table) {
		const now = trimmed(this.table());
		/** @type {Table} */
		let base = now;
		if (now.rows.length) {
			const keep = async () => {};
			const replace = async () => {
				base = { columns: [], rows: [] };
			};
			const answers = [{ label: TABLE.addBelow, act: keep }, { label: TABLE.replace, act: replace }];
			if (!(await ask({ title: TABLE.thereIsOne(now.rows.length), fields: [], answers, dismiss: BATCHES.cancel }))) return null;
		}
		return this.takeIfFits(joined(base, table)) ? base : null;
	}

	/** @param {Table} table */
	takeIfFits(table) {
		const excess = excessOf(table);
		if (excess) {
			notify("rows" in excess ? TABLE.tooManyRows(excess.rows, MOST_ROWS) : TABLE.tooManyColumns(excess.columns, MOST_COLUMNS), { tone: "bad" });
			return false;
		}
		this.take(table);
		return true;
	}

	/**
	 * Upload pictures, one after the other: each makes a row once it is there.
	 *
	 * @param {File[]} files
	 */
	async fromPictures(files) {
		const uploads = this.uploads();
		if (!uploads || uploads.refuse()) return;
		if (trimmed(this.table()).rows.length + files.length > MOST_ROWS) return notify(TABLE.tooManyRows(files.length, MOST_ROWS), { tone: "bad" });
		for (const file of files) {
			/** @param {string} url */
			const put = (url) => this.takeIfFits(joined(trimmed(this.table()), { columns: ["image", FILE_LABEL], rows: [[url, file.name]] }));
			await uploads.take([file], { put, place: this.place, media: ["image"] });
		}
	}

	async paste() {
		// Not every browser has it, and the user may not allow it.
		const text = await navigator.clipboard?.readText?.().catch(() => null);
		if (text) await this.fromText(text);
		else notify(text === "" ? TABLE.nothingInIt : TABLE.pasteByKeys, { tone: "attention" });
	}

	/** @param {readonly string[]} words Of the template. */
	async crossed(words) {
		const module = await cross();
		const table = await module?.askCross(words);
		if (table) await this.put(table);
	}

	async repeated() {
		/** @type {Table | null} */
		let made = null;
		/** @param {Record<string, string>} values */
		const act = async ({ times }) => {
			const number = wholeOf(times, MOST_ROWS);
			if (!number) throw new Refusal(TABLE.repeatWrong(MOST_ROWS));
			const seed = this.seed();
			const places = Array.from({ length: number }, (_, place) => place);
			made = seed === null ? { columns: ["key"], rows: places.map((place) => [String(place + 1)]) } : { columns: ["seed"], rows: places.map((place) => [String(BigInt(seed) + BigInt(place))]) };
		};
		const fields = [{ name: "times", label: TABLE.repeatTimes, value: "10", maxlength: 6 }];
		await ask({ title: TABLE.repeatTitle, note: TABLE.repeatNote, fields, answers: [{ label: TABLE.repeatYes, act }], dismiss: BATCHES.cancel });
		if (made) await this.put(made);
	}

	/** @param {readonly string[]} words Of the template. */
	byHand(words) {
		const columns = words.length ? [...words] : ["prompt"];
		this.take({ columns, rows: Array.from({ length: 3 }, () => columns.map(() => "")) });
		announce(TABLE.read(3, columns.length));
	}
}

/**
 * Return a table without the blank rows at its end.
 *
 * @param {Table} table
 * @returns {Table}
 */
export function trimmed(table) {
	const last = table.rows.findLastIndex((row) => !isBlank(row));
	return last + 1 === table.rows.length ? table : { ...table, rows: table.rows.slice(0, last + 1) };
}

/**
 * Return the text of a file; null if it is not UTF-8, nor UTF-16 that says so, as Excel's Unicode text is.
 *
 * @param {ArrayBuffer} bytes
 */
export function decoded(bytes) {
	const [first, second] = new Uint8Array(bytes.slice(0, 2));
	const encoding = first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
	try {
		return new TextDecoder(encoding, { fatal: true }).decode(bytes);
	} catch {
		return null;
	}
}
