// The gallery's place on the page, with what can be done with the selected tiles.

import { byId } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { JOB_ACTS } from "../words/acts.js";
import { Gallery } from "./gallery.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */
/** @import { JobBook } from "../jobs/job_book.js" */

const bulk = lazy(() => import("../jobs/bulk.js"));
const kept = lazy(() => import("../kept/place.js"));

/**
 * @typedef {object} Parts What it uses of the page.
 * @property {Api} api
 * @property {JobBook} book
 * @property {() => Promise<JobActions | null>} actions
 * @property {() => Promise<unknown>} readOlder
 */

/**
 * Return the gallery, once it can be shown.
 *
 * @param {Parts} parts
 */
export async function makeGallery({ api, book, actions, readOlder }) {
	/** @type {(job: Job, liked: boolean) => Promise<unknown>} */
	const like = async (job, liked) => (await actions())?.keep(job, liked);
	const gallery = new Gallery({ element: byId("gallery"), scroller: byId("jobs-scroll"), tools: byId("jobs-tools"), book, like, readOlder });
	await gallery.styled;
	addBulk(gallery, api, book);
	kept().then((module) => module?.addActs(gallery, book));
	return gallery;
}

/**
 * @param {Gallery} gallery
 * @param {Api} api
 * @param {JobBook} book
 */
async function addBulk({ selection, bar }, api, book) {
	const module = await bulk();
	if (!module) return;
	const jobs = () => [...new Map([...selection.tiles.values()].map(({ job }) => [job.jobId, job])).values()];
	const acts = new module.Bulk({ api, book, source: module.selected(jobs, JOB_ACTS.ofSelected) });
	bar.add(acts.buttons);
	selection.listen("change", () => acts.show());
	book.listen("list", () => acts.show());
	acts.show();
}
