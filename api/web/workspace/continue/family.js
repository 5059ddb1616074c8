// The family tree of a job as a strip that can be walked: what it was made from, itself, and what was made from it.

import { asProblem } from "../core/api.js";
import { el, pictureOf } from "../core/dom.js";
import { jobName } from "../core/format.js";
import { icon } from "../core/icons.js";
import { thumbnailOf } from "../core/media.js";
import { persist } from "../core/persist.js";
import { isCovered } from "../gallery/covers.js";
import { RELATIONS } from "../jobs/rows.js";
import { keyOf } from "../viewer/link.js";
import { CONTINUE, PHRASES } from "../words/continue.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */

const MAX_SHOWN = 24;

/**
 * Return the strip; it stays empty if the job has no family.
 *
 * @param {Api} api
 * @param {Job} job
 */
export function familyOf(api, job) {
	const place = el("div.family", { hidden: true });
	show(api, job, place).catch(asProblem);
	return [place];
}

/**
 * @param {Api} api
 * @param {Job} job
 * @param {HTMLElement} place
 */
async function show(api, job, place) {
	const query = new URLSearchParams({ limit: String(MAX_SHOWN) });
	const ask = () => api.get("/api/jobs/{job_id}/family", { params: { job_id: job.jobId }, query });
	const { ancestors = [], items = [], nextCursor } = (await persist(ask, { wanted: () => place.isConnected })) ?? {};
	if (!ancestors.length && !items.length) return;
	const line = [...[...ancestors].reverse(), job, ...items];
	place.append(el("h3", CONTINUE.familyTitle), el("ol.family-strip", ...line.map((one) => memberOf(one, one === job, line)), nextCursor && el("li.quiet", CONTINUE.andMore)));
	place.hidden = false;
	const here = place.querySelector("[aria-current]");
	here?.scrollIntoView({ block: "nearest", inline: "center" });
}

/**
 * @param {Job} job
 * @param {boolean} here Whether it is the job that is shown.
 * @param {Job[]} line
 */
function memberOf(job, here, line) {
	const how = job.relation ? RELATIONS[job.relation] ?? job.relation : CONTINUE.first;
	const parent = line.find(({ jobId }) => jobId === job.parentJobId);
	const from = job.relation && parent ? `, ${PHRASES[job.relation].toLowerCase()} ${jobName(parent)}` : "";
	const text = `${here ? CONTINUE.thisJob : jobName(job)}${from}`;
	const place = el("span.thumb", icon(job.kind === "video" ? "video" : "image"));
	const output = job.outputs.find((each) => thumbnailOf(each) && !isCovered(keyOf(job, each.index), each));
	const address = output && thumbnailOf(output);
	if (address) place.replaceChildren(pictureOf(address, "", () => place.replaceChildren(icon("image")), { loading: "lazy" }));
	return el("li", el("a.family-member", { href: `#job=${job.jobId}`, "aria-label": text, title: text, "aria-current": here ? "true" : null }, place, el("span.quiet", how)));
}
