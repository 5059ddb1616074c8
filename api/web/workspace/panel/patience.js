// Whether a job waits longer than was estimated: a place in a queue that does not move is told, not estimated again.

import { PANEL } from "../words/panel.js";
import { heldText } from "../jobs/held.js";

/** @import { Job } from "../../types/page.js" */

export class Patience {
	/** @type {{ at: string, until: number } | null} Where a job stands, and until when it was estimated to. */
	stand = null;

	/**
	 * Return what the job does now, in a sentence.
	 *
	 * @param {Pick<Job, "jobId" | "statusText" | "wait">} job
	 * @param {number} now In milliseconds.
	 */
	sentence({ jobId, statusText, wait }, now) {
		const seconds = wait.estimateHighSeconds ?? wait.estimateSeconds;
		if (typeof seconds !== "number") {
			this.stand = null;
			return heldText({ wait }) ?? statusText;
		}
		const at = JSON.stringify([jobId, wait.for, wait.position]);
		// At a provider, each estimate is of the time that is left; it says so itself when it takes longer than usual.
		if (this.stand?.at !== at || wait.position === null) this.stand = { at, until: now + seconds * 1000 };
		if (now <= this.stand.until) return statusText;
		return statusText.replace(/, about [^.]{1,100}(?=\.)/, PANEL.takingLonger);
	}
}
