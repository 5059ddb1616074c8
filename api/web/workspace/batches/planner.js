// Asks the server what the batch would be and cost, whenever the table or its template has changed. Nothing is stored by it.

import { asProblem } from "../core/api.js";
import { Emitter } from "../core/emitter.js";

/** @import { Problem } from "../core/api.js" */
/** @import { BatchPlan } from "../../types/page.js" */
/** @import { Table } from "./table.js" */

/** A large table is not sent for each key that is pressed. */
const SOON_MS = 700;
const LATER_MS = 2000;
const LARGE = 1000;

/** @typedef {{ table: Table, plan: BatchPlan }} Planned A plan, and the table that it is of. */

/** @extends {Emitter<{ change: null }>} */
export class Planner extends Emitter {
	/** @type {Planned | null} What was said last of what there is now. */
	planned = null;
	/** @type {Problem | null} */
	problem = null;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;
	asks = 0;
	checking = false;

	/**
	 * @param {object} parts
	 * @param {() => Table} parts.table
	 * @param {() => boolean} parts.isEmpty Whether there is nothing to plan.
	 * @param {(table: Table) => Promise<BatchPlan>} parts.ask
	 */
	constructor({ table, isEmpty, ask }) {
		super();
		this.table = table;
		this.isEmpty = isEmpty;
		this.ask = ask;
	}

	/** What there is has changed: ask again in a while. */
	schedule() {
		clearTimeout(this.timer);
		this.asks += 1;
		this.planned = null;
		this.problem = null;
		this.checking = !this.isEmpty();
		if (this.checking) this.timer = setTimeout(() => this.run(), this.table().rows.length > LARGE ? LATER_MS : SOON_MS);
		this.emit("change", null);
	}

	/** Ask now. */
	async run() {
		clearTimeout(this.timer);
		const latest = ++this.asks;
		const table = this.table();
		this.problem = null;
		this.checking = true;
		this.emit("change", null);
		try {
			const plan = await this.ask(table);
			if (latest !== this.asks) return;
			this.planned = { table, plan };
		} catch (thrown) {
			if (latest !== this.asks) return;
			this.problem = asProblem(thrown);
		}
		this.checking = false;
		this.emit("change", null);
	}

	stop() {
		clearTimeout(this.timer);
		this.asks += 1;
		this.checking = false;
	}
}
