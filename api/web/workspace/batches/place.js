// The way to the batches: `#batches` lists them, `#batches=new` makes one, `#batch=<id>` shows one. Loaded once the first
// view is complete, or when the address names one.

import { cover, loadForJobs } from "../core/cover.js";
import { byId, el, on, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { BATCH_WAYS } from "../words/batch_ways.js";

/** @import { Api } from "../core/api.js" */
/** @import { Circumstances } from "../../types/page.js" */
/** @import { FormState } from "../form/form_state.js" */
/** @import { Models } from "../form/models.js" */
/** @import { Uploads } from "../form/uploads.js" */
/** @import { Filter } from "../jobs/filter.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Table } from "./table.js" */
/** @import { BatchesView } from "./view.js" */

/**
 * @typedef {object} BatchParts What it uses of the page.
 * @property {Api} api
 * @property {JobBook} book
 * @property {FormState} state
 * @property {Models} models
 * @property {() => Uploads | undefined} uploads
 * @property {() => Circumstances} situation
 * @property {(wanted: Partial<Filter>) => unknown} select Shows the jobs that a filter fits.
 */

const ADDRESS = /^#batch(?:es(?:=(new))?|=([0-9a-f-]{36}))$/;

const batches = lazy(() => import("./view.js"));
const sheet = lazy(() => import("./sheet.js"));

class BatchesPlace {
	place = el("main.batches.is-cover", { id: "batches", "aria-labelledby": "batches-title", hidden: true });
	link = el("a.button.is-small.is-plain", { id: "batches-link", href: "#batches", "aria-label": BATCH_WAYS.batches, title: BATCH_WAYS.batchesTitle }, icon("table"));
	many = el("a.link-button", { id: "many", href: "#batches=new", title: BATCH_WAYS.manyTitle }, BATCH_WAYS.many);
	/** @type {BatchesView | null} */
	view = null;

	/** @param {BatchParts} parts */
	constructor(parts) {
		this.parts = parts;
		byId("statistics").before(this.place);
		byId("statistics-link").before(this.link);
		byId("templates").before(this.many);
		on(window, "hashchange", () => this.follow());
		const follow = () => parts.book.filter.batch && sheet().then((module) => module?.showSheet(parts, (table) => this.bring(table)));
		parts.book.listen("list", follow);
		follow();
	}

	/**
	 * Make pictures the rows of a new table.
	 *
	 * @param {Table} table
	 */
	async bring(table) {
		location.hash = "batches=new";
		await this.follow();
		await this.view?.maker?.bring.put(table);
	}

	/** Show what the URL names, or the jobs. */
	async follow() {
		const { hash } = location;
		const [wanted, make, batchId] = ADDRESS.exec(hash) ?? [];
		const module = wanted ? await loadForJobs(batches) : null;
		if (module) {
			this.view ??= new module.BatchesView(this.place, this.parts);
			await this.view.styled;
		}
		if (location.hash !== hash) return;
		const entered = this.place.hidden;
		this.place.hidden = !module || make !== undefined;
		cover();
		setAttribute(this.link, "aria-current", module ? "page" : null);
		await this.view?.show(module ? { make: make !== undefined, batchId: batchId ?? null } : null, entered);
	}
}

/** @param {BatchParts} parts */
export function begin(parts) {
	return new BatchesPlace(parts).follow();
}
