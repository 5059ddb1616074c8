// One tile: an output's picture, or how far its job has come. Created when it comes near the window, updated if it has changed.

import { button, el, fill, iconButton, on, pictureOf, setAttribute, setText } from "../core/dom.js";
import { jobName } from "../core/format.js";
import { icon } from "../core/icons.js";
import { fileOf, previewOf, thumbnailOf } from "../core/media.js";
import { setChip } from "../jobs/rows.js";
import { isErased, isFinal } from "../jobs/statuses.js";
import { viewLink } from "../viewer/link.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { GALLERY } from "../words/gallery.js";
import { isCovered, uncover } from "./covers.js";
import { progressOf } from "./progress.js";
import { isViewable, tileName } from "./tiles.js";

/** @import { Job, Output } from "../../types/page.js" */
/** @import { Tile } from "./tiles.js" */

/**
 * @typedef {object} Host What a tile asks of the gallery.
 * @property {(tile: Tile, event: MouseEvent) => unknown} select
 * @property {(job: Job) => unknown} like
 * @property {(key: string, ratio: number) => void} learn Notes a picture's true ratio.
 */

export class TileView {
	/** @type {string | null} What the picture was made from. */
	shows = null;
	/** @type {HTMLElement | null} */
	film = null;
	link = el("a.gallery-link", { tabindex: "-1" });
	face = el("span.gallery-face");
	marks = el("span.gallery-marks", { "aria-hidden": "true" });
	caption = el("span.gallery-caption", { "aria-hidden": "true" });

	/**
	 * @param {Tile} tile
	 * @param {Host} host
	 */
	constructor(tile, host) {
		this.tile = tile;
		this.host = host;
		this.link.append(this.face, this.marks, this.caption);
		this.chosen = iconButton("check", GALLERY.select, (event) => host.select(this.tile, event), GALLERY.selectKey);
		this.chosen.classList.add("gallery-select");
		this.like = iconButton("heart", COMMON.like, () => host.like(this.tile.job), COMMON.likeKey);
		this.like.classList.add("gallery-like");
		for (const one of [this.chosen, this.like]) one.tabIndex = -1;
		this.element = el("div.gallery-tile", { role: "gridcell", "data-key": tile.key }, this.link, this.chosen, this.like);
		for (const name of /** @type {const} */ (["pointerenter", "focusin"])) on(this.element, name, (event) => this.play(event));
		for (const name of /** @type {const} */ (["pointerleave", "focusout"])) on(this.element, name, () => this.stop());
		this.show(tile);
	}

	/** @param {Tile} tile */
	update(tile) {
		if (this.tile === tile) return;
		this.tile = tile;
		this.show(tile);
	}

	/**
	 * @param {number} left
	 * @param {number} width
	 */
	place(left, width) {
		this.element.style.left = `${left}px`;
		this.element.style.width = `${width}px`;
	}

	/** @param {boolean} selected */
	setSelected(selected) {
		setAttribute(this.element, "aria-selected", selected);
		setAttribute(this.chosen, "aria-pressed", selected);
	}

	/** @param {Tile} tile */
	show(tile) {
		const { job, output } = tile;
		const name = tileName(tile);
		setAttribute(this.link, "href", output && isViewable(tile) ? viewLink({ jobId: job.jobId, index: output.index }) : `#job=${job.jobId}`);
		setAttribute(this.link, "aria-label", name);
		setAttribute(this.chosen, "aria-label", GALLERY.selectOne(name));
		setAttribute(this.like, "aria-label", GALLERY.likeOne(name));
		setAttribute(this.like, "aria-pressed", job.kept === true);
		this.chosen.hidden = this.like.hidden = output === null;
		setText(this.caption, output ? jobName(job) : "");
		this.element.dataset.state = output ? output.kind : isFinal(job) ? "ended" : "open";
		const shows = JSON.stringify(output ? [output, isCovered(tile.key, output)] : [job.status, job.statusText, job.error, job.wait]);
		if (this.shows === shows) return;
		this.shows = shows;
		this.stop();
		this.element.querySelector(".gallery-cover")?.remove();
		const more = output && job.outputs.length > 1 ? `${output.index + 1}/${job.outputs.length}` : null;
		fill(this.marks, output?.kind === "video" && icon("video"), more);
		fill(this.face, ...(output ? this.faceOf(output) : stateOf(job)));
	}

	/** @param {Output} output */
	faceOf(output) {
		if (isCovered(this.tile.key, output)) return this.cover();
		const address = thumbnailOf(output);
		if (address) return [this.picture(output, address)];
		if (output.kind === "video" && fileOf(output)) return [this.firstFrame(output)];
		const text = output.text?.slice(0, 400);
		return [el("span.gallery-words", icon(output.kind === "video" ? "video" : "info"), el("span", text ?? GALLERY.openToSee(output.kind)))];
	}

	cover() {
		const show = button("is-small", () => this.uncover(), COMMON.show);
		show.tabIndex = -1;
		// Beside the link: a button within one would be neither.
		this.element.append(el("span.gallery-cover", icon("warning"), el("span", GALLERY.flagged), show));
		return [];
	}

	uncover() {
		uncover(this.tile.key);
		this.show(this.tile);
		this.link.focus({ preventScroll: true });
	}

	/**
	 * @param {Output} output
	 * @param {string} address
	 */
	picture(output, address) {
		const whole = output.kind === "image" ? fileOf(output) : null;
		const provider = output.url && output.url !== whole ? output.url : null;
		const broken = () => {
			// Our copy may be gone while WaveSpeed still has the file.
			if (provider && output.kind === "image" && picture.src !== provider) picture.src = provider;
			else this.showGone("image", COMMON.imageGone);
		};
		const picture = pictureOf(address, "", broken, { draggable: "false" });
		on(picture, "load", () => this.host.learn(this.tile.key, picture.naturalWidth / picture.naturalHeight));
		return picture;
	}

	/** @param {Output} output */
	firstFrame(output) {
		const film = el("video", { src: `${fileOf(output)}#t=0.1`, preload: "metadata", playsinline: true, tabindex: "-1" });
		film.muted = true;
		on(film, "loadedmetadata", () => film.videoWidth && this.host.learn(this.tile.key, film.videoWidth / film.videoHeight));
		on(film, "error", () => this.showGone("video", GALLERY.videoGone));
		return film;
	}

	/**
	 * Say that the file cannot be shown; it is asked for again when the tile is shown again: the server may have been away.
	 *
	 * @param {string} shape
	 * @param {string} text
	 */
	showGone(shape, text) {
		this.shows = null;
		fill(this.face, el("span.gallery-words", icon(shape), el("span", text)));
	}

	/**
	 * Play a video while it is pointed at, unless somebody prefers less motion.
	 *
	 * @param {Event} event
	 */
	play(event) {
		const { output, key } = this.tile;
		if (output?.kind !== "video" || this.film || isCovered(key, output)) return;
		if (matchMedia("(prefers-reduced-motion: reduce)").matches || (event instanceof PointerEvent && event.pointerType === "touch")) return;
		const address = previewOf(output);
		if (!address) return;
		const film = el("video.gallery-film", { src: address, loop: true, playsinline: true, tabindex: "-1" });
		film.muted = true;
		this.film = film;
		this.face.append(film);
		film.play().catch(() => {});
	}

	stop() {
		if (!this.film || this.element.matches(":hover, :focus-within")) return;
		this.film.remove();
		this.film = null;
	}

	/** Show how far an open job has come; called once a second. */
	tick() {
		const bar = this.face.querySelector("progress");
		if (bar) progressOf(this.tile.job, bar);
	}
}

/** @param {Job} job */
function stateOf(job) {
	const chip = el("span.chip");
	setChip(chip, job.status);
	const name = el("span.gallery-name", isErased(job) ? CORE.erased : jobName(job));
	if (isFinal(job)) return [el("span.gallery-state", chip, el("span.gallery-why", job.error?.message ?? job.statusText), name)];
	const bar = el("progress.gallery-progress", { "aria-hidden": "true" });
	progressOf(job, bar);
	return [el("span.gallery-state", chip, el("span.gallery-why", job.statusText), name, bar)];
}
