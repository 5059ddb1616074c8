// What stands beside the picture: the recipe, and below the picture the ways to continue.

import { el, fill, iconButton } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { COMMON } from "../words/common.js";
import { VIEWER } from "../words/viewer.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */

const recipe = lazy(() => import("../panel/recipe.js"));
const continuing = lazy(() => import("../continue/actions.js"));

/**
 * Return the buttons that continue an output; null if they could not be loaded, which has been reported.
 *
 * @param {Job} job
 * @param {number} index
 * @returns {Promise<HTMLElement | null>}
 */
export async function continueButtons(job, index) {
	const module = await continuing();
	return module && module.continueActions(job, index);
}

/** The recipe of the output that is looked at. */
export class Recipe {
	/** @type {Job | null} */
	job = null;

	/**
	 * @param {HTMLElement} element
	 * @param {Api} api
	 * @param {() => void} onClose
	 */
	constructor(element, api, onClose) {
		this.api = api;
		this.place = el("div.viewer-recipe-rows");
		const head = el("div.viewer-recipe-head", el("h2", COMMON.recipe), iconButton("cross", VIEWER.closeRecipe, onClose));
		element.append(head, this.place);
	}

	/**
	 * @param {Job} job
	 * @param {number} index Of the output.
	 */
	async show(job, index) {
		this.job = job;
		const module = await recipe();
		if (!module) return;
		await module.styled;
		if (this.job === job) fill(this.place, module.recipeOf(job, index));
		const timeline = await this.api.get("/api/jobs/{job_id}/events", { params: { job_id: job.jobId } }).catch(() => null);
		if (this.job === job) fill(this.place, module.recipeOf(job, index, timeline));
	}
}
