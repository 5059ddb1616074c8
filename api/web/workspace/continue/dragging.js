// An output that is dragged into the form becomes one of its pictures.

import { byId, closest, on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";

/** @import { JobBook } from "../jobs/job_book.js" */

const TYPE = "application/x-promptmill-output";

const actions = lazy(() => import("./actions.js"));

/**
 * Let outputs be dragged: whatever has their key (`keyOf`) as `data-key`, or stands in something that has.
 *
 * @param {JobBook} book
 */
export function watchDragging(book) {
	on(document, "dragstart", ({ target, dataTransfer }) => {
		const key = closest(target, "[data-key]")?.dataset.key ?? "";
		const { output } = found(key, book);
		if (!output) return;
		dataTransfer?.setData(TYPE, key);
		// For other programs: the whole picture, not the thumbnail.
		if (output.url) dataTransfer?.setData("text/uri-list", output.url);
	});
	/** @type {(event: DragEvent, over: boolean) => boolean} */
	const drag = (event, over) => {
		if (!event.dataTransfer?.types.includes(TYPE)) return false;
		// The browser calls a dragged picture a file, too: it is not uploaded.
		event.stopPropagation();
		const inForm = closest(event.target, "#form") !== null;
		if (inForm) event.preventDefault();
		byId("pictures").classList.toggle("is-dropping", over && inForm);
		return inForm;
	};
	document.addEventListener("dragover", (event) => drag(event, true), { capture: true });
	document.addEventListener("dragend", () => byId("pictures").classList.remove("is-dropping"));
	document.addEventListener("drop", (event) => drag(event, false) && drop(event.dataTransfer?.getData(TYPE) ?? "", book), { capture: true });
}

/**
 * @param {string} key
 * @param {JobBook} book
 */
async function drop(key, book) {
	const { job, output } = found(key, book);
	const module = output && (await actions());
	if (job && module) await module.goOn("reference", job, output.index);
}

/**
 * Return the output of a key, if the page knows it.
 *
 * @param {string} key
 * @param {JobBook} book
 */
function found(key, book) {
	const [jobId, index] = key.split(".");
	const job = book.get(jobId);
	return { job, output: job?.outputs[Number(index)] };
}
