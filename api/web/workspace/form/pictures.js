// Target and reference images by URL, each with a thumbnail. `put` adds the URL of an upload.

import { byId, el, fill, iconButton, on, pictureOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { vocabulary } from "../core/vocabulary.js";
import { CORE } from "../words/core.js";
import { FORM } from "../words/form.js";
import { pictureFits } from "./form_rules.js";

/** @import { Circumstances } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */

/** @typedef {{ element: HTMLElement, show: () => void }} Line One image's URL. */

export class Pictures {
	/** @type {Line[]} */
	lines = [];
	references = byId("references");
	add = byId("add-reference");

	/**
	 * @param {object} parts
	 * @param {FormState} parts.state
	 * @param {() => Circumstances} parts.situation
	 */
	constructor({ state, situation }) {
		this.state = state;
		this.situation = situation;
		this.target = this.line("targetUrl", FORM.targetImage, () => state.get("targetUrl"), (url) => state.set({ targetUrl: url }, "pictures"));
		byId("target").append(this.target.element);
		on(this.add, "click", () => {
			state.set({ refUrls: [...state.get("refUrls"), ""] });
			this.references.lastElementChild?.querySelector("input")?.focus();
		});
		state.listen("change", ({ names, by }) => by !== "pictures" && (names.has("refUrls") || names.has("targetUrl")) && this.show());
	}

	/**
	 * Add a URL: as the target if that is empty, else as a reference. Returns false if all slots are in use.
	 *
	 * @param {string} url
	 */
	put(url) {
		const { targetUrl, refUrls } = this.state.values;
		const filled = refUrls.filter((one) => one.trim());
		if (!targetUrl.trim()) this.state.set({ targetUrl: url });
		else if (filled.length < vocabulary.limits.references) this.state.set({ refUrls: [...filled, url] });
		else return false;
		return true;
	}

	show() {
		this.target.show();
		const { lines } = this;
		const { length } = this.state.get("refUrls");
		this.add.hidden = length >= vocabulary.limits.references;
		while (lines.length < length) lines.push(this.reference(lines.length));
		for (const { element } of lines.splice(length)) {
			if (element.contains(document.activeElement)) this.add.focus();
			element.remove();
		}
		for (const line of lines) line.show();
	}

	/**
	 * Append a line. Existing lines are kept, since one may have the focus.
	 *
	 * @param {number} index
	 */
	reference(index) {
		/** @param {string} url */
		const change = (url) => this.state.set({ refUrls: this.state.get("refUrls").map((old, at) => (at === index ? url : old)) }, "pictures");
		const remove = () => this.state.set({ refUrls: this.state.get("refUrls").filter((_, at) => at !== index) });
		const line = this.line(`refUrl-${index}`, FORM.referenceImage(index + 1), () => this.state.get("refUrls")[index], change, remove);
		this.references.append(line.element);
		return line;
	}

	/**
	 * @param {string} id
	 * @param {string} label
	 * @param {() => string} read
	 * @param {(url: string) => void} write
	 * @param {() => void} remove
	 * @returns {Line}
	 */
	line(id, label, read, write, remove = () => this.state.set({ targetUrl: "" })) {
		const thumbnail = el("span.thumb", icon("image"));
		const input = el("input.input", { id, type: "url", "aria-label": FORM.url(label), placeholder: FORM.urlHint(label), spellcheck: "false" });
		const drop = iconButton("cross", FORM.remove(label), remove, CORE.remove);
		const showThumbnail = () => this.showThumbnail(thumbnail, read().trim());
		on(input, "input", () => {
			write(input.value);
			showThumbnail();
		});
		const show = () => {
			if (input.value !== read()) input.value = read();
			showThumbnail();
		};
		return { element: el("div.picture-line", thumbnail, input, drop), show };
	}

	/**
	 * @param {HTMLElement} place
	 * @param {string} text
	 */
	showThumbnail(place, text) {
		const url = pictureFits(text, this.situation().plainHttp) ? text : "";
		if (place.dataset.shows === url) return;
		place.dataset.shows = url;
		fill(place, url ? pictureOf(url, "", () => fill(place, icon("warning"))) : icon("image"));
	}
}
