// What lets the page go on from an output: the form is offered to its other parts, outputs can be dragged into it, and it
// says what its job is made from. Loaded once the first view is complete.

import { offerForm } from "../form/fill.js";
import { rememberModel } from "./choices.js";
import { watchDragging } from "./dragging.js";
import { offerTarget } from "./describing.js";
import { ParentNote } from "./parent_note.js";

/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Parts } from "../form/fill.js" */

/** @param {Parts & { book: JobBook }} parts */
export function begin({ book, ...form }) {
	const { state } = form;
	offerForm(form);
	new ParentNote({ state, book });
	offerTarget(state);
	watchDragging(book);
	book.listen("change", ({ job, before }) => {
		const parent = state.get("parent");
		// Queued from this form: with this model somebody went this way.
		if (!before && parent?.jobId === job.parentJobId && parent.relation === job.relation) rememberModel(job.relation, job.model);
	});
}
