// Images from this machine: by button, drag and drop, or paste. `upload_lines.js` uploads them.

import { reasonWithout } from "../core/access.js";
import { byId, on, showAllowed } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { notify } from "../core/notices.js";

/** @import { Api } from "../core/api.js" */
/** @import { Circumstances } from "../../types/page.js" */
/** @import { Pictures } from "./pictures.js" */

/**
 * @typedef {object} Slot Where uploads go.
 * @property {(url: string) => boolean} put Takes the URL of one; false if there is no room for it.
 * @property {HTMLElement} place Shows their progress.
 * @property {readonly string[]} media What they may be.
 */

const uploadLines = lazy(() => import("./upload_lines.js"));

export class Uploads {
	/** Uploads in progress. */
	open = 0;
	/** @type {Promise<void>} The last upload that was started. */
	last = Promise.resolve();

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {Pictures} parts.pictures
	 * @param {() => Circumstances} parts.situation
	 * @param {() => void} parts.onChange
	 */
	constructor({ api, pictures, situation, onChange }) {
		this.api = api;
		this.pictures = pictures;
		this.situation = situation;
		this.onChange = onChange;
		/** @type {Slot} */
		this.own = { put: (url) => pictures.put(url), place: byId("uploads"), media: ["image"] };
		const chooser = byId("upload-files", HTMLInputElement);
		on(byId("upload"), "click", () => this.refuse() || chooser.click());
		on(chooser, "change", () => {
			this.take(chooser.files);
			chooser.value = "";
		});
		// Anywhere on the page: an image dropped beside the drop area must not navigate away from the page.
		on(window, "dragover", (event) => this.drag(event, true));
		on(window, "dragleave", (event) => event.relatedTarget || this.drag(event, false));
		on(window, "drop", (event) => this.drag(event, false) && this.take(event.dataTransfer?.files));
		on(window, "paste", (event) => {
			const files = event.clipboardData?.files;
			// Text copied from an office program comes with an image of itself; the text is what is meant.
			if (!files?.length || event.clipboardData?.getData("text/plain")) return;
			event.preventDefault();
			this.take(files);
		});
	}

	/** Show whether images may be uploaded. */
	show() {
		showAllowed(byId("upload"), reasonWithout("jobs:write"));
	}

	/** Return whether uploading is not allowed, which is then told. */
	refuse() {
		const reason = reasonWithout("jobs:write");
		if (reason) notify(reason, { tone: "attention" });
		return reason !== null;
	}

	/**
	 * Highlight the drop area; return whether files are being dragged.
	 *
	 * @param {DragEvent} event
	 * @param {boolean} over
	 */
	drag(event, over) {
		const files = event.dataTransfer?.types.includes("Files") ?? false;
		if (files) event.preventDefault();
		byId("pictures").classList.toggle("is-dropping", files && over);
		return files;
	}

	/**
	 * @param {Iterable<File> | null | undefined} files
	 * @param {Slot} slot
	 */
	async take(files, slot = this.own) {
		// Copied, because the browser empties its file list once the event is over.
		const chosen = [...(files ?? [])];
		if (chosen.length && this.refuse()) return;
		const lines = await uploadLines();
		// One by one: the first becomes the target, and other requests get a connection.
		for (const file of chosen) this.last = lines?.send(file, this, this.last, slot) ?? this.last;
	}

	/** @param {number} step */
	count(step) {
		this.open += step;
		this.onChange();
	}
}
