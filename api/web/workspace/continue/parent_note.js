// What the form's job is made from, told at the head of the form.

import { byId, el, fill, iconButton, part } from "../core/dom.js";
import { jobName } from "../core/format.js";
import { icon } from "../core/icons.js";
import { CONTINUE, PHRASES } from "../words/continue.js";
import { CORE } from "../words/core.js";

/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { FormState } from "../form/form_state.js" */

export class ParentNote {
	element = el("p.parent-note", { hidden: true });

	/**
	 * @param {object} parts
	 * @param {FormState} parts.state
	 * @param {JobBook} parts.book
	 */
	constructor({ state, book }) {
		this.state = state;
		this.book = book;
		part(byId("form"), ".section-head").after(this.element);
		state.listen("change", ({ names }) => names.has("parent") && this.show());
		this.show();
	}

	show() {
		const parent = this.state.get("parent");
		this.element.hidden = !parent;
		if (!parent) return;
		const job = this.book.get(parent.jobId);
		const name = job ? jobName(job) : CORE.job(parent.jobId.slice(-6));
		const forget = iconButton("cross", CONTINUE.notMadeFrom(name), () => this.state.set({ parent: null }), CONTINUE.forgetParent);
		fill(this.element, icon("branch"), el("span.grow", `${PHRASES[parent.relation]} `, el("a", { href: `#job=${parent.jobId}` }, name)), forget);
	}
}
