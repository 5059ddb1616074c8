// Adding outputs to a collection: one that there is, or a new one.

import { reasonWithout } from "../core/access.js";
import { button, setAttribute, setText, showAllowed } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce, notify } from "../core/notices.js";
import { COLLECTIONS, collectedText, collectTitle, openCollection, TAGS } from "../words/collections.js";
import { ask } from "./ask.js";
import { collectionName, isNamed, noteName } from "./names.js";
import { changes, collections, page } from "./parts.js";

/** @import { Collection, Job } from "../../types/page.js" */

/** @typedef {{ jobId: string, index: number }} Place An output of a job. */

/** As many outputs as one request may name. */
export const AT_ONCE = 1000;
const CHARACTERS = 100;

/**
 * Return a button that adds outputs to a collection.
 *
 * @param {() => Place[]} places
 */
export function collectButton(places) {
	const refusal = () => reasonWithout("jobs:write");
	const made = button("is-small", () => (refusal() ? announce(refusal() ?? "") : askCollection(places())), icon("inbox"), COLLECTIONS.collect);
	showAllowed(made, refusal(), COLLECTIONS.collectTitle);
	return made;
}

/**
 * Return buttons that open the collections of a job.
 *
 * @param {Job} job
 */
export function collectionsOf(job) {
	const links = new Map(job.collections.map((collection) => [collection, button(".link-button", () => page().select({ collection }))]));
	const show = () => {
		for (const [collection, link] of links) {
			setText(link, collectionName(collection));
			setAttribute(link, "aria-label", openCollection(collectionName(collection)));
		}
	};
	show();
	if (job.collections.some((collection) => !isNamed(collection))) collections(page().api).then(show, () => {});
	return [...links.values()];
}

/**
 * Ask which collection outputs are to be added to.
 *
 * @param {Place[]} places
 */
export async function askCollection(places) {
	const { api, book, select } = page();
	if (!places.length || reasonWithout("jobs:write")) return;
	const known = await collections(api).catch(() => []);
	/** @param {Record<string, string>} values */
	const act = async ({ name }) => {
		const into = await named(name);
		for (let from = 0; from < places.length; from += AT_ONCE) {
			noteName(await api.patch("/api/collections/{collection_id}", { params: { collection_id: into.collectionId }, body: { add: places.slice(from, from + AT_ONCE) } }));
		}
		for (const jobId of new Set(places.map((place) => place.jobId))) {
			const job = book.get(jobId);
			if (job && !job.collections.includes(into.collectionId)) book.put({ ...job, collections: [...job.collections, into.collectionId] });
		}
		changes.emit("collected", into.collectionId);
		notify(collectedText(places.length, into.name), { action: { label: COLLECTIONS.open, run: () => select({ collection: into.collectionId }) } });
	};
	await ask({
		title: collectTitle(places.length),
		note: COLLECTIONS.note,
		fields: [{ name: "name", label: COLLECTIONS.field, maxlength: CHARACTERS, options: known.map(({ name }) => name), value: known[0]?.name }],
		answers: [{ label: COLLECTIONS.addYes, act }],
		dismiss: TAGS.cancel,
	});
}

/**
 * Return the collection of this name, made if there is none.
 *
 * @param {string} text
 * @returns {Promise<Collection>}
 */
async function named(text) {
	const { api } = page();
	const name = text.normalize("NFC").trim().replace(/\s+/g, " ");
	const there = name && (await collections(api, name)).find((one) => one.name === name);
	if (there) return there;
	const made = await api.post("/api/collections", { body: { name } });
	noteName(made);
	return made;
}
