// Cancel or retry all jobs that the filter shows: the buttons. `bulk_acts.js` names the cost and does it.

import { button, setText } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { reportProblem } from "../core/notices.js";
import { canCancel, canRetry, isFinal } from "./statuses.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */
/** @import { JobBook } from "./job_book.js" */

const bulkActs = lazy(() => import("./bulk_acts.js"));

/** @typedef {"cancel" | "retry"} BulkAct */

/** @type {Record<BulkAct, { verb: string, fits: (job: Job) => boolean }>} */
const OFFERED = {
	cancel: { verb: "Cancel", fits: canCancel },
	retry: { verb: "Retry", fits: (job) => canRetry(job) && isFinal(job) && job.status !== "completed" },
};

export class Bulk {
	busy = false;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {JobBook} parts.book
	 * @param {HTMLElement} parts.element
	 */
	constructor({ api, book, element }) {
		this.api = api;
		this.book = book;
		this.buttons = { cancel: this.button("cancel"), retry: this.button("retry") };
		element.append(this.buttons.cancel, this.buttons.retry);
		book.listen("list", () => this.show());
	}

	show() {
		const jobs = this.book.shown();
		for (const name of /** @type {const} */ (["cancel", "retry"])) {
			const { verb, fits } = OFFERED[name];
			const number = jobs.filter(fits).length;
			const more = this.book.cursor ? "+" : "";
			this.buttons[name].hidden = number === 0 || (name === "retry" && !this.book.filtered);
			setText(this.buttons[name], `${verb} ${number}${more}…`);
		}
	}

	/** @param {BulkAct} name */
	async start(name) {
		if (this.busy) return;
		// Not disabled: a disabled button loses the focus, which returns to it from the dialog.
		this.busy = true;
		try {
			const acts = await bulkActs();
			await acts?.actOnAll(name, OFFERED[name], this.api, this.book);
		} catch (problem) {
			reportProblem("The jobs could not be loaded.", problem);
		} finally {
			this.busy = false;
		}
	}

	/** @param {BulkAct} name */
	button(name) {
		return button("is-small", () => this.start(name), { hidden: true });
	}
}
