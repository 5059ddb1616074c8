// The way to the viewer: the same page at `#view=…`, loaded when something is looked at. The browser's Back closes it.

import { on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";

/** @import { Api } from "../core/api.js" */
/** @import { Act } from "../../types/page.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Viewer } from "./viewer.js" */

/**
 * @typedef {object} Neighbours What the viewer uses of the page.
 * @property {Api} api
 * @property {JobBook} book
 * @property {() => Promise<JobActions | null>} actions
 * @property {Act} act
 * @property {() => Promise<unknown>} readOlder
 * @property {(jobId: string, index: number) => unknown} onClose Receives what was shown.
 */

const viewerModule = lazy(() => import("./viewer.js"));

/** Whether the address is the viewer's. It lies above everything else, and leads back to it. */
function isViewing() {
	return location.hash.startsWith("#view=");
}

/** Whether the address is of what lies above the page: the panel below stays as it is. */
export function isAbove() {
	return /^#(view|group)=/.test(location.hash);
}

export class ViewerPlace {
	/** @type {Viewer | null} */
	viewer = null;

	/** @param {Neighbours} parts */
	constructor(parts) {
		this.parts = parts;
		on(window, "hashchange", () => this.follow(true));
	}

	/** @param {boolean} [entered] Whether the page was there before the viewer. */
	async follow(entered = false) {
		if (isViewing() && !this.viewer) {
			const module = await viewerModule();
			if (module) this.viewer ??= new module.Viewer(this.parts);
			await this.viewer?.styled;
		}
		this.viewer?.follow(entered);
	}

	/** Close the viewer; resolves once it has given the focus back, for then it can be put elsewhere. */
	async leave() {
		if (!isViewing()) return;
		const left = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
		this.viewer?.close();
		if (isViewing()) await left;
	}
}
