// Templates, tags and collections on the page. Loaded once the first view is complete.

import { may } from "../core/access.js";
import { button, byId, on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { addStyles } from "../core/styles.js";
import { COLLECTIONS } from "../words/collections.js";
import { offerParts } from "./parts.js";

/** @import { Gallery } from "../gallery/gallery.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Parts } from "./parts.js" */
/** @import { CollectionView } from "./collection_view.js" */

const templates = lazy(() => import("./templates.js"));
const collecting = lazy(() => import("./collections.js"));
const collectionView = lazy(() => import("./collection_view.js"));

/** @type {Promise<CollectionView | null> | undefined} */
let view;

/** @param {Parts} parts */
export function begin(parts) {
	offerParts(parts);
	addStyles("kept.css");
	const opener = byId("templates");
	opener.hidden = false;
	on(opener, "click", async () => (await templates())?.showTemplates());
	// Once a collection is shown, its view is there.
	const follow = () => parts.book.filter.collection && showView();
	parts.book.listen("list", follow);
	follow();
}

function showView() {
	return (view ??= collectionView().then((module) => {
		if (!module) view = undefined;
		return module && new module.CollectionView();
	}));
}

/**
 * Add what can be done with the gallery's selected tiles.
 *
 * @param {Gallery} gallery
 * @param {JobBook} book
 */
export function addActs({ selection, bar, element }, book) {
	/** @param {(shown: CollectionView) => unknown} act */
	const inView = async (act) => {
		const shown = await showView();
		if (shown) act(shown);
	};
	const keys = () => [...selection.tiles.keys()];
	const places = () => [...selection.tiles.values()].flatMap(({ job, output }) => (output ? [{ jobId: job.jobId, index: output.index }] : []));
	const collect = button("is-small", () => add(places()), { title: COLLECTIONS.collectTitle }, COLLECTIONS.collect);
	const ordering = [
		button("is-small", () => inView((shown) => shown.shift(keys(), -1)), { title: COLLECTIONS.earlierTitle }, COLLECTIONS.earlier),
		button("is-small", () => inView((shown) => shown.shift(keys(), 1)), { title: COLLECTIONS.laterTitle }, COLLECTIONS.later),
		button("is-small", () => inView((shown) => shown.takeOut(keys())), { title: COLLECTIONS.takeOutTitle }, COLLECTIONS.takeOut),
	];
	bar.add([collect, ...ordering]);
	on(element, "keydown", (event) => {
		const [jobId, index] = (event.target instanceof Element ? event.target.closest("[data-key]") : null)?.getAttribute("data-key")?.split(".") ?? [];
		if (event.key !== "a" || event.ctrlKey || event.metaKey || event.altKey || !jobId) return;
		event.preventDefault();
		add(selection.tiles.size ? places() : book.get(jobId)?.outputs[Number(index)] ? [{ jobId, index: Number(index) }] : []);
	});
	const show = () => {
		const some = selection.tiles.size > 0 && may("jobs:write");
		collect.hidden = !some;
		for (const one of ordering) one.hidden = !some || !book.filter.collection;
	};
	selection.listen("change", show);
	book.listen("list", show);
	show();
}

/** @param {{ jobId: string, index: number }[]} places */
async function add(places) {
	(await collecting())?.askCollection(places);
}
